import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ClassifyInput, classify } from "../../harness/evaluators/classify.ts";

function scored({
  rows,
  labels,
  ...rest
}: Omit<ClassifyInput, "outputs" | "labels"> & { rows: readonly number[][]; labels: readonly number[] }) {
  return classify({ ...rest, outputs: Float32Array.from(rows.flat()), labels: Int32Array.from(labels) });
}

test("top-1, top-k, classes and confusion of a small table", () => {
  const result = scored({
    classes: 3,
    topK: 2,
    withConfusion: true,
    rows: [
      [0.7, 0.2, 0.1],
      [0.1, 0.2, 0.7],
      [0.5, 0.4, 0.1],
      [0.3, 0.6, 0.1],
    ],
    labels: [0, 2, 1, 2],
  });
  assert.deepEqual([...result.predictions], [0, 2, 0, 1]);
  assert.deepEqual([...result.correct], [1, 1, 0, 0]);
  assert.equal(result.top1, 2);
  assert.deepEqual(result.topK, { k: 2, correct: 3 });
  assert.deepEqual(result.perClass, [
    { label: 0, n: 1, correct: 1 },
    { label: 1, n: 1, correct: 0 },
    { label: 2, n: 2, correct: 1 },
  ]);
  assert.deepEqual([...(result.confusion ?? [])], [1, 0, 0, 1, 0, 0, 0, 1, 1]);
  assert.equal(result.invalidRows, 0);
});

test("ties go to the lowest index, in top-1 and in top-k", () => {
  const constant = scored({ classes: 4, topK: 2, rows: [0, 1, 2, 3].map(() => [1, 1, 1, 1]), labels: [0, 1, 2, 3] });
  assert.deepEqual([...constant.predictions], [0, 0, 0, 0]);
  assert.equal(constant.top1, 1);
  assert.equal(constant.topK.correct, 2);
});

test("a row with NaN is never right, wherever the NaN is, and is counted apart", () => {
  const rows = [
    [NaN, 0, 1],
    [0, NaN, 1],
    [0, 1, NaN],
    [0, 0, 1],
  ];
  const result = scored({ classes: 3, topK: 3, withConfusion: true, rows, labels: [2, 2, 2, 2] });
  assert.deepEqual([...result.predictions], [-1, -1, -1, 2]);
  assert.equal(result.invalidRows, 3);
  assert.equal(result.top1, 1);
  assert.equal(result.topK.correct, 1);
  assert.deepEqual(result.perClass[2], { label: 2, n: 4, correct: 1 });
  assert.equal(
    result.confusion?.reduce((a, b) => a + b),
    1,
  );
  assert.equal(result.n, 4);
});

test("infinite scores rank as numbers do", () => {
  const result = scored({
    classes: 2,
    rows: [
      [-Infinity, -5],
      [Infinity, 3],
      [-Infinity, -Infinity],
    ],
    labels: [1, 0, 0],
  });
  assert.equal(result.top1, 3);
  assert.equal(result.invalidRows, 0);
});

test("k is 5 unless said otherwise, and never more than there are classes", () => {
  assert.equal(scored({ classes: 3, topK: 4, rows: [[1, 2, 3]], labels: [0] }).topK.k, 3);
  assert.equal(scored({ classes: 3, rows: [[1, 2, 3]], labels: [0] }).topK.k, 3);
  assert.equal(scored({ classes: 7, rows: [[1, 2, 3, 4, 5, 6, 7]], labels: [0] }).topK.k, 5);
});

test("no items give counts of 0 of 0 with a reason", () => {
  const result = classify({ outputs: new Float32Array(0), classes: 3, labels: new Int32Array(0) });
  assert.equal(result.n, 0);
  assert.equal(result.reason, "there are no items to score");
  assert.deepEqual([result.top1, result.topK.correct, result.perClass.length], [0, 0, 3]);
  assert.equal(scored({ classes: 2, rows: [[0, 1]], labels: [1] }).reason, undefined);
});

test("lengths and k that cannot be are RangeErrors", () => {
  const labels = Int32Array.from([0, 1]);
  for (const bad of [
    { outputs: new Float32Array(5), classes: 3, labels },
    { outputs: new Float32Array(6), classes: 3, labels, topK: 0 },
    { outputs: new Float32Array(6), classes: 3, labels, topK: 1.5 },
    { outputs: new Float32Array(0), classes: 0, labels },
  ]) {
    assert.throws(() => classify(bad), RangeError);
  }
});

test("a label that the model has no output for is refused and names the item", () => {
  for (const label of [3, -1]) {
    assert.throws(() => classify({ outputs: new Float32Array(6), classes: 3, labels: Int32Array.from([0, label]) }), {
      code: "CONFIG_DATA_INVALID",
      message: `Item 1 has the label ${label}, but the model gives scores for the classes 0 to 2.`,
    });
  }
});

test("top-k agrees with a stable sort by falling score, and the parts add up", () => {
  const row = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(row, fc.nat(3)), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      (items, topK) => {
        const result = scored({ classes: 4, topK, rows: items.map(([r]) => r), labels: items.map(([, l]) => l) });
        const orders = items.map(([r]) => [0, 1, 2, 3].sort((i, j) => (r[j] as number) - (r[i] as number)));
        assert.deepEqual(
          [...result.predictions],
          orders.map((order) => order[0]),
        );
        assert.equal(result.topK.correct, items.filter(([, l], i) => orders[i]?.slice(0, topK).includes(l)).length);
        assert.equal(
          result.perClass.reduce((sum, c) => sum + c.n, 0),
          result.n,
        );
        assert.equal(
          result.perClass.reduce((sum, c) => sum + c.correct, 0),
          result.top1,
        );
        assert.equal(
          result.correct.reduce((a, b) => a + b, 0),
          result.top1,
        );
      },
    ),
  );
});
