import { mean } from "./descriptive.ts";
import { dipOfSorted } from "./dip.ts";
import { type StatsReason, whyUnusable } from "./estimate.ts";
import { requireCount } from "./require.ts";
import type { Rng } from "./rng.ts";

export type Bimodality = {
  /** Sarle's coefficient (skewness² + 1)/kurtosis with small-sample correction; 5/9 for uniform data, up to 1. Skewed data raise it too. */
  readonly coefficient: number | undefined;
  /** Hartigan & Hartigan's (1985) dip: largest distance to the nearest unimodal distribution function, in [1/(2n), 1/4]. */
  readonly dip: number | undefined;
  /** Share of uniform samples of this size with a dip at least as large; 1 where the data cannot be judged. */
  readonly p: number;
  readonly n: number;
  readonly method: "dip";
  readonly reason?: StatsReason;
};

/**
 * Whether a sample has more than one mode. The dip decides: its p-value comes from seeded uniform samples (the least favorable
 * unimodal law), p = (1 + #{as large})/(1 + R). At least 4 values.
 */
export function bimodality(
  data: ArrayLike<number>,
  { rng, resamples = 999 }: { readonly rng: Rng; readonly resamples?: number },
): Bimodality {
  requireCount("resamples", resamples, 1);
  const n = data.length;
  const why = whyUnusable(data) ?? (n < 4 ? "too-few" : undefined);
  const nothing = { coefficient: undefined, dip: undefined, p: 1, n, method: "dip" as const };
  if (why) return { ...nothing, reason: why };
  const sorted = Float64Array.from(data).sort();
  if (sorted[0] === sorted[n - 1]) return { ...nothing, reason: "no-variation" };
  const dip = dipOfSorted(sorted);
  let asLarge = 0;
  const uniform = new Float64Array(n);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) uniform[i] = rng.uniform();
    if (dipOfSorted(uniform.sort()) >= dip) asLarge++;
  }
  return { coefficient: sarle(sorted), dip, p: (1 + asLarge) / (1 + resamples), n, method: "dip" };
}

function sarle(data: Float64Array): number {
  const n = data.length;
  const center = mean(data);
  let [m2, m3, m4] = [0, 0, 0];
  for (const x of data) {
    const d = x - center;
    m2 += (d * d) / n;
    m3 += (d * d * d) / n;
    m4 += (d * d * d * d) / n;
  }
  const skewness = (m3 / (m2 * Math.sqrt(m2))) * (Math.sqrt(n * (n - 1)) / (n - 2));
  const excess = ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * (m4 / (m2 * m2) - 3) + 6);
  return (skewness * skewness + 1) / (excess + (3 * (n - 1) * (n - 1)) / ((n - 2) * (n - 3)));
}
