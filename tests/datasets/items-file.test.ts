import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeItems, encodeItems } from "../../harness/datasets/items-file.ts";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const file = {
  shape: [2, 1, 2],
  labels: Uint8Array.from([1, 0, 1]),
  values: Uint8Array.from({ length: 12 }, (_, i) => i * 10),
};

function manifestOf(bytes: Uint8Array, changes: object = {}, split: object = {}): string {
  return JSON.stringify({
    schema_version: "quantgate.dataset.v1",
    id: "tiny",
    class_names: ["no", "yes"],
    item_shape: [2, 1, 2],
    layout: "nchw",
    dtype: "uint8",
    normalize: null,
    splits: {
      test: {
        file: "t.items",
        count: 3,
        class_counts: [1, 2],
        sha256: createHash("sha256").update(bytes).digest("hex"),
        ...split,
      },
      training: { file: null, count: 9, class_counts: [4, 5], sha256: "0".repeat(64) },
    },
    license: "MIT",
    ...changes,
  });
}

async function load(t: TestContext, bytes: Uint8Array, manifest: string, split = "test", limit?: number) {
  const folder = await scratchFolder(t);
  await writeFile(join(folder, "t.items"), bytes);
  await writeFile(join(folder, "manifest.json"), manifest);
  return loadDataset(
    { kind: "items", manifest: "manifest.json", split, ...(limit === undefined ? {} : { limit }) },
    { resolvePath: (path) => join(folder, path) },
  );
}

test("what is encoded is decoded", () => {
  assert.deepEqual(decodeItems(encodeItems(file), "x"), file);
});

test("a split is read with labels, classes and one hash an item", async (t) => {
  const bytes = encodeItems(file);
  const dataset = await load(t, bytes, manifestOf(bytes));
  assert.equal(dataset.id, "tiny.test");
  assert.deepEqual([...dataset.labels], [1, 0, 1]);
  assert.deepEqual(dataset.classNames, ["no", "yes"]);
  assert.deepEqual([...dataset.items.data], [...file.values]);
  assert.equal(dataset.items.affine, undefined);
  assert.deepEqual(dataset.hashes[2], createHash("sha256").update(file.values.subarray(8)).digest("hex"));
});

test("the manifest's normalization becomes the affine, along the layout's channel axis", async (t) => {
  const bytes = encodeItems(file);
  const normalize = { mean: [0.1, 0.2], std: [1] };
  const nchw = await load(t, bytes, manifestOf(bytes, { normalize }));
  assert.deepEqual(nchw.items.affine, { scale: 1, mean: [0.1, 0.2], std: [1], channelAxis: 0 });
  const nhwc = await load(t, bytes, manifestOf(bytes, { normalize, layout: "nhwc" }));
  assert.equal(nhwc.items.affine?.channelAxis, 2);
  assert.notEqual(nchw.digest, nhwc.digest);
});

test("a limit takes the first items", async (t) => {
  const bytes = encodeItems(file);
  const dataset = await load(t, bytes, manifestOf(bytes), "test", 2);
  assert.equal(dataset.count, 2);
  assert.deepEqual([...dataset.items.data], [...file.values.subarray(0, 8)]);
});

const bytes = encodeItems(file);
const long = Uint8Array.from([...bytes, 0]);
const changed = Uint8Array.from(bytes);
changed[bytes.length - 1] = 99;
const rankless = Uint8Array.from(bytes);
rankless[12] = 0;
const refusals: readonly [string, Uint8Array, string, string, RegExp][] = [
  [
    "a truncated file",
    bytes.subarray(0, bytes.length - 1),
    manifestOf(bytes),
    "test",
    /promises 43 bytes, it has 42 bytes/,
  ],
  ["a file with bytes after its items", long, manifestOf(long), "test", /promises 43 bytes, it has 44/],
  [
    "a file that is something else",
    new TextEncoder().encode("nothing of the kind"),
    manifestOf(bytes),
    "test",
    /does not begin with QGITEMS1/,
  ],
  ["a header without axes", rankless, manifestOf(rankless), "test", /rank of 0/],
  ["a file that is not the manifest's", changed, manifestOf(bytes), "test", /SHA-256 differs/],
  [
    "another count than the manifest's",
    bytes,
    manifestOf(bytes, {}, { count: 4 }),
    "test",
    /gives 4 items of shape \[2, 1, 2\], .* has 3/,
  ],
  ["another shape than the manifest's", bytes, manifestOf(bytes, { item_shape: [4] }), "test", /of shape \[4\]/],
  [
    "a label without a class",
    encodeItems({ ...file, labels: Uint8Array.from([1, 2, 0]) }),
    "",
    "test",
    /Item 1 of tiny\.test has the label 2/,
  ],
  ["a split that does not exist", bytes, manifestOf(bytes), "validation", /no split "validation"/],
  ["a split named like an object's own method", bytes, manifestOf(bytes), "toString", /no split "toString"/],
  ["a split that is not distributed", bytes, manifestOf(bytes), "training", /described but not distributed/],
  ["a manifest that is not JSON", bytes, "{", "test", /as JSON: line 1/],
  [
    "a manifest with a missing key",
    bytes,
    '{"schema_version": "quantgate.dataset.v1"}',
    "test",
    /the key "\w+" is missing/,
  ],
];
for (const [name, content, manifest, split, message] of refusals) {
  test(`${name} is refused`, async (t) => {
    await assert.rejects(load(t, content, manifest === "" ? manifestOf(content) : manifest, split), {
      code: "CONFIG_DATA_INVALID",
      message,
    });
  });
}

test("a manifest or an items file that is not there is CONFIG_DATA_MISSING", async (t) => {
  const folder = await scratchFolder(t);
  const resolvePath = (path: string) => join(folder, path);
  const spec = { kind: "items", manifest: "manifest.json", split: "test" } as const;
  await assert.rejects(loadDataset(spec, { resolvePath }), {
    code: "CONFIG_DATA_MISSING",
    message: /the dataset manifest/,
  });
  await writeFile(join(folder, "manifest.json"), manifestOf(bytes));
  await assert.rejects(loadDataset(spec, { resolvePath }), {
    code: "CONFIG_DATA_MISSING",
    message: /the split "test" of tiny/,
  });
});

test("normalization that cannot be is a config error", async (t) => {
  const cases: readonly [object, RegExp][] = [
    [{ std: [0] }, /std must not be 0/],
    [{ scale: 0 }, /must not be 0/],
    [{ mean: [1, 2, 3] }, /3 values are given, but the items have the shape \[2, 1, 2\]/],
    [{ mean: [1, 2], std: [1, 2, 3] }, /mean has 2 values and std 3/],
    // Both ends have two entries, and "other" says nothing about channels.
    [{ mean: [1, 2] }, /2 values are given/],
  ];
  for (const [normalize, message] of cases) {
    const layout = (normalize as { mean?: number[] }).mean?.length === 2 ? "other" : "nchw";
    await assert.rejects(load(t, bytes, manifestOf(bytes, { normalize, layout })), { code: "CONFIG_INVALID", message });
  }
});
