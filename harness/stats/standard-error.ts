import { mean, sampleVariance } from "./descriptive.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";
import { tQuantile } from "./student-t.ts";

export type ClusteredEstimate = Estimate & { readonly standardError: number; readonly clusters: number };

/**
 * Mean of per-item scores (or paired differences) whose items come in clusters, such as questions on one passage: standard error
 * √(Σ_c (Σ_{i∈c} (s_i - s̄))²)/n (Miller 2024, arXiv 2411.00640), interval by t with clusters - 1 degrees of freedom. `clusters` names
 * each item's cluster. One cluster is too few.
 */
export function clusteredStandardError(
  scores: ArrayLike<number>,
  { clusters, level = 0.95 }: LevelOption & { readonly clusters: ArrayLike<string | number> },
): ClusteredEstimate | Unjudged {
  requireFraction("level", level);
  const n = scores.length;
  if (clusters.length !== n) throw new RangeError(`clusters must name all ${n} items, got ${clusters.length}`);
  const method = "clustered";
  const why = whyUnusable(scores);
  if (why) return unjudged(why, { level, n, method });
  const value = mean(scores);
  const sums = new Map<string | number, number>();
  for (let i = 0; i < n; i++) sums.set(clusters[i]!, (sums.get(clusters[i]!) ?? 0) + (scores[i]! - value));
  if (sums.size < 2) return unjudged("too-few", { level, n, method });
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const standardError = Math.sqrt(squares) / n;
  const half = tQuantile((1 + level) / 2, { df: sums.size - 1 }) * standardError;
  const estimate = { value, low: value - half, high: value + half, level, n, method };
  // Rounding alone can leave a trace of 1e-16 where all clusters agree.
  if (standardError <= 1e-15 * Math.abs(value)) {
    return { ...estimate, low: value, high: value, standardError: 0, clusters: sums.size, reason: "no-variation" };
  }
  return { ...estimate, standardError, clusters: sums.size };
}

export type RepeatAwareEstimate = Estimate & {
  readonly standardError: number;
  /** ω²: variance of the items' own expected scores; at least 0. */
  readonly betweenItems: number;
  /** σ²: mean variance of repeats of one item; undefined where no item was repeated. */
  readonly withinItem: number | undefined;
};

/**
 * Mean over items that were each run K times, one list of repeats per item: Var = (ω² + σ²/K)/n (Miller 2024), which is the variance
 * of the item means over n. Repeats of an item are not new items: counting them as such would shrink the error falsely.
 * {@link plannedStandardError} says what other numbers of items and repeats would give.
 */
export function repeatAwareStandardError(
  scores: readonly ArrayLike<number>[],
  { level = 0.95 }: LevelOption = {},
): RepeatAwareEstimate | Unjudged {
  requireFraction("level", level);
  const n = scores.length;
  const method = "repeat-aware";
  const why = n === 0 ? "no-data" : scores.map(whyUnusable).find((reason) => reason !== undefined);
  if (why) return unjudged(why, { level, n, method });
  if (n < 2) return unjudged("too-few", { level, n, method });
  const means = Float64Array.from(scores, mean);
  const value = mean(means);
  const total = sampleVariance(means);
  const repeated = scores.filter((repeats) => repeats.length > 1);
  const withinItem = repeated.length === 0 ? undefined : mean(repeated.map((repeats) => sampleVariance(repeats)));
  // Unequal K: each item mean carries σ²/K_i of noise.
  const noise = withinItem === undefined ? 0 : withinItem * mean(scores.map((repeats) => 1 / repeats.length));
  const standardError = Math.sqrt(total / n);
  const half = tQuantile((1 + level) / 2, { df: n - 1 }) * standardError;
  return {
    value,
    low: value - half,
    high: value + half,
    level,
    n,
    method,
    standardError,
    betweenItems: Math.max(0, total - noise),
    withinItem,
    ...(total > 0 ? {} : { reason: "no-variation" as const }),
  };
}

/** Standard error to expect with n items and K repeats of each: √((ω² + σ²/K)/n). */
export function plannedStandardError({
  betweenItems,
  withinItem,
  items,
  repeats,
}: {
  readonly betweenItems: number;
  readonly withinItem: number;
  readonly items: number;
  readonly repeats: number;
}): number {
  if (!(betweenItems >= 0 && withinItem >= 0)) throw new RangeError("variances must be at least 0");
  if (!(items >= 1 && repeats >= 1)) throw new RangeError("items and repeats must be at least 1");
  return Math.sqrt((betweenItems + withinItem / repeats) / items);
}
