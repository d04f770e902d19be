import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TensorProto_DataType as T } from "onnx-buf";
import { quantizeByProfile } from "../../harness/pipeline/quantize-profile.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { makeBytes, randomFloats, value } from "../fixtures/onnx-models.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const LENGTH = 12;
const WORDS = 50;
const WIDTH = 64;

/** Token ids → an embedding table → two matrices → the mean over the positions. */
function textModel(): Uint8Array {
  return makeBytes({
    inputs: [value("input_ids", ["N", LENGTH], T.INT64)],
    outputs: [value("y", ["N", 1, 16])],
    nodes: [
      makeNode("Gather", ["table", "input_ids"], ["e"], { name: "embedding" }),
      makeNode("MatMul", ["e", "w1"], ["h"], { name: "first" }),
      makeNode("Relu", ["h"], ["r"]),
      makeNode("MatMul", ["r", "w2"], ["z"], { name: "second" }),
      makeNode("ReduceMean", ["z"], ["y"], { attributes: { axes: [1] } }),
    ],
    initializers: [
      floatTensor("table", [WORDS, WIDTH], randomFloats(WORDS * WIDTH, 1)),
      floatTensor("w1", [WIDTH, WIDTH], randomFloats(WIDTH * WIDTH, 2)),
      floatTensor("w2", [WIDTH, 16], randomFloats(WIDTH * 16, 3)),
    ],
  });
}

async function place(t: TestContext, lines: readonly object[]) {
  const root = await scratchFolder(t);
  const model = join(root, "toy");
  mkdirSync(model);
  writeFileSync(join(model, "model.onnx"), textModel());
  writeFileSync(join(model, "metadata.json"), '{"modality":"text"}');
  writeFileSync(join(model, "tokenizer.json"), "{}");
  const calibration = join(root, "rows.jsonl");
  writeFileSync(calibration, lines.map((line) => JSON.stringify(line)).join("\n"));
  const outDir = join(root, "out");
  return { outDir, run: (more = {}) => quantizeByProfile({ model, profile: "local", outDir, calibration, ...more }) };
}

const ids = (n: number) => Array.from({ length: LENGTH }, (_, i) => (7 * n + 3 * i) % WORDS);
const rows = Array.from({ length: 40 }, (_, n) => ({ layer: "input_ids", values: ids(n) }));

test("a text model is calibrated and judged on token ids from a jsonl file, and its folder's files go with it", async (t) => {
  const { outDir, run } = await place(t, rows);
  const made = await run();
  assert.ok(made.passes && (made.quality ?? 0) > 0.85, `${made.quality}`);
  assert.deepEqual([made.modality, made.report.calibration.origin], ["text", "rows"]);
  assert.ok(made.manifest?.layers.some(({ kernel_op: op }) => op === "com.microsoft.MatMulNBits"));
  assert.deepEqual(readdirSync(join(outDir, "toy-quantized")).sort(), [
    "metadata.json",
    "model-int4.manifest.json",
    "model-int4.onnx",
    "model-quantize.json",
    "tokenizer.json",
  ]);
});

const coded = (code: string, says: RegExp) => (error: unknown) =>
  (error as { code?: string }).code === code && says.test((error as Error).message);

test("words without a tokenizer, values that are no ids, and made-up ids are each refused in one sentence", async (t) => {
  const words = await place(t, [{ text: "the quick brown fox" }]);
  await assert.rejects(words.run(), coded("CONFIG_DATA_INVALID", /line 1 is text, and no tokenizer/));
  const halves = rows.map(({ layer, values }) => ({ layer, values: values.map((id) => id + 0.5) }));
  const { outDir, run } = await place(t, halves);
  await assert.rejects(run(), coded("QUANTIZE_CALIBRATION", /takes ids of type int64, and an item holds/));
  await assert.rejects(run({ calibration: undefined }), coded("QUANTIZE_CALIBRATION", /cannot be made up/));
  assert.equal(existsSync(outDir), false);
});
