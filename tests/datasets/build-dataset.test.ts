import assert from "node:assert/strict";
import { test } from "node:test";
import { buildDataset, hashPieces } from "../../harness/datasets/build-dataset.ts";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { overlap } from "../../harness/datasets/overlap.ts";
import { takeItems } from "../../harness/datasets/take-items.ts";
import type { Affine } from "../../harness/domain/item-tensor.ts";

const values = Uint8Array.from({ length: 21 }, (_, i) => (i * 37) % 256);

function dataset(data: Uint8Array | Float32Array, affine?: Affine) {
  return buildDataset({
    id: "tiny",
    classNames: ["a", "b", "ü"],
    itemNoun: "items",
    labels: Int32Array.from([2, 0, 1]),
    items: { count: 3, shape: [7], data, ...(affine === undefined ? {} : { affine }) },
    hashes: hashPieces(values, 3),
    preprocessing: { kind: "made-up", steps: [1, { of: "two" }], none: null },
  });
}

const sets = {
  "uint8 values": dataset(values),
  "uint8 values with an affine": dataset(values, { scale: 1 / 255, mean: [0.5], std: [0.25], channelAxis: 0 }),
  "float values": dataset(Float32Array.from(values, (v) => v / 7)),
};

test("the digest tells apart values, types, labels, classes, affine and preprocessing", () => {
  const base = sets["uint8 values"];
  const { digest, count: _, ...parts } = base;
  const others = [
    buildDataset({ ...parts, items: { ...parts.items, data: Uint8Array.from(values).fill(0, 20) } }),
    buildDataset({ ...parts, items: { ...parts.items, data: Float32Array.from(values) } }),
    buildDataset({ ...parts, items: { ...parts.items, shape: [7, 1] } }),
    buildDataset({ ...parts, labels: Int32Array.from([2, 1, 0]) }),
    buildDataset({ ...parts, classNames: ["a", "b", "c"] }),
    buildDataset({ ...parts, preprocessing: { kind: "other" } }),
    sets["uint8 values with an affine"],
  ];
  assert.equal(new Set([digest, ...others.map((other) => other.digest)]).size, others.length + 1);
  assert.equal(buildDataset({ ...parts, id: "another-name" }).digest, digest);
});

test("a subset keeps labels, hashes and classes of its items, in the order asked for", () => {
  const taken = takeItems(sets["uint8 values"], [2, 0]);
  assert.deepEqual([...taken.labels], [1, 2]);
  assert.deepEqual([...taken.items.data], [...values.subarray(14), ...values.subarray(0, 7)]);
  assert.deepEqual(
    taken.hashes,
    [2, 0].map((i) => sets["uint8 values"].hashes[i]),
  );
  assert.deepEqual(taken.classNames, ["a", "b", "ü"]);
  assert.notEqual(taken.digest, sets["uint8 values"].digest);
});

test("a subset of all items in order is the same dataset", () => {
  for (const set of Object.values(sets)) assert.deepEqual(takeItems(set, Uint32Array.from([0, 1, 2])), set);
});

test("an index that does not exist, and an empty subset, are refused", () => {
  for (const index of [3, -1, 0.5, NaN]) assert.throws(() => takeItems(sets["float values"], [0, index]), RangeError);
  assert.throws(() => takeItems(sets["float values"], []), { code: "CONFIG_DATA_INVALID", message: /no items/ });
});

test("overlap names each shared calibration item with its first twin", () => {
  assert.deepEqual(overlap([], ["x"]), []);
  assert.deepEqual(overlap(["x", "y"], []), []);
  assert.deepEqual(overlap(["p", "y", "y", "x"], ["x", "q", "y", "y"]), [
    { calibration: 1, evaluation: 2 },
    { calibration: 2, evaluation: 2 },
    { calibration: 3, evaluation: 0 },
  ]);
});

test("simulated items have labels in turn and no content", async () => {
  const set = await loadDataset({ kind: "simulated", items: 5, classes: 2 }, { resolvePath: (path) => path });
  assert.deepEqual([...set.labels], [0, 1, 0, 1, 0]);
  assert.deepEqual([set.items.shape, set.items.data.length], [[0], 0]);
  assert.equal(new Set(set.hashes).size, 5);
});

test("parts that do not belong together are refused", () => {
  const { digest: _, count: __, ...parts } = sets["uint8 values"];
  assert.throws(() => buildDataset({ ...parts, labels: Int32Array.from([0, 1]) }), {
    code: "CONFIG_DATA_INVALID",
    message: "The labels do not match the items of tiny: 3 items, 2 labels.",
  });
  assert.throws(() => buildDataset({ ...parts, labels: Int32Array.from([0, 1, 3]) }), {
    code: "CONFIG_DATA_INVALID",
    message: "Item 2 of tiny has the label 3, but the classes are 0 to 2.",
  });
  assert.throws(() => buildDataset({ ...parts, items: { ...parts.items, shape: [6] } }), RangeError);
});
