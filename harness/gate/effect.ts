import type { Comparison, PairedScores, PairedTable } from "../domain/comparison.ts";
import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";

/** An effect with its interval; infinite bounds and a missing value carry a reason. */
export type Effect = stats.Estimate | stats.Unjudged;

/**
 * Drop in score, baseline minus candidate (+ is worse): Tango on a paired table, its lower limit corrected for skewness, since a FAIL
 * rests on it and few expected drops make Tango's fail too often. Where runs differ: the mean of the item differences,
 * t for the lower limit, and Tango on the strict table for the upper one. t alone would have no spread where few items differ, and
 * so pass on next to no items.
 */
export function scoreDrop(scores: PairedScores, level: number): Effect {
  if (scores.table !== undefined) {
    const interval = stats.tangoInterval(scores.table, { level });
    const low = Math.min(interval.low, stats.pairedLowerLimit(scores.table, { level }).low);
    return { ...interval, low, method: "tango, lower limit corrected" };
  }
  const mean = stats.tInterval(scores.differences ?? new Float64Array(0), { level });
  if (mean.value === undefined) return mean;
  const { high } = stats.tangoInterval(scores.strict, { level });
  return { ...mean, high, method: `${mean.method} below, tango above` };
}

/** Accuracy of the baseline on a table. */
export function baselineShare({ a, b, c, d }: PairedTable): number {
  return (a + b) / (a + b + c + d);
}

/**
 * Drop as a share of the baseline's accuracy, from the score test of a ratio of paired proportions. Where runs differ: the strict
 * table for the upper limit; below, the drop in points, which is never more than that share.
 */
export function relativeScoreDrop(scores: PairedScores, level: number): Effect {
  if (scores.table !== undefined) {
    const interval = stats.relativeDropInterval(scores.table, { level });
    if (interval.value === undefined) return interval;
    // As for the drop in points: a FAIL rests on the lower limit, and few expected drops make a score test fail too often.
    const { low } = stats.pairedLowerLimit(scores.table, { level });
    return { ...interval, low: Math.min(interval.low, low / baselineShare(scores.table)) };
  }
  const mean = stats.tInterval(scores.differences ?? new Float64Array(0), { level });
  const { high } = stats.relativeDropInterval(scores.strict, { level });
  const before = scores.total + (mean.value ?? 0) * scores.n;
  if (mean.value === undefined || before <= 0) return mean;
  const low = mean.low > 0 ? mean.low : Number.NEGATIVE_INFINITY;
  return {
    ...mean,
    value: 1 - scores.total / before,
    low,
    high,
    method: `${mean.method} below, paired-ratio-score above`,
  };
}

/** Relative change candidate/baseline - 1 (+ is more) from log ratios of blocks: Hodges-Lehmann with the exact Wilcoxon interval. */
export function relativeChange(logRatios: Float64Array, level: number): Effect {
  return mapEffect(stats.hodgesLehmann(logRatios, { level }), Math.expm1);
}

/** A monotone increasing transform of value and bounds. */
export function mapEffect(effect: Effect, transform: (x: number) => number): Effect {
  // A bound that does not exist stays infinite, whatever the transform's limit is.
  const bound = (x: number) => (Number.isFinite(x) ? transform(x) : x);
  const bounds = { low: bound(effect.low), high: bound(effect.high) };
  return effect.value === undefined
    ? { ...effect, ...bounds }
    : { ...effect, ...bounds, value: transform(effect.value) };
}

/** The inverse ratio of a relative change: change -.5 [-.6, -.4] is a speedup of 2 [1.67, 2.5]. */
export function speedupOf(change: Effect): Effect {
  const invert = (x: number) => (Number.isFinite(x) ? 1 / (1 + x) : -x);
  const bounds = { low: invert(change.high), high: invert(change.low) };
  return change.value === undefined ? { ...change, ...bounds } : { ...change, ...bounds, value: invert(change.value) };
}

/** Infinite bounds and missing values become null with their reason. */
export function effectDoc(effect: Effect): EstimateDoc {
  const finite = (x: number | undefined) => (x !== undefined && Number.isFinite(x) ? x : null);
  return {
    value: finite(effect.value),
    low: finite(effect.low),
    high: finite(effect.high),
    level: effect.level,
    n: effect.n,
    method: effect.method,
    ...(effect.reason === undefined ? {} : { reason: effect.reason }),
  };
}

/** A quantity that does not vary: counts and bytes. */
export function exactEffect(value: number, n = 1): Effect {
  return { value, low: value, high: value, level: 1, n, method: "exact" };
}

/** Which blocks a relative gate of this metric reads. */
export function logRatiosOf(comparison: Comparison, metric: string): Float64Array | undefined {
  switch (metric) {
    case "latency.call":
      return comparison.latencyLogRatios;
    case "memory.peak_rss":
      return comparison.memoryLogRatios;
    case "throughput.items":
      return comparison.throughputLogRatios;
    case "latency.ttft":
      return comparison.ttftLogRatios ?? new Float64Array(0);
    case "throughput.decode":
      return comparison.decodeLogRatios ?? new Float64Array(0);
    case "throughput.prefill":
      return comparison.prefillLogRatios ?? new Float64Array(0);
    default:
      return undefined;
  }
}
