import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { overlap } from "../../harness/datasets/overlap.ts";
import { fillBatch } from "../../harness/domain/item-tensor.ts";
import { classify } from "../../harness/evaluators/classify.ts";

const folder = fileURLToPath(new URL("../../../configs/digits/", import.meta.url));
const load = (split: string) =>
  loadDataset({ kind: "items", manifest: "manifest.json", split }, { resolvePath: (path) => join(folder, path) });

function countsOf(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

test("the embedded digits are 2,000 test and 500 calibration items, balanced, as their manifest says", async () => {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  for (const [split, n] of [
    ["test", 2000],
    ["calibration", 500],
  ] as const) {
    const dataset = await load(split);
    assert.equal(dataset.count, n);
    assert.deepEqual(dataset.items.shape, [1, 28, 28]);
    assert.deepEqual(countsOf(dataset.labels, 10), new Array(10).fill(n / 10));
    assert.deepEqual(manifest.splits[split].class_counts, new Array(10).fill(n / 10));
  }
  assert.equal(manifest.source.version, "1.1.0");
  assert.equal(manifest.license, "MIT");
  assert.match(readFileSync(join(folder, manifest.license_file), "utf8"), /MIT License[\s\S]*Juan Cazala/);
});

test("no image is in two splits, and none twice in one", async () => {
  const [items, calibration] = [await load("test"), await load("calibration")];
  assert.deepEqual(overlap(calibration.hashes, items.hashes), []);
  assert.equal(new Set([...items.hashes, ...calibration.hashes]).size, 2500);
});

test("model and items together stay below 3 MB", () => {
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  assert.ok(bytes < 3e6, `${bytes} bytes`);
});

test("the embedded model is the one its card describes, and at least 98.5 % of the held-out items are right", async () => {
  const card = JSON.parse(readFileSync(join(folder, "digits-cnn.json"), "utf8"));
  const model = readFileSync(join(folder, card.file));
  assert.equal(createHash("sha256").update(model).digest("hex"), card.sha256);
  assert.equal(model.length, card.bytes);

  const dataset = await load("test");
  const pixels = new Float32Array(2000 * 784);
  fillBatch(
    dataset.items,
    Array.from({ length: 2000 }, (_, i) => i),
    pixels,
  );
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  assert.deepEqual([session.inputNames, session.outputNames], [["image"], ["logits"]]);
  const { logits } = await session.run({ image: new ort.Tensor("float32", pixels, [2000, 1, 28, 28]) });
  const scored = classify({ outputs: logits?.data as Float32Array, classes: 10, labels: dataset.labels });
  assert.ok(scored.top1 >= 0.985 * 2000, `${scored.top1} of 2000`);
  // Other CPUs round differently; an item on the edge may change sides.
  assert.ok(Math.abs(scored.top1 - card.test.correct) <= 2, `${scored.top1}, the card says ${card.test.correct}`);
  await session.release();
});
