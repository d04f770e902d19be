import assert from "node:assert/strict";
import { test } from "node:test";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { hasResnet8, readCifar, resnet8 } from "../fixtures/cifar10.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { need } from "../fixtures/require.ts";
import { runModel, sha256 } from "../fixtures/run-model.ts";

const data = need("data", hasResnet8);
const CALIBRATION = 400;
const EVALUATION = 1000;

/** ResNet8 under a recipe, calibrated on training images, and its answers to the first test images. */
async function measure(name: string, file = "resnet8_fp32.onnx") {
  const { items } = readCifar("calibration_train_2000.bin", CALIBRATION);
  const { model, manifest } = await quantizeModel({
    model: resnet8(file),
    recipe: resolveRecipe(name),
    calibration: { items, indices: Array.from({ length: CALIBRATION }, (_, i) => i) },
    session: inProcessSession,
    sha256,
  });
  const test = readCifar("test.bin", EVALUATION);
  const input = { name: "input", dims: [EVALUATION, 32, 32, 3], data: Float32Array.from(test.items.data) };
  const { data: output } = await runModel(model, input, { sessionConfig: manifest.session, threads: 2 });
  const right = test.labels.reduce((sum, label, n) => {
    const scores = Array.from(output.subarray(n * 10, n * 10 + 10), Number);
    return sum + (scores.indexOf(Math.max(...scores)) === label ? 1 : 0);
  }, 0);
  return { manifest, accuracy: right / EVALUATION, model };
}

test("u8s8 turns 9 of 9 convolutions into QLinearConv and keeps the accuracy", data, async () => {
  const reference = await measure("fp32");
  const { manifest, accuracy } = await measure("u8s8");
  assert.equal(manifest.layers.filter((layer) => /QLinearConv/.test(layer.kernel_op ?? "")).length, 9);
  assert.deepEqual(manifest.kernels, { native: 10, emulated: 0, skipped: 0 });
  assert.ok(manifest.bytes_on_disk <= 0.35 * manifest.source_bytes && manifest.bytes_on_disk <= 94_000);
  assert.ok(Math.abs(accuracy - reference.accuracy) < 0.015, `${accuracy} against ${reference.accuracy}`);
});

test("u8s8 of the model with BatchNormalization nodes is fused the same", data, async () => {
  const { manifest } = await measure("u8s8", "resnet8_fp32_bn.onnx");
  assert.equal(manifest.clean?.batch_norms, 7);
  assert.deepEqual(manifest.kernels, { native: 10, emulated: 0, skipped: 0 });
});

test("int8 activations leave six convolutions emulated, which the labels say", data, async () => {
  const { manifest } = await measure("s8s8");
  assert.deepEqual(manifest.kernels, { native: 4, emulated: 6, skipped: 0 });
});

test("weight-only INT4 takes at most 46 kB and is emulated", data, async () => {
  const { manifest } = await measure("w4a16");
  assert.ok(manifest.bytes_on_disk <= 46_000);
  assert.deepEqual(manifest.kernels, { native: 0, emulated: 10, skipped: 0 });
});

test("the two-bit control is broken on the same integer kernels", data, async () => {
  const { manifest, accuracy } = await measure("w2a8-rtn");
  assert.equal(manifest.kernels.native, 10);
  assert.ok(accuracy < 0.3);
});
