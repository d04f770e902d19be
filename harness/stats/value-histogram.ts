import { mergePairs, type ValueCounts } from "../domain/value-counts.ts";
import {
  HISTOGRAM_BINS as BINS,
  type BitExtremes,
  type HistogramKernel,
  histogramKernel,
  KERNEL_EXPONENTS,
  KERNEL_FLOATS,
} from "./histogram-kernel.ts";

/** Elements from which emptying the kernel's tables is worth its time. */
const KERNEL_FROM = 2 ** 15;

/** Bits of infinity as a float32; with larger ones, the sign left out, NaN begins. */
const INFINITY_BITS = 0x7f800000;

/**
 * Counts floats in one pass, without knowing their range: the bin width is the smallest power of two with which the largest magnitude
 * falls into 2^14 bins from zero, and pairs of bins become one when a larger magnitude comes. What is counted depends on the elements
 * alone, not on their order or on how they are cut into calls.
 */
export class ValueHistogram {
  readonly #kernelFor: () => HistogramKernel | undefined;
  /** Bin i begins at (i - BINS) · width; empty before the first element that is not zero. */
  #counts = new Float64Array();
  /** Whole exponent of the width. */
  #exponent = 0;
  #zeros = 0;
  #notFinite = 0;
  #low = 0;
  #high = 0;

  /** @param options.kernelFor what counts long arrays, to the same result */
  constructor({ kernelFor = histogramKernel }: { readonly kernelFor?: () => HistogramKernel | undefined } = {}) {
    this.#kernelFor = kernelFor;
  }

  /** Counts every element. */
  add(values: Float32Array): void {
    const kernel = values.length < KERNEL_FROM ? undefined : this.#kernelFor();
    if (kernel === undefined) {
      this.#addChunk(values);
      return;
    }
    for (let from = 0; from < values.length; from += KERNEL_FLOATS) {
      this.#addChunk(values.subarray(from, from + KERNEL_FLOATS), kernel);
    }
    this.#drain(kernel);
  }

  /** What was counted so far, from the bin of the smallest element to that of the largest. */
  result(): ValueCounts {
    const { first, last } = this.#ends();
    return {
      counts: this.#counts.slice(first + BINS, last + BINS + 1),
      first,
      width: this.#counts.length === 0 ? 0 : 2 ** this.#exponent,
      zeros: this.#zeros,
      notFinite: this.#notFinite,
      low: this.#low,
      high: this.#high,
    };
  }

  #addChunk(values: Float32Array, kernel?: HistogramKernel): void {
    const seen = kernel?.look(values) ?? bitExtremes(values);
    if (seen.low >= INFINITY_BITS || seen.high >= INFINITY_BITS) {
      const finite = values.filter(Number.isFinite);
      this.#notFinite += values.length - finite.length;
      this.#addChunk(finite, kernel);
      return;
    }
    this.#zeros += seen.zeros;
    if (seen.zeros === values.length) return;
    const [low, high] = [0 - floatOf(seen.low), floatOf(seen.high)];
    this.#widen(Math.max(-low, high), kernel);
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
    const exponent = this.#exponent;
    const fits = exponent >= KERNEL_EXPONENTS.least && exponent <= KERNEL_EXPONENTS.most;
    if (kernel !== undefined && fits) kernel.count(exponent);
    else countPlainly(values, this.#counts, 2 ** -exponent);
    this.#counts[BINS] = (this.#counts[BINS] as number) - seen.zeros;
  }

  /** Makes the bins wide enough for this magnitude. */
  #widen(magnitude: number, kernel?: HistogramKernel): void {
    const needed = binExponent(magnitude);
    if (this.#counts.length === 0) {
      this.#counts = new Float64Array(2 * BINS);
      this.#exponent = needed;
    }
    if (needed <= this.#exponent) return;
    if (kernel !== undefined) this.#drain(kernel);
    for (; this.#exponent < needed; this.#exponent++) {
      const merged = mergePairs({ counts: this.#counts, first: -BINS });
      this.#counts = new Float64Array(2 * BINS);
      this.#counts.set(merged.counts, merged.first + BINS);
    }
  }

  #drain(kernel: HistogramKernel): void {
    const { first, last } = this.#ends();
    if (this.#counts.length > 0) kernel.drain(this.#counts, first, last);
  }

  /** Bins of the extremes, counted from zero. */
  #ends(): { first: number; last: number } {
    const perWidth = this.#counts.length === 0 ? 0 : 2 ** -this.#exponent;
    return { first: Math.floor(this.#low * perWidth), last: Math.floor(this.#high * perWidth) };
  }
}

/** A histogram for each of several values. */
export class ValueHistograms {
  readonly #byName = new Map<string, ValueHistogram>();

  add(name: string, values: Float32Array): void {
    const histogram = this.#byName.get(name) ?? new ValueHistogram();
    this.#byName.set(name, histogram);
    histogram.add(values);
  }

  /** No elements where none were added. */
  result(name: string): ValueCounts {
    return (this.#byName.get(name) ?? new ValueHistogram()).result();
  }

  clear(): void {
    this.#byName.clear();
  }
}

/** Whole exponent of the smallest bin width with which this magnitude, above 0, falls into {@link BINS} bins. */
function binExponent(magnitude: number): number {
  let exponent = Math.ceil(Math.log2(magnitude / BINS));
  while (magnitude >= BINS * 2 ** exponent) exponent++;
  while (magnitude < BINS * 2 ** (exponent - 1)) exponent--;
  return exponent;
}

function bitExtremes(values: Float32Array): BitExtremes {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let high = 0;
  let low = 0;
  let other = 0;
  for (let i = 0; i < bits.length; i++) {
    const one = bits[i] as number;
    if (one > high) high = one;
    // Without their sign bit, negative floats are positive whole numbers and positive floats negative ones.
    const flipped = one ^ 0x80000000;
    if (flipped > low) low = flipped;
    const magnitude = one << 1;
    other += (magnitude | (0 - magnitude)) >>> 31;
  }
  return { low, high, zeros: bits.length - other };
}

const oneBits = new Int32Array(1);
const oneFloat = new Float32Array(oneBits.buffer);

function floatOf(bits: number): number {
  oneBits[0] = bits;
  return oneFloat[0] as number;
}

function countPlainly(values: Float32Array, counts: Float64Array, perWidth: number): void {
  for (let i = 0; i < values.length; i++) {
    const bin = (Math.floor((values[i] as number) * perWidth) | 0) + BINS;
    counts[bin] = (counts[bin] as number) + 1;
  }
}
