import assert from "node:assert/strict";
import { test } from "node:test";
import { EXACT_INTEGERS } from "../../harness/quantize/exact-integers.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import type { RecipePatch } from "../../harness/quantize/recipe.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, randomFloats, smallConvNet, value } from "../fixtures/onnx-models.ts";
import { runModel, sha256 } from "../fixtures/run-model.ts";

const sessionOf = (recipe: string | RecipePatch) => resolveRecipe(recipe).session;

test("recipes whose integer products could saturate without VNNI ask for exact kernels, others do not", () => {
  for (const name of ["u8s8", "u8s8-corrected", "s8s8", "dynamic-int8"])
    assert.deepEqual(sessionOf(name), EXACT_INTEGERS, name);
  for (const name of ["fp32", "u8s7", "u8u8", "w6a8", "w4a8", "w2a8", "int4-block32"])
    assert.deepEqual(sessionOf(name), {}, name);
});

test("the key follows the weights' largest code: an override to 8 bits needs it, odd 7-bit codes too, 7 bits do not", () => {
  assert.deepEqual(
    sessionOf({ extends: "w4a8", overrides: [{ layers: ["@first"], weights: { bits: 8 } }] }),
    EXACT_INTEGERS,
  );
  assert.deepEqual(sessionOf({ extends: "w4a8", weights: { bits: 7, zero_level: false } }), EXACT_INTEGERS);
  assert.deepEqual(sessionOf({ extends: "u8s8", weights: { bits: 7 } }), {});
  const off = { "session.x64quantprecision": "0" };
  assert.deepEqual(sessionOf({ extends: "u8s8", session: off }), off, "an explicit entry stays");
});

test("sums of the largest products are exact with the session that the recipe asks for", async () => {
  const columns = 64;
  const weight = new Float32Array(columns * 4).fill(1);
  const model = makeBytes({
    inputs: [value("x", ["N", columns])],
    outputs: [value("y", ["N", 4])],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"], { name: "m" })],
    initializers: [floatTensor("w", [columns, 4], weight)],
  });
  const items = { count: 8, shape: [columns], data: new Float32Array(8 * columns).fill(1) };
  const { model: quantized, manifest } = await quantizeModel({
    model,
    recipe: resolveRecipe("u8s8"),
    calibration: { items, indices: [0, 1, 2, 3] },
    session: inProcessSession,
    sha256,
  });
  const input = { name: "x", dims: [1, columns], data: new Float32Array(columns).fill(1) };
  const { data } = await runModel(quantized, input, { sessionConfig: manifest.session });
  for (const sum of data) assert.ok(Math.abs(Number(sum) - columns) < 0.01 * columns, `${sum} instead of ${columns}`);
});

test("layers are found native although exact kernels rename their weights", async () => {
  const items = { count: 40, shape: [3, 8, 8], data: randomFloats(40 * 192, 5) };
  const { manifest } = await quantizeModel({
    model: makeBytes(smallConvNet()),
    recipe: resolveRecipe("u8s8"),
    calibration: { items, indices: Array.from({ length: 40 }, (_, i) => i) },
    session: inProcessSession,
    sha256,
  });
  assert.deepEqual(manifest.kernels, { native: 3, emulated: 0, skipped: 0 });
});
