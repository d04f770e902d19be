import assert from "node:assert/strict";
import { test } from "node:test";
import { confoundedPairs } from "../../harness/quantize/matched-granularity.ts";
import { RECIPE_NAMES, resolveRecipe } from "../../harness/quantize/recipes.ts";

const variants = (...specs: Parameters<typeof resolveRecipe>[0][]) =>
  specs.map((spec) => {
    const recipe = resolveRecipe(spec);
    return { id: recipe.id, recipe };
  });

const tensor4 = { extends: "w4a8", id: "w4a8-tensor", weights: { granularity: "tensor" } } as const;

test("4 bits a tensor beside 8 bits a channel is told, once, by what differs", () => {
  const [pair, ...others] = confoundedPairs(variants("fp32", "u8s8", "u8s8-corrected", tensor4));
  assert.equal(others.length, 0);
  assert.deepEqual([pair?.fewer.id, pair?.more.id], ["w4a8-tensor", "u8s8"]);
  assert.match(pair?.message ?? "", /4 bits, one scale a tensor.*8 bits, one scale a channel/);
});

test("a third variant that separates the two makes the comparison fair", () => {
  assert.deepEqual(confoundedPairs(variants("u8s8", tensor4, "w4a8")), []);
  assert.deepEqual(confoundedPairs(variants("u8s8", tensor4, "u8u8")), []);
});

test("equal bits, or equal granularity, confound nothing; float variants take no part", () => {
  assert.deepEqual(confoundedPairs(variants("fp32", "u8s8", "u8u8", "s8s8")), []);
  assert.deepEqual(confoundedPairs(variants("fp32", "u8s8", "w4a8", "w2a8")), []);
  assert.deepEqual(confoundedPairs(variants(...RECIPE_NAMES)), [], "the named recipes together are fair");
});
