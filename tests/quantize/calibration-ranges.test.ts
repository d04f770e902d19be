import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entropyRange } from "../../harness/quantize/entropy-range.ts";
import { gridForRange } from "../../harness/quantize/grid.ts";
import { leastSquaresRange, squaredError } from "../../harness/quantize/least-squares-range.ts";
import { percentileRange } from "../../harness/quantize/percentile-range.ts";
import { countsOf } from "../fixtures/counted.ts";
import { randomFloats } from "../fixtures/onnx-models.ts";

const UINT8 = { signed: false, symmetric: false } as const;

/** Sums of three uniform numbers: a bell. */
function bell(count: number, seed: number): Float32Array {
  const noise = randomFloats(3 * count, seed);
  return Float32Array.from({ length: count }, (_, i) =>
    [0, 1, 2].reduce((sum, part) => sum + (noise[3 * i + part] ?? 0), 0),
  );
}

test("the full percentile is the whole range, and a constant zero has range zero", () => {
  assert.deepEqual(percentileRange(countsOf(Float32Array.of(-1, 0, 3)), 1), { low: -1, high: 3 });
  assert.deepEqual(percentileRange(countsOf(new Float32Array(5)), 0.9), { low: 0, high: 0 });
});

test("a percentile cuts as many elements as its share says, a bin's worth of them apart", () => {
  const shares = fc.double({ min: 0.55, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), shares, fc.boolean(), (seed, share, relu) => {
      const values = bell(5_000, seed).map((value) => (relu ? Math.max(0, value) : value));
      const counts = countsOf(values);
      const { low, high } = percentileRange(counts, share);
      const cut = values.filter((value) => value < low || value >= high + counts.width).length;
      assert.ok(cut <= values.length * (1 - share) + 1e-6, `${cut} cut`);
      // One bin further in, at the ends that do not stop at zero, it would be too many.
      const inner = (value: number) => value < low + counts.width || value >= high - counts.width;
      const further = values.filter((value) => value !== 0 && inner(value)).length;
      const ends = [low, high].filter((end) => end !== 0).length;
      assert.ok(ends < (relu ? 1 : 2) || further > values.length * (1 - share) - 1e-6, `${further} further in`);
    }),
    { numRuns: 100 },
  );
});

test("the least-squares range costs no more than the whole, and leaves lone outliers out", () => {
  const counts = countsOf(bell(20_000, 14).map(Math.abs), Float32Array.of(100));
  const range = leastSquaresRange(counts, UINT8);
  const cost = (high: number) => squaredError(counts, gridForRange(0, high, UINT8));
  assert.ok(range.high < 100 && range.high >= 20);
  assert.ok(cost(range.high) < cost(100));
  assert.equal(range.low, 0);
});

test("the squared error of the counts is that of the elements, but for the width of a bin", () => {
  const values = bell(50_000, 18);
  const counts = countsOf(values);
  for (const high of [1, 2, 3]) {
    const grid = gridForRange(-high, high, UINT8);
    const exact = values.reduce((sum, value) => {
      const code = Math.min(grid.max, Math.max(grid.min, Math.round(value / grid.scale) + grid.zeroPoint));
      return sum + (value - (code - grid.zeroPoint) * grid.scale) ** 2;
    }, 0);
    const counted = squaredError(counts, grid);
    assert.ok(Math.abs(counted / exact - 1) < 0.02, `${counted} for ${exact}`);
  }
});

test("a two-sided least-squares range may draw in one end alone", () => {
  const range = leastSquaresRange(countsOf(randomFloats(20_000, 15), Float32Array.of(50)), UINT8);
  assert.ok(range.high < 50 && range.low < -0.7, JSON.stringify(range));
});

test("a value that is always zero, or has no element, keeps a range of zero", () => {
  for (const counts of [countsOf(new Float32Array(10)), countsOf()]) {
    for (const range of [percentileRange(counts, 0.9), leastSquaresRange(counts, UINT8), entropyRange(counts, UINT8)]) {
      assert.deepEqual(range, { low: 0, high: 0 });
    }
  }
});
