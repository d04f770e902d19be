import { quantileOfSorted } from "./descriptive.ts";
import type { Estimate, Unjudged } from "./estimate.ts";
import { unjudged, whyUnusable } from "./estimate.ts";
import { requireCount, requireFraction } from "./require.ts";
import type { Rng } from "./rng.ts";

export type ClusterBootstrapOptions = {
  readonly rng: Rng;
  /** Of all values together, each weighing the same. */
  readonly statistic: "mean" | { readonly quantile: number };
  /** 2,000 unless told. */
  readonly resamples?: number;
  readonly level?: number;
};

export type ClusterEstimate = Estimate & { readonly clusters: number; readonly resamples: number };

/**
 * Percentile bootstrap of a statistic of values that come in clusters (positions of one prompt, which resemble each other): whole clusters
 * are drawn with replacement (Davison & Hinkley 1997, section 3.8). `n` is the number of values. Fewer than two clusters with values are
 * not judged. A quantile is the smallest value that so large a share does not exceed, as resamples repeat values.
 */
export function clusterBootstrap(
  clusters: readonly ArrayLike<number>[],
  { rng, statistic, resamples = 2000, level = 0.95 }: ClusterBootstrapOptions,
): ClusterEstimate | Unjudged {
  requireFraction("level", level);
  requireCount("resamples", resamples, 2);
  const filled = clusters.filter((cluster) => cluster.length > 0);
  const n = filled.reduce((sum, cluster) => sum + cluster.length, 0);
  const method = "cluster-bootstrap";
  const why =
    filled.map(whyUnusable).find((reason) => reason !== undefined) ??
    (n === 0 ? "no-data" : filled.length < 2 ? "too-few" : undefined);
  if (why !== undefined) return unjudged(why, { level, n, method });
  const evaluate = statistic === "mean" ? weightedMean(filled) : weightedQuantile(filled, statistic.quantile);
  const ones = new Uint32Array(filled.length).fill(1);
  const value = evaluate(ones);
  const out = new Float64Array(resamples);
  const drawn = new Uint32Array(filled.length);
  const weights = new Uint32Array(filled.length);
  for (let r = 0; r < resamples; r++) {
    rng.fillBelow(drawn, filled.length);
    weights.fill(0);
    for (const cluster of drawn) weights[cluster] = weights[cluster]! + 1;
    out[r] = evaluate(weights);
  }
  out.sort();
  const tail = (1 - level) / 2;
  const [low, high] = [quantileOfSorted(out, tail), quantileOfSorted(out, 1 - tail)];
  return { value, low, high, level, n, method, clusters: filled.length, resamples };
}

type Evaluate = (weights: Uint32Array) => number;

function weightedMean(clusters: readonly ArrayLike<number>[]): Evaluate {
  const sums = clusters.map((cluster) => Array.from(cluster).reduce((sum, x) => sum + x, 0));
  return (weights) => {
    let total = 0;
    let count = 0;
    for (let c = 0; c < sums.length; c++) {
      total += weights[c]! * sums[c]!;
      count += weights[c]! * clusters[c]!.length;
    }
    return total / count;
  };
}

/** Sorted once: a resample only changes how much each value weighs. */
function weightedQuantile(clusters: readonly ArrayLike<number>[], p: number): Evaluate {
  requireFraction("quantile", p);
  const tagged = clusters.flatMap((cluster, c) => Array.from(cluster, (x) => [x, c] as const));
  tagged.sort((a, b) => a[0] - b[0]);
  const values = Float64Array.from(tagged, ([x]) => x);
  const owner = Uint32Array.from(tagged, ([, c]) => c);
  return (weights) => {
    let total = 0;
    for (let c = 0; c < clusters.length; c++) total += weights[c]! * clusters[c]!.length;
    // Rounding must not push p·total past a whole number that it is.
    const wanted = p * total - 1e-9;
    let reached = 0;
    for (let i = 0; i < values.length; i++) {
      reached += weights[owner[i]!]!;
      if (reached >= wanted && reached > 0) return values[i]!;
    }
    return values[values.length - 1]!;
  };
}
