import { type Grid, gridForRange, type Range } from "./grid.ts";
import type { ActivationSpec } from "./recipe.ts";

/** Enough that a bin is finer than an 8-bit step of a range cut to a quarter. */
const BINS = 2048;

/** Counts of a value's elements over its whole range. */
export class Histogram {
  readonly counts = new Float64Array(BINS);
  readonly low: number;
  readonly high: number;

  constructor(range: Range) {
    this.low = Math.min(range.low, 0);
    this.high = Math.max(range.high, 0);
  }

  add(values: Float32Array): void {
    const width = (this.high - this.low) / BINS;
    if (width === 0) {
      this.counts[0] = (this.counts[0] ?? 0) + values.length;
      return;
    }
    const { counts, low } = this;
    const inverse = 1 / width;
    for (let i = 0; i < values.length; i++) {
      let bin = Math.floor(((values[i] as number) - low) * inverse);
      bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
      counts[bin] = (counts[bin] as number) + 1;
    }
  }

  /** The range that the recipe's method chooses. */
  range(spec: ActivationSpec): Range {
    switch (spec.calibration) {
      case "percentile":
        return this.percentile(spec.percentile ?? 1);
      case "mse":
        return this.search((range) => this.squaredError(gridForRange(range.low, range.high, gridOptions(spec))));
      case "entropy":
        return this.search((range) => this.divergence(range));
      default:
        return { low: this.low, high: this.high };
    }
  }

  /** Range that holds this share of the elements, the rest cut off evenly at both ends (at one end where zero is the other). */
  percentile(share: number): Range {
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    const oneSided = this.low === 0 || this.high === 0;
    const cut = (total * (1 - share)) / (oneSided ? 1 : 2);
    const width = (this.high - this.low) / BINS;
    let first = 0;
    for (let cutOff = this.counts[0] ?? 0; this.low < 0 && first < BINS - 1 && cutOff <= cut; ) {
      first++;
      cutOff += this.counts[first] ?? 0;
    }
    let last = BINS - 1;
    for (let cutOff = this.counts[last] ?? 0; this.high > 0 && last > first && cutOff <= cut; ) {
      last--;
      cutOff += this.counts[last] ?? 0;
    }
    return { low: Math.min(0, this.low + first * width), high: Math.max(0, this.low + (last + 1) * width) };
  }

  /** The range of least cost: both ends are drawn in together, then each alone. */
  private search(cost: (range: Range) => number): Range {
    let best: Range = { low: this.low, high: this.high };
    let least = cost(best);
    const consider = (range: Range) => {
      const value = cost(range);
      if (value < least) {
        least = value;
        best = range;
      }
    };
    const shares = Array.from({ length: SEARCH_STEPS }, (_, i) => 1 - ((1 - SEARCH_LOWEST) * (i + 1)) / SEARCH_STEPS);
    for (const share of shares) consider({ low: this.low * share, high: this.high * share });
    if (this.low < 0 && this.high > 0) {
      const { low, high } = best;
      for (const share of [1, ...shares]) consider({ low: this.low * share, high });
      const drawn = best.low;
      for (const share of [1, ...shares]) consider({ low: drawn, high: this.high * share });
      consider({ low, high });
    }
    return best;
  }

  /** Squared error that rounding and clipping to a grid would cost, over all counted elements. */
  squaredError(grid: Grid): number {
    const width = (this.high - this.low) / BINS;
    let sum = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const count = this.counts[bin] as number;
      if (count === 0) continue;
      const center = this.low + (bin + 0.5) * width;
      const code = Math.min(grid.max, Math.max(grid.min, Math.round(center / grid.scale) + grid.zeroPoint));
      const error = center - (code - grid.zeroPoint) * grid.scale;
      // Elements spread over the bin add its variance, which is what keeps narrow grids from looking free.
      sum += count * (error * error + (width * width) / 12);
    }
    return sum;
  }

  /**
   * Kullback-Leibler divergence of the histogram clipped to a range from the same clipped and coded in 256 levels
   * (Migacz, "8-bit inference with TensorRT", 2017).
   */
  divergence({ low, high }: Range): number {
    const width = (this.high - this.low) / BINS;
    const first = Math.max(0, Math.floor((low - this.low) / width));
    const last = Math.min(BINS, Math.max(first + 1, Math.ceil((high - this.low) / width)));
    const reference = this.counts.slice(first, last);
    const inside = reference.slice();
    for (let bin = 0; bin < first; bin++) reference[0] = (reference[0] as number) + (this.counts[bin] as number);
    for (let bin = last; bin < BINS; bin++) {
      reference[reference.length - 1] = (reference[reference.length - 1] as number) + (this.counts[bin] as number);
    }
    const coded = spreadOverLevels(inside, reference);
    const total = reference.reduce((sum, count) => sum + count, 0);
    const codedTotal = coded.reduce((sum, count) => sum + count, 0);
    if (total === 0 || codedTotal === 0) return Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let i = 0; i < reference.length; i++) {
      const p = (reference[i] as number) / total;
      if (p > 0) sum += p * Math.log(p / Math.max((coded[i] as number) / codedTotal, LEAST_PROBABILITY));
    }
    return sum;
  }
}

/** Ranges are tried from the whole down to this share; below it 8 bits gain nothing on any distribution we know of. */
const SEARCH_LOWEST = 0.2;
const SEARCH_STEPS = 80;

/** Levels of an 8-bit grid. */
const LEVELS = 256;

/** Stands in for zero where the coded distribution misses a bin, so that the divergence stays finite. */
const LEAST_PROBABILITY = 1e-9;

function gridOptions(spec: ActivationSpec) {
  return { signed: spec.type === "int8", symmetric: spec.symmetric };
}

/** Merges bins into levels and spreads each level's count evenly over those of its bins that the reference fills. */
function spreadOverLevels(inside: Float64Array, reference: Float64Array): Float64Array {
  const coded = new Float64Array(inside.length);
  for (let level = 0; level < LEVELS; level++) {
    const from = Math.floor((level * inside.length) / LEVELS);
    const to = Math.floor(((level + 1) * inside.length) / LEVELS);
    let sum = 0;
    let filled = 0;
    for (let i = from; i < to; i++) {
      sum += inside[i] as number;
      if ((reference[i] as number) > 0) filled++;
    }
    for (let i = from; i < to; i++) if ((reference[i] as number) > 0) coded[i] = sum / filled;
  }
  return coded;
}
