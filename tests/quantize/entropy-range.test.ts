import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { divergenceOf, entropyRange } from "../../harness/quantize/entropy-range.ts";
import { countsOf } from "../fixtures/counted.ts";
import { randomFloats } from "../fixtures/onnx-models.ts";

const UINT8 = { signed: false, symmetric: false } as const;

const rangeOf = (values: Float32Array, options: { signed: boolean; symmetric: boolean } = UINT8) =>
  entropyRange(countsOf(values), options);

/** Standard normal by Box and Muller. */
function bell(count: number, seed: number): Float32Array {
  const uniform = randomFloats(2 * count, seed);
  return Float32Array.from({ length: count }, (_, i) => {
    const u = Math.abs(uniform[2 * i] ?? 0) || 1e-9;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * (uniform[2 * i + 1] ?? 0));
  });
}

/** Exponential with mean 1: what a Relu lets through, roughly. */
const exponential = (count: number, seed: number) =>
  randomFloats(count, seed).map((u) => -Math.log(Math.abs(u) || 1e-9));

function joined(...parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

const shareInside = (values: Float32Array, { low, high }: { low: number; high: number }) =>
  values.filter((value) => value >= low && value <= high).length / values.length;

test("however many zeros a Relu makes, the range is that of what it lets through", () => {
  const passed = exponential(200_000, 1);
  const alone = rangeOf(passed);
  for (const zeros of [1_000, 200_000, 5_000_000]) {
    assert.deepEqual(entropyRange(countsOf(passed, new Float32Array(zeros)), UINT8), alone, `${zeros} zeros`);
  }
  assert.equal(alone.low, 0);
});

test("the range of bells and exponentials is the one that weighs the tail against the step", () => {
  // Least sum of the step's loss (step² / 24 times the Fisher information, 1 for both) and the tail's share times a log of a few nats.
  const { low, high } = rangeOf(bell(1_000_000, 2));
  assert.ok(high > 3.7 && high < 5.2 && low < -3.7 && low > -5.2, `${low}, ${high}`);
  const top = rangeOf(exponential(1_000_000, 3)).high;
  assert.ok(top > 9 && top < 13.5, `${top}`);
});

test("a few far outliers are left out, and what they are far from is kept", () => {
  const bulk = bell(200_000, 4);
  const { low, high } = rangeOf(joined(bulk, Float32Array.of(60, 58, -61)));
  assert.ok(high < 10 && low > -10, `${low}, ${high}`);
  assert.ok(shareInside(bulk, { low, high }) > 0.999);
  const oneEnd = rangeOf(joined(bulk, Float32Array.of(55, 56)));
  assert.ok(oneEnd.high < 10 && oneEnd.low < -3.4, `${oneEnd.low}, ${oneEnd.high}`);
});

test("a second mode far from the first is no outlier, even with one element in a hundred", () => {
  const far = bell(2_000, 5).map((value) => 30 + value);
  const range = rangeOf(joined(bell(200_000, 6), far));
  assert.ok(shareInside(far, range) > 0.95, JSON.stringify(range));
});

test("few elements are no reason to cut: noise in the counts is not taken for detail", () => {
  for (const count of [20, 300, 5_000]) {
    for (let seed = 10; seed < 20; seed++) {
      const values = bell(count, seed);
      const share = shareInside(values, rangeOf(values));
      assert.ok(share >= 1 - 3 / count, `${count} elements, seed ${seed}: ${share} inside`);
    }
  }
});

test("elements far from zero are not all given the code of one end", () => {
  for (const count of [30, 100_000]) {
    const values = bell(count, 22).map((value) => 10 + value / 2);
    const { low, high } = rangeOf(values);
    assert.ok(low === 0 && shareInside(values, { low, high }) > 0.99, `${count} elements: ${low}, ${high}`);
  }
});

test("whole numbers, such as pixels, keep their whole range", () => {
  const pixels = bell(300_000, 7).map((value) => Math.min(255, Math.max(0, Math.round(120 + 60 * value))));
  assert.deepEqual(rangeOf(pixels), { low: 0, high: 255 });
});

test("constants, single elements and nothing at all keep the whole range", () => {
  assert.deepEqual(rangeOf(new Float32Array(1000).fill(5)), { low: 0, high: 5 });
  assert.deepEqual(rangeOf(new Float32Array(1000).fill(-3)), { low: -3, high: 0 });
  assert.deepEqual(rangeOf(Float32Array.of(0.25)), { low: 0, high: 0.25 });
  assert.deepEqual(rangeOf(new Float32Array(10)), { low: 0, high: 0 });
  assert.deepEqual(rangeOf(new Float32Array()), { low: 0, high: 0 });
});

test("a value that saturates, as behind a Clip at 6, keeps its end", () => {
  const values = exponential(100_000, 8).map((value) => Math.min(6, 4 * value));
  const { high } = rangeOf(values);
  assert.ok(high > 5.95, `${high}`);
});

test("a symmetric grid gets a range that its two ends share out evenly over what is there", () => {
  const values = joined(bell(200_000, 9), Float32Array.of(50));
  const { low, high } = rangeOf(values, { signed: true, symmetric: true });
  assert.ok(Math.max(-low, high) < 10 && Math.max(-low, high) > 3.4, `${low}, ${high}`);
});

test("every range lies inside the extremes, holds zero and nearly all, and diverges no more than the whole beyond chance", () => {
  const shapes = fc.record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    count: fc.integer({ min: 1, max: 4_000 }),
    center: fc.double({ min: -5, max: 5, noNaN: true }),
    spread: fc.double({ min: 0.01, max: 20, noNaN: true }),
    zeros: fc.integer({ min: 0, max: 2_000 }),
    relu: fc.boolean(),
    outliers: fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(shapes, ({ seed, count, center, spread, zeros, relu, outliers }) => {
      const bulk = bell(count, seed).map((value) =>
        relu ? Math.max(0, center + spread * value) : center + spread * value,
      );
      const values = joined(bulk, new Float32Array(zeros), Float32Array.from(outliers));
      const counts = countsOf(values);
      const range = entropyRange(counts, UINT8);
      assert.ok(range.low >= counts.low && range.low <= 0 && range.high <= counts.high && range.high >= 0);
      const nonzero = values.filter((value) => value !== 0);
      const step = (range.high - range.low) / 255;
      const wide = { low: range.low - step, high: range.high + step };
      assert.ok(nonzero.length === 0 || shareInside(nonzero, wide) >= 0.98 - 4 / nonzero.length);
      const cost = divergenceOf(counts, UINT8);
      const { divergence, error } = cost(range);
      const whole = cost({ low: counts.low, high: counts.high });
      assert.ok(nonzero.length === 0 || divergence <= whole.divergence + error);
    }),
    { numRuns: 150 },
  );
});

test("a value in other units gets the same range in those units", () => {
  const values = joined(bell(50_000, 21), Float32Array.of(40));
  const { low, high } = rangeOf(values);
  for (const unit of [2 ** -20, 2 ** 12]) {
    const scaled = rangeOf(values.map((value) => value * unit));
    assert.deepEqual(scaled, { low: low * unit, high: high * unit });
  }
});
