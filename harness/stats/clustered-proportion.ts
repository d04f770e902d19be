import { betaQuantile } from "./beta.ts";
import type { LevelOption } from "./proportion.ts";
import { requireCount, requireFraction } from "./require.ts";

export type ClusteredShare = {
  /** Events over trials; undefined where there is no trial. */
  readonly value: number | undefined;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly n: number;
  readonly count: number;
  /** Trials that independent ones would have to number for the same precision; at most n. */
  readonly effectiveN: number;
  readonly method: "korn-graubard";
};

/**
 * A share with limits that know that trials of one cluster resemble each other (comparisons with one baseline): Clopper-Pearson at the
 * effective number of trials n/deff (Korn & Graubard 1998), deff from the spread of the clusters' counts and never below 1.
 */
export function clusteredProportion(
  clusters: readonly { readonly count: number; readonly n: number }[],
  { level = 0.95 }: LevelOption = {},
): ClusteredShare {
  requireFraction("level", level);
  let n = 0;
  let count = 0;
  for (const cluster of clusters) {
    n += requireCount("n", cluster.n);
    count += requireCount("count", cluster.count);
    if (cluster.count > cluster.n)
      throw new RangeError(`count must not exceed n, got ${cluster.count} of ${cluster.n}`);
  }
  const method = "korn-graubard";
  if (n === 0) return { value: undefined, low: 0, high: 1, level, n, count, effectiveN: 0, method };
  const value = count / n;
  const effectiveN = n / Math.max(1, designEffect(clusters, n, value));
  const events = value * effectiveN;
  const tail = (1 - level) / 2;
  const low = count === 0 ? 0 : betaQuantile(tail, { a: events, b: effectiveN - events + 1 });
  const high = count === n ? 1 : betaQuantile(1 - tail, { a: events + 1, b: effectiveN - events });
  return { value, low, high, level, n, count, effectiveN, method };
}

/** Variance of the share as its clusters show it, over that of independent trials. */
function designEffect(
  clusters: readonly { readonly count: number; readonly n: number }[],
  n: number,
  share: number,
): number {
  const filled = clusters.filter((cluster) => cluster.n > 0).length;
  if (share === 0 || share === 1 || filled < 2) return 1;
  const squares = clusters.reduce((sum, cluster) => sum + (cluster.count - share * cluster.n) ** 2, 0);
  const variance = ((filled / (filled - 1)) * squares) / (n * n);
  return variance / ((share * (1 - share)) / n);
}
