import type { Range } from "./grid.ts";
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
    if (spec.calibration === "percentile") return this.percentile(spec.percentile ?? 1);
    return { low: this.low, high: this.high };
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
}
