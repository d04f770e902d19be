import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { bellWeights } from "../fixtures/bell-weights.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, value } from "../fixtures/onnx-models.ts";
import { sha256 } from "../fixtures/run-model.ts";

const reference = JSON.parse(readFileSync(join(packageRoot(), "tests/fixtures/matmul-nbits.json"), "utf8")) as {
  readonly size: number;
  readonly sqnr_db: number;
};

test("int4-block32 keeps at least the signal that ONNX Runtime's own block quantizer keeps, less half a dB", async () => {
  const { size } = reference;
  const model = makeBytes({
    inputs: [value("x", ["N", size])],
    outputs: [value("y", ["N", size])],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"], { name: "m" })],
    initializers: [floatTensor("w", [size, size], bellWeights(size))],
  });
  const recipe = resolveRecipe("int4-block32");
  const { manifest } = await quantizeModel({ model, recipe, session: inProcessSession, sha256 });
  const [layer] = manifest.layers;
  assert.equal(layer?.kernel_op, "com.microsoft.MatMulNBits");
  const sqnr = layer?.weight_sqnr_db ?? 0;
  assert.ok(sqnr >= reference.sqnr_db - 0.5, `${sqnr} dB against ${reference.sqnr_db} dB`);
});
