import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { refineByAdaRound } from "../../harness/quantize/adaround.ts";
import { roundingProblem, roundRow, roundRowSearchingScale } from "../../harness/quantize/gptq.ts";
import { cholesky, inverseFactor, solveCholesky } from "../../harness/quantize/linear-algebra.ts";
import type { WeightSpec } from "../../harness/quantize/recipe.ts";
import { nearestCode, searchGrid, widestGrid } from "../../harness/quantize/weight-codes.ts";
import { randomFloats } from "../fixtures/onnx-models.ts";

/** A well-conditioned covariance of correlated columns: A·Aᵀ / samples + a little of the identity. */
function covariance(n: number, seed: number): Float64Array {
  const samples = 4 * n;
  const noise = randomFloats(samples * n, seed);
  const shared = randomFloats(samples, seed + 1);
  const matrix = new Float64Array(n * n);
  const at = (s: number, i: number) => (noise[s * n + i] ?? 0) + 1.5 * (shared[s] ?? 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? 0.01 : 0;
      for (let s = 0; s < samples; s++) sum += (at(s, i) * at(s, j)) / samples;
      matrix[i * n + j] = sum;
    }
  }
  return matrix;
}

function quadratic(matrix: Float64Array, n: number, e: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += e(i) * (matrix[i * n + j] ?? 0) * e(j);
  return sum;
}

const spec: WeightSpec = {
  bits: 3,
  granularity: "channel",
  symmetric: true,
  storage: "int8",
  scale: "mse",
  rounding: "gptq",
};

test("a Cholesky factor multiplies back, and solves", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1000 }), (n, seed) => {
      const matrix = covariance(n, seed);
      const lower = cholesky(matrix, n);
      const x = Float64Array.from({ length: n }, (_, i) => i - n / 3);
      const b = Float64Array.from({ length: n }, (_, i) =>
        x.reduce((sum, v, j) => sum + v * (matrix[i * n + j] ?? 0), 0),
      );
      solveCholesky(lower, n, b);
      for (let i = 0; i < n; i++) assert.ok(Math.abs((b[i] ?? 0) - (x[i] ?? 0)) < 1e-8);
    }),
    { numRuns: 50 },
  );
});

test("the inverse's factor is upper and multiplies to the inverse", () => {
  const n = 9;
  const matrix = covariance(n, 5);
  const upper = inverseFactor(matrix, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (j < i) assert.equal(upper[i * n + j], 0);
      let product = 0;
      for (let k = 0; k < n; k++) {
        let inverse = 0;
        for (let m = 0; m < n; m++) inverse += (upper[m * n + k] ?? 0) * (upper[m * n + j] ?? 0);
        product += (matrix[i * n + k] ?? 0) * inverse;
      }
      assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-9, `${i}, ${j}`);
    }
  }
});

test("a matrix that is not positive definite is refused", () => {
  assert.throws(() => cholesky(Float64Array.of(1, 2, 2, 1), 2), RangeError);
});

test("the loss that rounding reports is the quadratic form of its error", () => {
  const n = 16;
  const matrix = covariance(n, 9);
  const target = Float64Array.from(randomFloats(n, 3));
  const grid = widestGrid(target, spec);
  const { codes, loss } = roundRow(target, roundingProblem(matrix, n), () => grid);
  const exact = quadratic(matrix, n, (i) => (target[i] ?? 0) - (codes[i] ?? 0) * grid.scale);
  assert.ok(Math.abs(loss - exact) < 1e-9 * Math.max(1, exact), `${loss} against ${exact}`);
});

test("rounding against correlated inputs beats rounding to nearest, and searching the scale beats that", () => {
  const n = 24;
  let [nearest, fixed, searched] = [0, 0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const matrix = covariance(n, seed * 7);
    const target = Float64Array.from(randomFloats(n, seed));
    const problem = roundingProblem(matrix, n);
    const grid = searchGrid(widestGrid(target, spec), spec);
    nearest += quadratic(matrix, n, (i) => (target[i] ?? 0) - nearestCode(target[i] ?? 0, grid) * grid.scale);
    fixed += roundRow(target, problem, () => grid).loss;
    const row = roundRowSearchingScale(target, problem, grid, 0.35);
    searched += row.loss;
    const exact = quadratic(matrix, n, (i) => (target[i] ?? 0) - (row.codes[i] ?? 0) * row.grid.scale);
    assert.ok(Math.abs(row.loss - exact) < 1e-9 * Math.max(1, exact));
    assert.ok(row.codes.every((code) => code >= -4 && code <= 3));
  }
  assert.ok(fixed < 0.5 * nearest, `${fixed} against ${nearest}`);
  assert.ok(searched < fixed);
});

test("with independent inputs of equal power, rounding by columns is rounding to nearest", () => {
  const n = 10;
  const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const target = Float64Array.from(randomFloats(n, 4));
  const grid = widestGrid(target, spec);
  const { codes } = roundRow(target, roundingProblem(identity, n), () => grid);
  assert.deepEqual(
    [...codes],
    Array.from(target, (value) => nearestCode(value, grid)),
  );
});

test("without a zero level, codes are odd and reach both ends evenly", () => {
  const half: WeightSpec = { ...spec, bits: 2, zero_level: false };
  const grid = widestGrid(Float32Array.of(-3, 1, 2.9), half);
  assert.deepEqual(
    [-3, -1.2, -0.01, 0.5, 2.9, 99].map((value) => nearestCode(value, grid)),
    [-3, -1, -1, 1, 3, 3],
  );
});

test("choosing up or down by gradient never loses more than it was given, and loses less on some rows", () => {
  const n = 24;
  for (const own of [spec, { ...spec, bits: 2 as const, zero_level: false }]) {
    let better = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const matrix = covariance(n, seed * 11);
      const target = Float64Array.from(randomFloats(n, seed + 40));
      const problem = roundingProblem(matrix, n);
      const grid = searchGrid(widestGrid(target, own), own);
      const row = roundRowSearchingScale(target, problem, grid, 0.35);
      const refined = refineByAdaRound(target, problem, row);
      assert.ok(refined.loss <= row.loss);
      const exact = quadratic(
        matrix,
        n,
        (i) => (target[i] ?? 0) - ((refined.codes[i] ?? 0) - refined.grid.zeroPoint) * refined.grid.scale,
      );
      assert.ok(Math.abs(refined.loss - exact) < 1e-9 * Math.max(1, exact), `${refined.loss} against ${exact}`);
      assert.ok(
        refined.codes.every((code) => code >= grid.min && code <= grid.max && (code - grid.min) % grid.step === 0),
      );
      if (refined.loss < row.loss) better++;
    }
    assert.ok(better > 0, `${own.bits} bits: no row of 12 got better`);
  }
});

test("choosing up or down by gradient beats rounding to nearest by far, on its own", () => {
  const n = 32;
  let [nearest, chosen] = [0, 0];
  for (let seed = 1; seed <= 8; seed++) {
    const matrix = covariance(n, seed * 13);
    const target = Float64Array.from(randomFloats(n, seed));
    const grid = searchGrid(widestGrid(target, spec), spec);
    const codes = Int16Array.from(target, (value) => nearestCode(value, grid));
    const loss = quadratic(matrix, n, (i) => (target[i] ?? 0) - (codes[i] ?? 0) * grid.scale);
    nearest += loss;
    chosen += refineByAdaRound(target, roundingProblem(matrix, n), { codes, grid, loss }).loss;
  }
  assert.ok(chosen < 0.5 * nearest, `${chosen} against ${nearest}`);
});
