import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { histogramKernel } from "../../harness/stats/histogram-kernel.ts";
import { ValueHistogram, ValueHistograms } from "../../harness/stats/value-histogram.ts";
import { countsOf } from "../fixtures/counted.ts";

const BINS = 2 ** 14;

/** Elements from 1e-30 to 1e30 of either sign, zeros among them, as activations are: many of one size, few of another. */
const element = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0) },
  { weight: 1, arbitrary: fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true }) },
  { weight: 1, arbitrary: fc.float({ min: Math.fround(-1e-30), max: Math.fround(1e-30), noNaN: true }) },
);
const elements = fc.array(element, { maxLength: 60 }).map((list) => Float32Array.from(list));

test("every element is counted in its bin, whatever came before it and however the elements are cut up", () => {
  fc.assert(
    fc.property(elements, elements, (one, two) => {
      const all = Float32Array.of(...one, ...two);
      const result = countsOf(one, two);
      const { counts, first, width, low, high } = result;
      assert.deepEqual(result, countsOf(all), "cut into two");
      assert.deepEqual(result, countsOf(two, one), "in the other order");
      const nonzero = all.filter((value) => value !== 0);
      assert.equal(result.zeros, all.length - nonzero.length);
      assert.equal(low, Math.min(0, ...nonzero));
      assert.equal(high, Math.max(0, ...nonzero));
      const expected = new Float64Array(counts.length);
      for (const value of nonzero) {
        const bin = Math.floor(value / width) - first;
        expected[bin] = (expected[bin] as number) + 1;
      }
      assert.deepEqual(counts, expected);
      if (nonzero.length === 0) return;
      const largest = Math.max(-low, high);
      assert.ok(largest < BINS * width && largest >= (BINS / 2) * width && Math.log2(width) % 1 === 0);
    }),
    { numRuns: 500 },
  );
});

test("long arrays are counted by the kernel exactly as without it", () => {
  // Without it, both sides would be the plain loop.
  assert.notEqual(histogramKernel(), undefined);
  const shapes: readonly ((i: number) => number)[] = [
    (i) => Math.max(-0.5, Math.sin(i) * (i % 7)),
    (i) => Math.max(0, Math.sin(i)) * (i > 150_000 ? 1000 : 1),
    (i) => (i % 5 === 0 ? -0 : -Math.abs(Math.cos(i)) * 2 ** (i % 40) * 1e-9),
    (i) => (i % 3) * 1e-42,
    (i) => Math.sin(i) * 1e30,
    (i) => (i < 40_000 ? 0 : i % 11),
    () => 0,
    // Widths at the ends of what the kernel counts in.
    (i) => ((i % 16384) - 8000) * 1,
    (i) => (i % 16385) - 1,
    (i) => ((i % 16384) - 8000) * 2 ** -126,
    (i) => ((i % 16384) - 8000) * 2 ** -127,
  ];
  for (const [n, shape] of shapes.entries()) {
    const values = Float32Array.from({ length: 200_000 + (n % 4) }, (_, i) => shape(i));
    const plain = new ValueHistogram({ kernelFor: () => undefined });
    plain.add(values);
    const whole = countsOf(values);
    assert.deepEqual(whole, plain.result(), `shape ${n}`);
    const pieces = Array.from({ length: 201 }, (_, i) => values.subarray(i * 1000, (i + 1) * 1000));
    assert.deepEqual(whole, countsOf(...pieces), `shape ${n} in pieces`);
    assert.equal(
      whole.counts.reduce((sum, count) => sum + count, whole.zeros),
      values.length,
    );
  }
});

test("NaN and infinities are counted apart, in short and in long arrays", () => {
  const values = Float32Array.from({ length: 100_000 }, (_, i) => i / 1000);
  const clean = countsOf(values.slice(3));
  values.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.deepEqual(countsOf(values), { ...clean, notFinite: 3 });
  assert.deepEqual(countsOf(Float32Array.of(-Number.NaN)), { ...countsOf(), notFinite: 1 });
});

test("results are by name, and clearing forgets them", () => {
  const histograms = new ValueHistograms();
  histograms.add("a", Float32Array.of(1));
  histograms.add("b", Float32Array.of(0));
  histograms.add("a", Float32Array.of(2));
  assert.equal(histograms.result("a").high, 2);
  assert.equal(histograms.result("b").zeros, 1);
  histograms.clear();
  assert.deepEqual(histograms.result("a"), countsOf());
});
