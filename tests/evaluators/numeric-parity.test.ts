import assert from "node:assert/strict";
import { test } from "node:test";
import { numericParity } from "../../harness/evaluators/numeric-parity.ts";

function compared(reference: readonly number[], candidate: readonly number[], rowSize: number) {
  return numericParity(Float32Array.from(reference), Float32Array.from(candidate), rowSize);
}

function close(measured: number | undefined, expected: number): void {
  assert.ok(measured !== undefined && Math.abs(measured - expected) < 1e-12, `${measured} for ${expected}`);
}

test("errors, cosine, SQNR and agreement of a table worked out by hand", () => {
  const parity = compared([3, 4, 1, 0], [3, 3, 0, 1], 2);
  assert.deepEqual([parity.rows, parity.values, parity.finitePairs], [2, 4, 4]);
  close(parity.maxAbs, 1);
  close(parity.meanAbs, 0.75);
  close(parity.p99Abs, 1);
  // Row 1: 21 / (5·√18); row 2: 0.
  close(parity.cosineMean, 21 / (5 * Math.sqrt(18)) / 2);
  close(parity.cosineMin, 0);
  close(parity.sqnrDb, 10 * Math.log10(26 / 3));
  assert.equal(parity.argmaxAgreement, 0);
  assert.deepEqual(parity.reasons, {});
});

test("the 99th percentile is the smallest error that 99 % do not exceed", () => {
  const zeros = new Array<number>(200).fill(0);
  const errors = Array.from({ length: 200 }, (_, i) => 199 - i);
  close(compared(zeros, errors, 1).p99Abs, 197);
  close(compared(zeros.slice(0, 100), errors.slice(100), 1).p99Abs, 98);
  close(compared([0], [5], 1).p99Abs, 5);
});

test("identical outputs have no noise: SQNR is undefined with a reason, not infinite", () => {
  const parity = compared([1, 2], [1, 2], 2);
  assert.equal(parity.sqnrDb, undefined);
  assert.match(parity.reasons.sqnrDb ?? "", /identical/);
  close(parity.cosineMin, 1);
  assert.equal(parity.argmaxAgreement, 1);
});

test("a reference of zeros has neither signal nor direction", () => {
  const parity = compared([0, 0], [1, 2], 2);
  assert.match(parity.reasons.sqnrDb ?? "", /no signal/);
  assert.equal(parity.cosineRows, 0);
  assert.equal(parity.cosineMean, undefined);
  assert.equal(parity.cosineMin, undefined);
  close(parity.maxAbs, 2);
});

test("NaN and infinity are counted and left out, and their rows never agree by NaN", () => {
  const parity = compared([1, NaN, 3, 4, 5, 6], [1, NaN, 3, -Infinity, 5, 8], 2);
  assert.deepEqual(parity.nan, { reference: 1, candidate: 1 });
  assert.deepEqual(parity.inf, { reference: 0, candidate: 1 });
  assert.equal(parity.finitePairs, 4);
  close(parity.maxAbs, 2);
  close(parity.meanAbs, 0.5);
  assert.equal(parity.cosineRows, 1);
  assert.deepEqual([parity.agreeingRows, parity.argmaxAgreement], [1, 1 / 3]);
  assert.equal(parity.invalid, 2);
});

test("nothing finite at all gives reasons everywhere, no NaN", () => {
  const parity = compared([NaN], [1], 1);
  for (const name of ["maxAbs", "meanAbs", "p99Abs", "sqnrDb", "cosineMean", "cosineMin"] as const) {
    assert.equal(parity[name], undefined);
    assert.ok((parity.reasons[name] ?? "").length > 0, name);
  }
  assert.equal(parity.argmaxAgreement, 0);
});

test("rows of large and of tiny values have a cosine within -1 and 1", () => {
  close(compared([3e38, 3e38], [-3e38, -3e38], 2).cosineMin, -1);
  close(compared([1e-40, 0], [2e-40, 0], 2).cosineMin, 1);
});

test("no outputs give a result with a reason, impossible lengths a RangeError", () => {
  const empty = compared([], [], 3);
  assert.deepEqual([empty.rows, empty.argmaxAgreement, empty.maxAbs], [0, undefined, undefined]);
  assert.equal(empty.reasons.argmaxAgreement, "there are no outputs to compare");
  assert.throws(() => numericParity(new Float32Array(4), new Float32Array(6), 2), RangeError);
  assert.throws(() => numericParity(new Float32Array(4), new Float32Array(4), 3), RangeError);
  assert.throws(() => numericParity(new Float32Array(4), new Float32Array(4), 0), RangeError);
});
