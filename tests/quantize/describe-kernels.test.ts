import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKernels } from "../../harness/quantize/describe-kernels.ts";
import { hasResnet8, resnet8 } from "../fixtures/cifar10.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, smallConvNet } from "../fixtures/onnx-models.ts";
import { need } from "../fixtures/require.ts";
import { sha256 } from "../fixtures/run-model.ts";

test("a float model's layers are all skipped, as float32", async () => {
  const model = makeBytes(smallConvNet());
  const manifest = await describeKernels({ model, session: inProcessSession, sha256 });
  assert.deepEqual(manifest.kernels, { native: 0, emulated: 0, skipped: 3 });
  assert.ok(manifest.layers.every((layer) => layer.storage === "float32"));
});

test(
  "the official int8 ResNet8 is described layer by layer: int8 storage, and which kernels run it",
  need("data", hasResnet8),
  async () => {
    const model = resnet8("resnet8_int8_qdq_from_tflite.onnx");
    const manifest = await describeKernels({ model, session: inProcessSession, sha256 });
    assert.equal(manifest.layers.length, 10);
    assert.ok(manifest.layers.every((layer) => layer.storage === "int8" && layer.kernel_op !== null));
    assert.deepEqual(manifest.kernels, { native: 3, emulated: 7, skipped: 0 });
  },
);
