import { bcaLimits } from "./bca-replicates.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { requireCount, requireFraction } from "./require.ts";
import { evaluate, replicates, type Statistic } from "./resample.ts";
import type { Rng } from "./rng.ts";

export type BootstrapOptions = LevelOption & {
  /** Source of the resamples; its algorithm and seed belong in the record. */
  readonly rng: Rng;
  /** The mean unless told. */
  readonly statistic?: Statistic;
  /** 10,000 unless told. */
  readonly resamples?: number;
};

export type BcaEstimate = Estimate & {
  /** z0: by how much the replicates lie off the estimate, in normal quantiles. */
  readonly bias: number;
  /** Skewness of the jackknife, divided by 6. */
  readonly acceleration: number;
  readonly resamples: number;
};

/**
 * Bias-corrected and accelerated bootstrap interval (Efron 1987) of a statistic of independent observations, in their unit. The
 * mean takes a fast path, quantiles an exact one without resampling. Fewer than two observations, or equal ones, are not judged.
 */
export function bootstrapBca(
  data: ArrayLike<number>,
  { rng, statistic = "mean", resamples = 10_000, level = 0.95 }: BootstrapOptions,
): BcaEstimate | Unjudged {
  requireFraction("level", level);
  requireCount("resamples", resamples, 2);
  const n = data.length;
  const method = "bootstrap-bca";
  const why = whyUnusable(data) ?? (n < 2 ? "too-few" : undefined);
  if (why) return unjudged(why, { level, n, method });
  const values = Float64Array.from(data);
  if (values.every((x) => x === values[0])) return unjudged("no-variation", { level, n, method });
  const value = evaluate(statistic, values);
  const sorted = replicates({ data: values, statistic, resamples, rng }).sort();
  if (!Number.isFinite(sorted[0]) || !Number.isFinite(sorted[resamples - 1]) || !Number.isFinite(value)) {
    return unjudged("not-finite", { level, n, method });
  }
  const acceleration = jackknifeAcceleration(values, statistic);
  const { bias, low, high } = bcaLimits(sorted, { value, acceleration, level });
  const isShort = low === undefined || high === undefined;
  return {
    value,
    low: low ?? -Infinity,
    high: high ?? Infinity,
    level,
    n,
    method,
    bias,
    acceleration,
    resamples,
    ...(isShort ? { reason: "too-few-resamples" as const } : {}),
  };
}

/** Σ(m - x)³ / (6 (Σ(m - x)²)^1.5) over leave-one-out values x with mean m. */
export function accelerationOf(leftOut: Float64Array): number {
  let sum = 0;
  for (const x of leftOut) sum += x;
  const center = sum / leftOut.length;
  let squares = 0;
  let cubes = 0;
  for (const x of leftOut) {
    const away = center - x;
    squares += away * away;
    cubes += away * away * away;
  }
  return squares > 0 ? cubes / (6 * squares * Math.sqrt(squares)) : 0;
}

function jackknifeAcceleration(data: Float64Array, statistic: Statistic): number {
  const n = data.length;
  // The leave-one-out mean is an affine, falling function of the value left out.
  if (statistic === "mean") return accelerationOf(data.map((x) => -x));
  if (typeof statistic !== "function") return accelerationOf(leaveOneOutQuantiles(data, statistic));
  const rest = data.slice(1);
  const leftOut = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    leftOut[i] = statistic(rest);
    if (i < n - 1) rest[i] = data[i]!;
  }
  return accelerationOf(leftOut);
}

/** Quantile (type 7) of the sorted data without each of its members in turn, O(n). */
function leaveOneOutQuantiles(data: Float64Array, statistic: "median" | { readonly quantile: number }): Float64Array {
  const sorted = Float64Array.from(data).sort();
  const n = sorted.length;
  const at = (n - 2) * (statistic === "median" ? 0.5 : statistic.quantile);
  const below = Math.floor(at);
  return sorted.map((_, left) => {
    const member = (k: number) => sorted[k < left ? k : k + 1]!;
    const lower = member(below);
    return lower + (at - below) * (member(Math.min(below + 1, n - 2)) - lower);
  });
}
