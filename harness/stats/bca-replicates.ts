import { quantileOfSorted } from "./descriptive.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/** What the bias-corrected and accelerated bootstrap (Efron 1987) reads off replicates of any statistic, however they were made. */
export interface BcaPoint {
  /** The statistic on the data itself. */
  readonly value: number;
  /** Skewness of the jackknife, divided by 6. */
  readonly acceleration: number;
}

export interface BcaLimits {
  /** z0: by how much the replicates lie off the value, in normal quantiles. */
  readonly bias: number;
  /** undefined beyond the outermost replicates: too few of them for the level. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Two-sided limits at a level, from ascending finite replicates. */
export function bcaLimits(
  sorted: Float64Array,
  { value, acceleration, level }: BcaPoint & { readonly level: number },
): BcaLimits {
  const bias = normalQuantile(shareBelow(sorted, value));
  const shifted = (z: number) => {
    const moved = bias + z;
    return normalCdf(bias + moved / (1 - acceleration * moved));
  };
  const z = normalQuantile((1 + level) / 2);
  return { bias, low: orderStatistic(sorted, shifted(-z)), high: orderStatistic(sorted, shifted(z)) };
}

/**
 * p-values of "the true value is below the location" and "is above", consistent with {@link bcaLimits}: the α at which a one-sided limit
 * comes to lie on the location. A share of replicates is (k + ½)/(R + 1), so never 0.
 */
export function bcaTails(
  sorted: Float64Array,
  { value, acceleration, location }: BcaPoint & { readonly location: number },
): { readonly below: number; readonly above: number } {
  const share = (x: number) => (shareBelow(sorted, x) * sorted.length + 0.5) / (sorted.length + 1);
  const bias = normalQuantile(share(value));
  const moved = normalQuantile(share(location)) - bias;
  const z = moved / (1 + acceleration * moved) - bias;
  const above = normalCdf(z);
  return { below: 1 - above, above };
}

/** Share of ascending replicates below a value, equal ones counting half. */
function shareBelow(sorted: Float64Array, value: number): number {
  const first = firstIndex(sorted, (x) => x >= value);
  const after = firstIndex(sorted, (x) => x > value);
  return (first + after) / 2 / sorted.length;
}

function firstIndex(sorted: Float64Array, holds: (x: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The replicate at probability p by the (R + 1)p rule; undefined beyond the outermost ones. */
function orderStatistic(sorted: Float64Array, p: number): number | undefined {
  const position = p * (sorted.length + 1) - 1;
  if (!(position >= 0 && position <= sorted.length - 1)) return undefined;
  return quantileOfSorted(sorted, position / (sorted.length - 1));
}
