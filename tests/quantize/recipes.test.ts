import assert from "node:assert/strict";
import { test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { RecipePatch } from "../../harness/quantize/recipe.ts";
import { RECIPE_NAMES, resolveRecipe } from "../../harness/quantize/recipes.ts";

test("every named recipe is valid and survives JSON", () => {
  for (const name of ["fp32", "u8s8", "u8u8", "s8s8", "w8a16", "w4a16", "w4a8", "w2a8", "w2a8-rtn"]) {
    assert.ok(RECIPE_NAMES.includes(name), name);
    const recipe = resolveRecipe(name);
    assert.equal(recipe.id, name);
    assert.deepEqual(JSON.parse(JSON.stringify(recipe)), recipe);
  }
});

test("a recipe can extend a named one, part by part, without changing it", () => {
  const recipe = resolveRecipe({ extends: "u8s8", id: "mine", weights: { bits: 4 }, skip: ["@first"] });
  assert.equal(recipe.weights?.bits, 4);
  assert.equal(recipe.weights?.granularity, "channel");
  assert.deepEqual(recipe.activations, resolveRecipe("u8s8").activations);
  assert.deepEqual(recipe.skip, ["@first"]);
  assert.equal(resolveRecipe("u8s8").weights?.bits, 8);
});

const WRONG: readonly [string, unknown, RegExp][] = [
  ["an unknown name", "int9", /no recipe named 'int9'/],
  ["a name from Object's prototype", "constructor", /no recipe named/],
  ["nine bits", { extends: "u8s8", weights: { bits: 9 } }, /weights\.bits/],
  ["an unknown key", { extends: "u8s8", weights: { bit: 4 } }, /weights\.bit/],
  ["an unknown top-level key", { extends: "u8s8", wieghts: {} }, /wieghts/],
  ["symmetric uint8 weights", { extends: "u8s8", weights: { storage: "uint8" } }, /weights\.storage/],
  ["five bits in int4", { extends: "w4a16", weights: { bits: 5 } }, /int4/],
  ["blocks of 20", { extends: "int4-block32", weights: { block_size: 20 } }, /block_size/],
  [
    "blocks with integer activations",
    { extends: "int4-block32", activations: { type: "uint8", symmetric: false, calibration: "minmax" } },
    /granularity/,
  ],
  [
    "blocks outside their own storage",
    { extends: "w4a16", weights: { granularity: "block", block_size: 32 } },
    /storage/,
  ],
  ["packed blocks of three bits", { extends: "int4-block32", weights: { bits: 3 } }, /bits/],
  ["dynamic ranges with bias correction", { extends: "dynamic-int8", bias_correction: true }, /bias_correction/],
  ["dynamic int8 activations", { extends: "dynamic-int8", activations: { type: "int8" } }, /asymmetric uint8/],
  ["a percentile without its method", { extends: "u8s8", activations: { percentile: 0.999 } }, /percentile/],
  [
    "the percentile method without a share",
    { extends: "u8s8", activations: { calibration: "percentile" } },
    /percentile/,
  ],
  ["a broken override", { extends: "u8s8", overrides: [{ layers: ["a"], weights: { bits: 1 } }] }, /overrides\[0\]/],
  [
    "an override of float weights",
    { extends: "fp32", overrides: [{ layers: ["a"], weights: { bits: 4 } }] },
    /overrides\[0\]/,
  ],
  ["a session entry that is no text", { extends: "u8s8", session: { a: 1 } }, /session\.a/],
];

for (const [name, spec, message] of WRONG) {
  test(`${name} is refused, naming the field`, () => {
    assert.throws(
      () => resolveRecipe(spec as RecipePatch),
      (error) => error instanceof HarnessError && error.code === "CONFIG_INVALID" && message.test(error.message),
    );
  });
}
