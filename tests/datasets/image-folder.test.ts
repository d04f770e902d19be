import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp from "sharp";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import type { ImageFolderDatasetConfig } from "../../harness/domain/generated/config-v1.ts";
import { fillBatch } from "../../harness/domain/item-tensor.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** A 3x3 image of one gray value. */
function image(value: number): Promise<Buffer> {
  return sharp({ create: { width: 3, height: 3, channels: 3, background: { r: value, g: value, b: value } } })
    .png()
    .toBuffer();
}

/** Writes files: a number is an image of that gray value, a string a text. */
async function folderOf(t: TestContext, files: Readonly<Record<string, number | string>>): Promise<string> {
  const folder = await scratchFolder(t);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === "number" ? await image(content) : content);
  }
  return folder;
}

function load(folder: string, more: Partial<ImageFolderDatasetConfig> = {}, signal?: AbortSignal) {
  return loadDataset(
    { kind: "image-folder", path: "pets", width: 2, height: 2, ...more },
    { resolvePath: (path) => join(folder, path), ...(signal === undefined ? {} : { signal }) },
  );
}

const pets = { "pets/dog/1.png": 10, "pets/dog/2.png": 20, "pets/dog/deep/3.png": 30, "pets/cat/9.png": 90 };

test("sub-folders are classes, sorted; items alternate between them", async (t) => {
  const dataset = await load(await folderOf(t, { ...pets, "pets/.DS_Store": "x", "pets/cat/Thumbs.db": "x" }));
  assert.equal(dataset.id, "pets");
  assert.deepEqual(dataset.classNames, ["cat", "dog"]);
  assert.deepEqual([...dataset.labels], [0, 1, 1, 1]);
  assert.deepEqual(dataset.items.shape, [3, 2, 2]);
  const first = Array.from({ length: 4 }, (_, i) => dataset.items.data[i * 12]);
  assert.deepEqual(first, [90, 10, 20, 30]);
});

test("class_names give the order of the classes, and may name one without images", async (t) => {
  const dataset = await load(await folderOf(t, pets), { class_names: ["dog", "cow", "cat"] });
  assert.deepEqual([...dataset.labels], [0, 2, 0, 0]);
  assert.equal(dataset.classNames.length, 3);
});

test("a limit leaves a sample of all classes", async (t) => {
  const dataset = await load(await folderOf(t, pets), { limit: 2 });
  assert.deepEqual([...dataset.labels], [0, 1]);
});

test("links to images and class folders are followed", async (t) => {
  const folder = await folderOf(t, { "store/a.png": 5, "store2/b.png": 6, "pets/dog/1.png": 10 });
  await symlink(join(folder, "store"), join(folder, "pets/ant"));
  await symlink(join(folder, "store2/b.png"), join(folder, "pets/dog/0.png"));
  const dataset = await load(folder);
  assert.deepEqual(dataset.classNames, ["ant", "dog"]);
  assert.equal(dataset.count, 3);
});

test("normalization is recorded and applied, gray has one channel, and both change the digest", async (t) => {
  const folder = await folderOf(t, pets);
  const plain = await load(folder);
  const normalized = await load(folder, { normalize: { scale: 0.1, mean: [1, 2, 3], std: [2] } });
  const out = new Float32Array(12);
  fillBatch(normalized.items, [0], out);
  assert.deepEqual([out[0], out[4], out[8]], [4, 3.5, 3]);
  assert.deepEqual(normalized.preprocessing["normalize"], { scale: 0.1, mean: [1, 2, 3], std: [2] });
  const gray = await load(folder, { color: "gray", layout: "nhwc" });
  assert.deepEqual(gray.items.shape, [2, 2, 1]);
  assert.equal(new Set([plain.digest, normalized.digest, gray.digest]).size, 3);
  assert.deepEqual(plain.hashes, gray.hashes);
  assert.equal((await load(folder)).digest, plain.digest);
});

test("the digest does not depend on where the folder lies", async (t) => {
  assert.equal((await load(await folderOf(t, pets))).digest, (await load(await folderOf(t, pets))).digest);
});

const labelled = { "pets/a.png": 10, "pets/b,c.png": 20, "pets/sub/d.png": 30 };
const labelFiles: readonly [string, string][] = [
  ["labels.csv", 'file,label\nsub/d.png,dog\n"b,c.png",cat\na.png,"dog"\n'],
  ["bare.csv", 'sub/d.png,dog\r\n"b,c.png" , cat\r\n\r\na.png,dog'],
  ["map.json", '{"sub/d.png": "dog", "b,c.png": "cat", "a.png": "dog"}'],
  [
    "list.json",
    '[{"file": "sub/d.png", "label": "dog"}, {"file": "b,c.png", "label": "cat"}, {"file": "a.png", "label": "dog"}]',
  ],
];
for (const [labels, text] of labelFiles) {
  test(`a labels file decides order and classes: ${labels}`, async (t) => {
    const dataset = await load(await folderOf(t, { ...labelled, [labels]: text }), { labels });
    assert.deepEqual(dataset.classNames, ["cat", "dog"]);
    assert.deepEqual([...dataset.labels], [1, 0, 1]);
    assert.deepEqual(
      [0, 12, 24].map((i) => dataset.items.data[i]),
      [30, 20, 10],
    );
  });
}

