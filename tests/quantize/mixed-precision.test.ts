import assert from "node:assert/strict";
import { test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import { type MixedPrecisionRequest, searchMixedPrecision } from "../../harness/quantize/mixed-precision.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, randomFloats, smallConvNet } from "../fixtures/onnx-models.ts";
import { sha256 } from "../fixtures/run-model.ts";

const items: ItemTensor = { count: 120, shape: [3, 8, 8], data: randomFloats(120 * 192, 5) };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const model = makeBytes(smallConvNet());

function search(target: MixedPrecisionRequest["target"], more: Partial<MixedPrecisionRequest> = {}) {
  return searchMixedPrecision({
    model,
    recipe: resolveRecipe({ extends: "w2a8", weights: { rounding: "nearest" } }),
    calibration: { items, indices: range(0, 80) },
    tuning: { items, indices: range(80, 120) },
    ladder: [2, 4, 8],
    target,
    session: inProcessSession,
    sha256,
    ...more,
  });
}

test("a size target is kept, with better quality than the fewest bits everywhere", async () => {
  const floor = (await search({ kind: "bytes", bytes: 0 })).steps[0];
  assert.ok(floor);
  const budget = floor.bytes_packed + 150;
  const result = await search({ kind: "bytes", bytes: budget });
  assert.equal(result.met, true);
  assert.ok(result.manifest.bytes_packed <= budget);
  assert.equal(result.manifest.bytes_packed, result.steps.at(-1)?.bytes_packed, "the estimate is the measured size");
  assert.ok((result.steps.at(-1)?.quality ?? 0) > floor.quality);
  assert.ok(result.steps.length >= 2);
});

test("an impossible size is a result, not an exception", async () => {
  const result = await search({ kind: "bytes", bytes: 10 });
  assert.equal(result.met, false);
  assert.equal(result.steps.length, 1);
  assert.ok(result.manifest.layers.every((layer) => layer.bits === 2));
});

test("a quality target stops at the first mixture that reaches it, and all top bits are the last resort", async () => {
  const reached = await search({ kind: "quality", least: 15 });
  assert.equal(reached.met, true);
  assert.ok(reached.steps.slice(0, -1).every((step) => step.quality < 15));
  const never = await search({ kind: "quality", least: 1000 });
  assert.equal(never.met, false);
  assert.ok(never.manifest.layers.every((layer) => layer.bits === 8));
});

test("sensitivity names every layer at every lower width, and falls with bits", async () => {
  const { sensitivity } = await search({ kind: "bytes", bytes: 0 });
  assert.deepEqual([...new Set(sensitivity.map((row) => row.name))], ["conv1", "conv2", "fc"]);
  assert.equal(sensitivity.length, 6);
  for (const name of ["conv1", "conv2", "fc"]) {
    const [two, four] = sensitivity.filter((row) => row.name === name);
    assert.ok(two && four && two.noise > four.noise && two.bytes_saved > four.bytes_saved, name);
  }
});

test("the found recipe alone makes the same model again", async () => {
  const found = await search({ kind: "quality", least: 12 });
  const again = await quantizeModel({
    model,
    recipe: found.recipe,
    calibration: { items, indices: range(0, 80) },
    session: inProcessSession,
    sha256,
  });
  assert.deepEqual(again.model, found.model);
});

test("a task score decides where one is given", async () => {
  let calls = 0;
  const result = await search(
    { kind: "quality", least: 2 },
    {
      score: (output, { count }) => {
        calls++;
        return output.data.length > 0 ? count : 0;
      },
    },
  );
  assert.ok(calls > 0);
  assert.ok(result.steps.every((step) => step.quality === 1));
  assert.equal(result.met, false);
});

test("a ladder that does not rise and a recipe without int8 storage are refused", async () => {
  const coded = (error: unknown) => error instanceof HarnessError && error.code === "CONFIG_INVALID";
  await assert.rejects(search({ kind: "bytes", bytes: 1 }, { ladder: [8, 2] }), coded);
  await assert.rejects(search({ kind: "bytes", bytes: 1 }, { ladder: [8] }), coded);
  await assert.rejects(search({ kind: "bytes", bytes: 1 }, { recipe: resolveRecipe("u8u8") }), coded);
});

test("with float32 as the last rung, layers stay float until the target is reached, and the recipe says which", async () => {
  const more = { ladder: [2] as const, keepFloat: true };
  const reached = await search({ kind: "quality", least: 15 }, more);
  assert.equal(reached.met, true);
  assert.ok(reached.recipe.skip.length >= 1 && reached.recipe.skip.length < 3, reached.recipe.skip.join());
  assert.ok(reached.steps.slice(1).every((step) => step.bits === 32));
  const skipped = reached.manifest.layers.filter((layer) => layer.skipped !== null).map((layer) => layer.name);
  assert.deepEqual(skipped.sort(), [...reached.recipe.skip].sort());
  const never = await search({ kind: "quality", least: 1000 }, more);
  assert.ok(
    never.manifest.layers.every((layer) => layer.bits === null),
    "the last resort is the float model",
  );
});
