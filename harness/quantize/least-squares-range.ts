import { mergePairs, type ValueCounts } from "../domain/value-counts.ts";
import { type Grid, type GridOptions, gridForRange, type Range } from "./grid.ts";

/** Bins that are looked at, at most: finer than an 8-bit step of a range cut to a quarter. */
const BINS = 4096;

/** Ranges are tried from the whole down to this share; below it 8 bits gain nothing on any distribution we know of. */
const LOWEST_SHARE = 0.2;
const STEPS = 80;

/** The range whose rounding and clipping costs the least squared error: both ends are drawn in together, then each alone. */
export function leastSquaresRange(value: ValueCounts, options: GridOptions): Range {
  const coarse = coarsened(value);
  const { low, high } = value;
  let best: Range = { low, high };
  let least = Number.POSITIVE_INFINITY;
  const consider = (range: Range) => {
    const cost = squaredError(coarse, gridForRange(range.low, range.high, options));
    if (cost < least) {
      least = cost;
      best = range;
    }
  };
  const shares = Array.from({ length: STEPS + 1 }, (_, i) => 1 - ((1 - LOWEST_SHARE) * i) / STEPS);
  for (const share of shares) consider({ low: low * share, high: high * share });
  if (low < 0 && high > 0) {
    const { high: top } = best;
    for (const share of shares) consider({ low: low * share, high: top });
    const { low: bottom } = best;
    for (const share of shares) consider({ low: bottom, high: high * share });
  }
  return best;
}

/** Squared error that rounding and clipping to a grid costs, over all counted elements; zeros cost none. */
export function squaredError({ counts, first, width }: ValueCounts, { scale, zeroPoint, min, max }: Grid): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] as number;
    if (count === 0) continue;
    const center = (first + bin + 0.5) * width;
    const code = Math.min(max, Math.max(min, Math.round(center / scale) + zeroPoint));
    const error = center - (code - zeroPoint) * scale;
    // Elements spread over the bin add its variance, which is what keeps narrow grids from looking free.
    sum += count * (error * error + (width * width) / 12);
  }
  return sum;
}

/** The same counts in at most {@link BINS} bins. */
function coarsened(value: ValueCounts): ValueCounts {
  if (value.counts.length <= BINS) return value;
  return coarsened({ ...value, ...mergePairs(value), width: 2 * value.width });
}
