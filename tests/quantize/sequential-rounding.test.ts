import assert from "node:assert/strict";
import { test } from "node:test";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import type { RecipePatch } from "../../harness/quantize/recipe.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { type ModelParts, makeBytes, randomFloats, smallConvNet, value } from "../fixtures/onnx-models.ts";
import { runModel, sha256 } from "../fixtures/run-model.ts";

const COUNT = 300;

/** Items whose elements are correlated, as those of real layers are: that is what GPTQ lives on. */
function itemsOf(shape: readonly number[], seed = 77): ItemTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const shared = randomFloats(COUNT, seed + 1);
  const data = randomFloats(COUNT * size, seed).map((noise, i) => noise + 1.5 * (shared[Math.floor(i / size)] ?? 0));
  return { count: COUNT, shape, data };
}

/** Squared output error of a recipe on items it was not calibrated on, relative to the output's power, and the mean error. */
async function errorOf(parts: ModelParts, recipe: RecipePatch | string, shape: readonly number[]) {
  const bytes = makeBytes(parts);
  const { model, manifest } = await quantizeModel({
    model: bytes,
    recipe: resolveRecipe(recipe),
    calibration: { items: itemsOf(shape), indices: Array.from({ length: COUNT }, (_, i) => i) },
    session: inProcessSession,
    sha256,
  });
  const input = { name: "x", dims: [COUNT, ...shape], data: itemsOf(shape, 999).data as Float32Array };
  const before = (await runModel(bytes, input)).data as Float32Array;
  const after = (await runModel(model, input, { sessionConfig: manifest.session })).data as Float32Array;
  const difference = before.map((v, i) => v - (after[i] ?? 0));
  const power = (values: Float32Array) => values.reduce((sum, v) => sum + v * v, 0);
  const channels = 5;
  let meanError = 0;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = c; i < difference.length; i += channels) sum += difference[i] ?? 0;
    meanError += Math.abs((sum * channels) / difference.length);
  }
  return { error: power(difference) / power(before), meanError, manifest };
}

const SHAPE = [3, 8, 8];

test("GPTQ beats rounding to nearest on a convolutional network, with integer and with float activations", async () => {
  for (const base of ["w4a8", "w4a16"]) {
    const nearest = await errorOf(smallConvNet(), { extends: base, weights: { rounding: "nearest", bits: 3 } }, SHAPE);
    const gptq = await errorOf(smallConvNet(), { extends: base, weights: { rounding: "gptq", bits: 3 } }, SHAPE);
    assert.ok(gptq.error < 0.6 * nearest.error, `${base}: ${gptq.error} against ${nearest.error}`);
  }
});

test("bias correction brings the mean output back", async () => {
  const plain = await errorOf(smallConvNet(), { extends: "w4a8", weights: { rounding: "nearest", bits: 3 } }, SHAPE);
  const corrected = await errorOf(
    smallConvNet(),
    { extends: "w4a8", weights: { rounding: "nearest", bits: 3 }, bias_correction: true },
    SHAPE,
  );
  assert.ok(corrected.meanError < 0.3 * plain.meanError, `${corrected.meanError} against ${plain.meanError}`);
});

test("GPTQ handles groups, strides, asymmetric padding, dilations and missing biases", async () => {
  const parts: ModelParts = {
    inputs: [value("x", ["N", 4, 9, 9])],
    outputs: [value("y", ["N", 5])],
    nodes: [
      makeNode("Conv", ["x", "w1"], ["c1"], {
        name: "grouped",
        attributes: { group: 2, pads: [1, 0, 2, 1], strides: [2, 1] },
      }),
      makeNode("Relu", ["c1"], ["r1"]),
      makeNode("Conv", ["r1", "w2"], ["c2"], { name: "depthwise", attributes: { group: 6, dilations: [2, 2] } }),
      makeNode("Relu", ["c2"], ["r2"]),
      makeNode("Conv", ["r2", "w3"], ["c3"], { name: "same", attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] } }),
      makeNode("GlobalAveragePool", ["c3"], ["g"]),
      makeNode("Flatten", ["g"], ["y"]),
    ],
    initializers: [
      floatTensor("w1", [6, 2, 3, 3], randomFloats(108, 1)),
      floatTensor("w2", [6, 1, 2, 2], randomFloats(24, 2)),
      floatTensor("w3", [5, 6, 3, 3], randomFloats(270, 3)),
    ],
  };
  const nearest = await errorOf(parts, { extends: "w4a8", weights: { rounding: "nearest" } }, [4, 9, 9]);
  const gptq = await errorOf(parts, { extends: "w4a8", weights: { rounding: "gptq" } }, [4, 9, 9]);
  assert.ok(gptq.error < 0.5 * nearest.error, `${gptq.error} against ${nearest.error}`);
  assert.equal(gptq.manifest.kernels.native, 3);
});

test("GPTQ handles MatMul and both orders of Gemm, per channel, per tensor and in blocks", async () => {
  const parts: ModelParts = {
    inputs: [value("x", ["N", 48])],
    outputs: [value("y", ["N", 5])],
    nodes: [
      makeNode("MatMul", ["x", "w1"], ["m1"]),
      makeNode("Relu", ["m1"], ["r1"]),
      makeNode("Gemm", ["r1", "w2", "b2"], ["g1"]),
      makeNode("Relu", ["g1"], ["r2"]),
      makeNode("Gemm", ["r2", "w3"], ["y"], { attributes: { transB: 1 } }),
    ],
    initializers: [
      floatTensor("w1", [48, 32], randomFloats(48 * 32, 1)),
      floatTensor("w2", [32, 24], randomFloats(32 * 24, 2)),
      floatTensor("b2", [24], randomFloats(24, 3)),
      floatTensor("w3", [5, 24], randomFloats(120, 4)),
    ],
  };
  const patches: RecipePatch[] = [
    { extends: "w4a8" },
    { extends: "w4a8", weights: { granularity: "tensor" } },
    { extends: "w4a16", weights: { granularity: "block", block_size: 16, storage: "packed" } },
  ];
  for (const patch of patches) {
    const nearest = await errorOf(parts, { ...patch, weights: { ...patch.weights, rounding: "nearest" } }, [48]);
    const gptq = await errorOf(parts, { ...patch, weights: { ...patch.weights, rounding: "gptq" } }, [48]);
    assert.ok(gptq.error < 0.9 * nearest.error, `${JSON.stringify(patch)}: ${gptq.error} against ${nearest.error}`);
  }
});

test("a weight-only recipe that learns from items refuses to go without", async () => {
  await assert.rejects(
    quantizeModel({
      model: makeBytes(smallConvNet()),
      recipe: resolveRecipe({ extends: "w4a16", weights: { rounding: "gptq" } }),
      session: inProcessSession,
      sha256,
    }),
    /needs calibration items/,
  );
});