test("numbers in a labels file are class indices", async (t) => {
  const folder = await folderOf(t, { ...labelled, "l.csv": "a.png,2\nsub/d.png,0\n" });
  const dataset = await load(folder, { labels: "l.csv" });
  assert.deepEqual([...dataset.labels], [2, 0]);
  assert.deepEqual(dataset.classNames, ["0", "1", "2"]);
  assert.deepEqual((await load(folder, { labels: "l.csv", class_names: ["x", "y", "z"] })).classNames, ["x", "y", "z"]);
});

const refusals: readonly [
  string,
  Readonly<Record<string, number | string>>,
  Partial<ImageFolderDatasetConfig>,
  string,
  RegExp,
][] = [
  ["a folder that does not exist", {}, {}, "CONFIG_DATA_MISSING", /image folder .*pets: it does not exist/],
  ["a file in place of the folder", { pets: "x" }, {}, "CONFIG_DATA_MISSING", /it is a file/],
  ["a folder without class folders", { "pets/.keep": "" }, {}, "CONFIG_DATA_INVALID", /no class folders/],
  [
    "class folders without images",
    { "pets/cat/.keep": "", "pets/dog/.keep": "" },
    {},
    "CONFIG_DATA_INVALID",
    /pets has no items/,
  ],
  [
    "an image outside the class folders",
    { ...pets, "pets/stray.jpg": 1 },
    {},
    "CONFIG_DATA_INVALID",
    /stray\.jpg lies in .* outside any class folder/,
  ],
  [
    "a file that is no image",
    { ...pets, "pets/cat/notes.txt": "x" },
    {},
    "CONFIG_DATA_INVALID",
    /cat\/notes\.txt .* not a kind of image/,
  ],
  [
    "an image that cannot be decoded",
    { ...pets, "pets/cat/broken.png": "x" },
    {},
    "CONFIG_DATA_INVALID",
    /The image .*cat\/broken\.png cannot be decoded/,
  ],
  [
    "a folder that is no class",
    pets,
    { class_names: ["cat", "cow"] },
    "CONFIG_DATA_INVALID",
    /The class "dog" is not in class_names/,
  ],
  [
    "numbered folders whose order is in doubt",
    { "pets/2/a.png": 1, "pets/10/a.png": 2 },
    {},
    "CONFIG_DATA_INVALID",
    /10 comes before 2/,
  ],
  [
    "a labels file that is not there",
    labelled,
    { labels: "none.csv" },
    "CONFIG_DATA_MISSING",
    /the labels file .*none\.csv/,
  ],
  [
    "a label for an image that is not there",
    { ...labelled, "l.csv": "a.png,1\nz.png,0\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_MISSING",
    /the image .*z\.png: there is no such file/,
  ],
  [
    "an image labelled twice",
    { ...labelled, "l.csv": "a.png,1\na.png,0\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /names a\.png twice/,
  ],
  [
    "a line without a label",
    { ...labelled, "l.csv": "file,label\na.png\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /Line 2 of .* has 1 column/,
  ],
  [
    "a line with a column too many",
    { ...labelled, "l.csv": "a.png,cat,1\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /Line 1 of .* has 3 columns/,
  ],
  [
    "a stray quote",
    { ...labelled, "l.csv": 'a.png,cat\nb".png,cat\n' },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /Line 2 of .* is not CSV/,
  ],
  [
    "a labels file without lines",
    { ...labelled, "l.csv": "file,label\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /names no image/,
  ],
  [
    "JSON of another shape",
    { ...labelled, "l.json": '{"a.png": [1]}' },
    { labels: "l.json" },
    "CONFIG_DATA_INVALID",
    /Entry 0 of .*l\.json/,
  ],
  [
    "a negative label",
    { ...labelled, "l.csv": "a.png,1\nsub/d.png,-1\n" },
    { labels: "l.csv" },
    "CONFIG_DATA_INVALID",
    /sub\/d\.png has the label -1/,
  ],
  [
    "a label beyond class_names",
    { ...labelled, "l.csv": "a.png,2\n" },
    { labels: "l.csv", class_names: ["x", "y"] },
    "CONFIG_DATA_INVALID",
    /a\.png has the label 2, but the classes are 0 to 1/,
  ],
  ["a limit above the number of images", pets, { limit: 5 }, "CONFIG_DATA_INVALID", /asks for 5 items, but pets has 4/],
  ["a std of zero", pets, { normalize: { std: [0] } }, "CONFIG_INVALID", /std must not be 0/],
  [
    "four means for three channels",
    pets,
    { normalize: { mean: [1, 2, 3, 4] } },
    "CONFIG_INVALID",
    /4 values are given/,
  ],
];
for (const [name, files, more, code, message] of refusals) {
  test(`${name}: refused with ${code}`, async (t) => {
    await assert.rejects(load(await folderOf(t, files), more), { name: "HarnessError", code, message });
  });
}

test("numbered folders are taken in the order that class_names give", async (t) => {
  const folder = await folderOf(t, { "pets/2/a.png": 1, "pets/10/a.png": 2 });
  const dataset = await load(folder, { class_names: ["2", "10"] });
  assert.deepEqual(
    [0, 12].map((i) => dataset.items.data[i]),
    [1, 2],
  );
});

test("an aborted signal ends the loading with its reason", async (t) => {
  const folder = await folderOf(t, pets);
  const reason = new Error("enough");
  await assert.rejects(load(folder, {}, AbortSignal.abort(reason)), reason);
});
