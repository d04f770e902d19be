import { mean, quantileOfSorted } from "./descriptive.ts";
import { exp, log } from "./elementary.ts";
import { requireFraction } from "./require.ts";
import type { Rng } from "./rng.ts";

/**
 * What a bootstrap is taken of: the mean and quantiles have fast exact paths; a function gets a sample (to be read only, its
 * storage is used again) and returns a finite number.
 */
export type Statistic = "mean" | "median" | { readonly quantile: number } | ((sample: Float64Array) => number);

type Draw = {
  readonly data: Float64Array;
  readonly statistic: Statistic;
  readonly resamples: number;
  readonly rng: Rng;
};

/** The statistic of one sample. */
export function evaluate(statistic: Statistic, sample: Float64Array): number {
  if (typeof statistic === "function") return statistic(sample);
  if (statistic === "mean") return mean(sample);
  return quantileOfSorted(Float64Array.from(sample).sort(), quantileOf(statistic));
}

function quantileOf(statistic: "median" | { readonly quantile: number }): number {
  return statistic === "median" ? 0.5 : requireFraction("quantile", statistic.quantile);
}

/** The statistic of `resamples` samples drawn with replacement. */
export function replicates({ data, statistic, resamples, rng }: Draw): Float64Array {
  const out = new Float64Array(resamples);
  const n = data.length;
  if (statistic === "mean") {
    // Centered, so that a large common part does not eat the digits of the sums.
    const center = mean(data);
    rng.resampleSums(
      data.map((x) => x - center),
      out,
    );
    for (let r = 0; r < resamples; r++) out[r] = center + out[r]! / n;
    return out;
  }
  if (typeof statistic !== "function") return quantileReplicates(data, quantileOf(statistic), out, rng);
  const indices = new Uint32Array(n);
  const sample = new Float64Array(n);
  for (let r = 0; r < resamples; r++) {
    rng.fillBelow(indices, n);
    for (let i = 0; i < n; i++) sample[i] = data[indices[i]!]!;
    out[r] = statistic(sample);
  }
  return out;
}

/**
 * Bootstrap distribution of a quantile without drawing samples. A resample takes values at ⌊nU⌋ of the sorted data, so its k-th
 * smallest sits at ⌊n·U_(k)⌋, and U_(k) follows Beta(k, n - k + 1); the next one is a fresh minimum above it. Exact, O(1) each.
 */
function quantileReplicates(data: Float64Array, p: number, out: Float64Array, rng: Rng): Float64Array {
  const sorted = Float64Array.from(data).sort();
  const n = sorted.length;
  const at = (n - 1) * p;
  const k = Math.floor(at) + 1;
  const weight = at - (k - 1);
  for (let r = 0; r < out.length; r++) {
    const g = gammaVariate(k, rng);
    const u = g / (g + gammaVariate(n - k + 1, rng));
    const lower = sorted[Math.min(n - 1, Math.floor(n * u))]!;
    if (weight === 0) {
      out[r] = lower;
      continue;
    }
    const next = 1 - (1 - u) * exp(log(1 - rng.uniform()) / (n - k));
    const upper = sorted[Math.min(n - 1, Math.floor(n * next))]!;
    out[r] = lower + weight * (upper - lower);
  }
  return out;
}

/** A gamma variate of shape ≥ 1 and unit scale (Marsaglia & Tsang 2000). */
function gammaVariate(shape: number, rng: Rng): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - rng.uniform();
    if (u < 1 - 0.0331 * x * x * x * x) return d * v;
    if (log(u) < 0.5 * x * x + d * (1 - v + log(v))) return d * v;
  }
}
