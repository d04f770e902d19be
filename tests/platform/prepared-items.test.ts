import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fillBatch, type ItemTensor } from "../../harness/domain/item-tensor.ts";
import { openPrepared, readPrepared, writePrepared } from "../../harness/platform/prepared-items.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-prepared-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const affine = { scale: 1 / 255, mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], channelAxis: 2 };
/** Five items of 3 x 3 x 3: 27 bytes each, so that labels need padding. */
const bytes: ItemTensor = {
  count: 5,
  shape: [3, 3, 3],
  data: Uint8Array.from({ length: 135 }, (_, i) => (i * 37) % 256),
  affine,
};
const floats: ItemTensor = { count: 4, shape: [2, 3], data: Float32Array.from({ length: 24 }, (_, i) => i / 7 - 1) };

test("items, affine map and labels come back as they were written", async () => {
  const path = join(folder, "bytes.prepared");
  await writePrepared(path, bytes, Int32Array.of(3, 1, 4, -1, 70_000));
  assert.deepEqual(readPrepared(path), { items: bytes, labels: Int32Array.of(3, 1, 4, -1, 70_000) });
});

test("float items without labels come back as they were written", async () => {
  const path = join(folder, "floats.prepared");
  const header = await writePrepared(path, floats);
  assert.equal(header.storage, "float32");
  assert.deepEqual(readPrepared(path), { items: floats, labels: undefined });
});

test("the same items give the same bytes", async () => {
  await writePrepared(join(folder, "one"), bytes);
  await writePrepared(join(folder, "two"), { ...bytes, affine: { ...affine } });
  assert.deepEqual(readFileSync(join(folder, "one")), readFileSync(join(folder, "two")));
});

test("rows in any order equal those that fillBatch makes from memory", async () => {
  for (const [name, items] of [
    ["b", bytes],
    ["f", floats],
  ] as const) {
    const path = join(folder, name);
    await writePrepared(path, items, new Int32Array(items.count));
    const file = openPrepared(path);
    const size = items.shape.reduce((a, b) => a * b, 1);
    for (const indices of [[0], [1, 2, 3], [3, 0, 1, 1, 2], [2, 3, 0]]) {
      const [fromFile, expected] = [new Float32Array(size * indices.length), new Float32Array(size * indices.length)];
      file.fill(indices, fromFile);
      fillBatch(items, indices, expected);
      assert.deepEqual(fromFile, expected);
    }
    assert.throws(() => file.fill([items.count], new Float32Array(size)), RangeError);
    file.close();
  }
});

test("stored bytes can be read as they are, float items cannot", async () => {
  await writePrepared(join(folder, "raw"), bytes);
  const file = openPrepared(join(folder, "raw"));
  const out = new Uint8Array(54);
  file.fillRaw([4, 0], out);
  assert.deepEqual(out, Uint8Array.of(...bytes.data.subarray(108, 135), ...bytes.data.subarray(0, 27)));
  file.close();
  await writePrepared(join(folder, "rawf"), floats);
  const other = openPrepared(join(folder, "rawf"));
  assert.throws(() => other.fillRaw([0], new Uint8Array(24)), RangeError);
  other.close();
});

test("a per-channel affine map follows its axis, first or last, and one value serves all channels", () => {
  const data = Uint8Array.of(10, 20, 30, 40, 50, 60);
  const fill = (shape: number[], channelAxis: number, mean: number[]): number[] => {
    const out = new Float32Array(6);
    fillBatch({ count: 1, shape, data, affine: { scale: 1, mean, std: [10], channelAxis } }, [0], out);
    return [...out];
  };
  assert.deepEqual(fill([2, 3], 0, [0, 40]), [1, 2, 3, 0, 1, 2]);
  assert.deepEqual(fill([3, 2], 1, [10, 20]), [0, 0, 2, 2, 4, 4]);
  assert.deepEqual(fill([3, 2], 1, [10]), [0, 1, 2, 3, 4, 5]);
});

test("a missing file, a cut one, a changed one and one of another kind are told apart", async () => {
  const path = join(folder, "damaged");
  assert.throws(() => openPrepared(path), { code: "STORE_MISSING" });
  await writePrepared(path, bytes, new Int32Array(5));
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed[changed.length - 40] = (changed[changed.length - 40] as number) ^ 1;
  writeFileSync(path, changed);
  assert.throws(() => readPrepared(path), { code: "STORE_CORRUPT", message: /differs from its digest/ });
  truncateSync(path, whole.length - 1);
  assert.throws(() => openPrepared(path), { code: "STORE_CORRUPT", message: /where its header promises/ });
  truncateSync(path, 40);
  assert.throws(() => openPrepared(path), { code: "STORE_CORRUPT", message: /ends in its header/ });
  truncateSync(path, 5);
  assert.throws(() => openPrepared(path), { code: "STORE_CORRUPT", message: /too short/ });
  writeFileSync(path, "QGITEMS1 and something else");
  assert.throws(() => openPrepared(path), { code: "STORE_CORRUPT", message: /does not begin/ });
});

test("labels that do not match the items are refused", async () => {
  await assert.rejects(writePrepared(join(folder, "x"), bytes, new Int32Array(4)), RangeError);
});
