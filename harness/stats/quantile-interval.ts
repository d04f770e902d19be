import { binomialCdf } from "./binomial.ts";
import { quantileOfSorted } from "./descriptive.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { requireCount, requireFraction } from "./require.ts";

/** An {@link Estimate} that names the order statistics its limits are, counted from 1; undefined where there is none. */
export type QuantileEstimate = Estimate & {
  readonly lowRank: number | undefined;
  readonly highRank: number | undefined;
};

type Ranks = { low: number | undefined; high: number | undefined };

/** Ranks of the order statistics that bound the quantile on each side with error at most `tail`. */
function ranksFor(n: number, quantile: number, tail: number): Ranks {
  // P(X_(l) > q) = P(Bin(n, quantile) ≤ l - 1) for the largest l within the tail, and the mirror image above.
  const low = largestWithin(n, (l) => binomialCdf(l - 1, { n, p: quantile }) <= tail);
  const fromTop = largestWithin(n, (l) => binomialCdf(n - l, { n, p: quantile, tail: "upper" }) <= tail);
  return { low: low === 0 ? undefined : low, high: fromTop === 0 ? undefined : n + 1 - fromTop };
}

/** Largest l in 0 ... n for which the condition, true on an initial stretch, holds; 0 when it fails at 1. */
function largestWithin(n: number, holds: (l: number) => boolean): number {
  let low = 0;
  let high = n + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * A quantile (type 7) with its distribution-free interval: two order statistics, chosen by the binomial distribution, so that
 * each side errs with probability at most (1 - level)/2. A side that n is too small for is infinite, with reason "too-few";
 * the median at .95 needs 6, a one-sided .95 bound (level .90) of p50 / p90 / p95 / p99 needs 5 / 29 / 59 / 299.
 */
export function quantileInterval(
  data: ArrayLike<number>,
  { quantile = 0.5, level = 0.95 }: LevelOption & { readonly quantile?: number } = {},
): QuantileEstimate | Unjudged {
  requireFraction("quantile", quantile);
  requireFraction("level", level);
  const n = data.length;
  const method = "order-statistics";
  const why = whyUnusable(data);
  if (why) return unjudged(why, { level, n, method });
  const sorted = Float64Array.from(data).sort();
  const { low, high } = ranksFor(n, quantile, (1 - level) / 2);
  return {
    value: quantileOfSorted(sorted, quantile),
    low: low === undefined ? -Infinity : sorted[low - 1]!,
    high: high === undefined ? Infinity : sorted[high - 1]!,
    level,
    n,
    method,
    lowRank: low,
    highRank: high,
    ...(low === undefined || high === undefined ? { reason: "too-few" as const } : {}),
  };
}

/** Smallest n for which {@link quantileInterval} is finite on the side(s) asked for. */
export function quantileSampleSize({
  quantile = 0.5,
  level = 0.95,
  side = "both",
}: LevelOption & { readonly quantile?: number; readonly side?: "both" | "low" | "high" } = {}): number {
  requireFraction("quantile", quantile);
  requireFraction("level", level);
  const tail = (1 - level) / 2;
  const suffices = (n: number) => {
    const { low, high } = ranksFor(n, quantile, tail);
    return (side === "high" || low !== undefined) && (side === "low" || high !== undefined);
  };
  let high = 1;
  while (!suffices(high)) high = requireCount("n", high * 2);
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}
