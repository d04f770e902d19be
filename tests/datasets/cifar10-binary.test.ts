import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { overlap } from "../../harness/datasets/overlap.ts";
import type { Cifar10DatasetConfig } from "../../harness/domain/generated/config-v1.ts";
import { fillBatch } from "../../harness/domain/item-tensor.ts";
import { classify } from "../../harness/evaluators/classify.ts";
import { need } from "../fixtures/require.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Pixel p of channel c of record r is (r·7 + c·50 + p) mod 251. */
function batch(labels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(labels.length * 3073);
  labels.forEach((label, r) => {
    bytes[r * 3073] = label;
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < 1024; p++) bytes[r * 3073 + 1 + c * 1024 + p] = (r * 7 + c * 50 + p) % 251;
    }
  });
  return bytes;
}

async function load(t: TestContext, files: readonly Uint8Array[], more: Partial<Cifar10DatasetConfig> = {}) {
  const folder = await scratchFolder(t);
  const paths = files.map((_, i) => `batch_${i}.bin`);
  for (const [i, file] of files.entries()) await writeFile(join(folder, paths[i] as string), file);
  return loadDataset(
    { kind: "cifar10-binary", paths: paths as [string], layout: "nchw", ...more },
    { resolvePath: (path) => join(folder, path) },
  );
}

test("batches are read one after another, labels and planes in order", async (t) => {
  const dataset = await load(t, [batch([3, 9]), batch([0])]);
  assert.deepEqual([...dataset.labels], [3, 9, 0]);
  assert.deepEqual(dataset.items.shape, [3, 32, 32]);
  assert.equal(dataset.items.data[3072 + 1024 + 5], 7 + 50 + 5);
  assert.equal(dataset.classNames[9], "truck");
});

test("nhwc holds the same pixels with the channels innermost, and the same hashes", async (t) => {
  const nchw = await load(t, [batch([3, 9])]);
  const nhwc = await load(t, [batch([3, 9])], { layout: "nhwc" });
  assert.deepEqual(nhwc.items.shape, [32, 32, 3]);
  for (const [c, p] of [
    [0, 0],
    [1, 77],
    [2, 1023],
  ] as const) {
    assert.equal(nhwc.items.data[3072 + p * 3 + c], nchw.items.data[3072 + c * 1024 + p]);
  }
  assert.deepEqual(nhwc.hashes, nchw.hashes);
  assert.notEqual(nhwc.digest, nchw.digest);
});

test("normalization follows the channels of the layout", async (t) => {
  const normalize = { scale: 2, mean: [1, 2, 3] as [number, ...number[]], std: [1, 2, 4] as [number, ...number[]] };
  for (const layout of ["nchw", "nhwc"] as const) {
    const { items } = await load(t, [batch([3])], { layout, normalize });
    const out = new Float32Array(3072);
    fillBatch(items, [0], out);
    const at = (c: number, p: number) => out[layout === "nchw" ? c * 1024 + p : p * 3 + c];
    assert.deepEqual([at(0, 5), at(1, 5), at(2, 5)], [(10 - 1) / 1, (110 - 2) / 2, (210 - 3) / 4]);
  }
});

test("a limit ends within a later batch", async (t) => {
  const dataset = await load(t, [batch([1, 2]), batch([3, 4])], { limit: 3 });
  assert.deepEqual([...dataset.labels], [1, 2, 3]);
});

test("what is no whole batch is refused: cut off, impossible label, empty, too high a limit", async (t) => {
  const cases: readonly [Uint8Array, Partial<Cifar10DatasetConfig>, RegExp][] = [
    [batch([1, 2]).subarray(0, 6145), {}, /after 1 record of 3073 bytes, 3,072 bytes remain/],
    [batch([1, 200]), {}, /Record 1 of .* label 200/],
    [new Uint8Array(0), {}, /cifar10 has no items/],
    [batch([1]), { limit: 2 }, /asks for 2 items, but cifar10 has 1/],
  ];
  for (const [file, more, message] of cases) {
    await assert.rejects(load(t, [file], more), { code: "CONFIG_DATA_INVALID", message });
  }
});

test("a batch that is not there, or is a folder, is CONFIG_DATA_MISSING and names the path", async (t) => {
  const folder = await scratchFolder(t);
  for (const [path, why] of [
    ["none.bin", /none\.bin: there is no such file/],
    [".", /that is a folder/],
  ] as const) {
    await assert.rejects(
      loadDataset({ kind: "cifar10-binary", paths: [path], layout: "nchw" }, { resolvePath: (p) => join(folder, p) }),
      { code: "CONFIG_DATA_MISSING", message: why },
    );
  }
});

const root = fileURLToPath(new URL("../../../", import.meta.url));
const shared = process.env["QUANTGATE_DATA_DIR"] ?? join(root, "../shared/data");
const testFile = join(shared, "cifar10/test.bin");
const real = need("data", existsSync(testFile));

test(
  "the real CIFAR-10 test set has 10,000 items, 1,000 a class, and the calibration file shares none of them",
  real,
  async () => {
    assert.equal(
      createHash("sha256").update(readFileSync(testFile)).digest("hex"),
      "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    );
    const resolvePath = (path: string) => join(shared, path);
    const items = await loadDataset(
      { kind: "cifar10-binary", paths: ["cifar10/test.bin"], layout: "nhwc" },
      { resolvePath },
    );
    assert.equal(items.count, 10_000);
    const counts = new Array<number>(10).fill(0);
    for (const label of items.labels) counts[label] = (counts[label] as number) + 1;
    assert.deepEqual(counts, new Array(10).fill(1000));

    const calibration = await loadDataset(
      { kind: "cifar10-binary", paths: ["cifar10/calibration_train_2000.bin"], layout: "nchw" },
      { resolvePath },
    );
    assert.equal(calibration.count, 2000);
    assert.deepEqual(overlap(calibration.hashes, items.hashes), []);
    const leaked = [...calibration.hashes.slice(0, 3), items.hashes[7777] as string];
    assert.deepEqual(overlap(leaked, items.hashes), [{ calibration: 3, evaluation: 7777 }]);
  },
);

const model = join(shared, "resnet8/resnet8_fp32.onnx");
const withModel = need("data", existsSync(testFile) && existsSync(model));

test("ResNet8 gets exactly 8,719 of the 10,000 right, through this loader and this scorer", withModel, async () => {
  const resolvePath = (path: string) => join(shared, path);
  const { items, labels } = await loadDataset(
    { kind: "cifar10-binary", paths: ["cifar10/test.bin"], layout: "nhwc" },
    { resolvePath },
  );
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const outputs = new Float32Array(10_000 * 10);
  const pixels = new Float32Array(100 * 3072);
  for (let start = 0; start < 10_000; start += 100) {
    fillBatch(
      items,
      Array.from({ length: 100 }, (_, i) => start + i),
      pixels,
    );
    const input = new ort.Tensor("float32", pixels, [100, 32, 32, 3]);
    const { [session.outputNames[0] as string]: output } = await session.run({
      [session.inputNames[0] as string]: input,
    });
    outputs.set(output?.data as Float32Array, start * 10);
  }
  await session.release();
  const scored = classify({ outputs, classes: 10, labels });
  assert.equal(scored.top1, 8719);
  assert.equal(scored.invalidRows, 0);
  assert.ok(scored.perClass.every(({ n }) => n === 1000));
});
