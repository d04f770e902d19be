import { autocovariances } from "./autocorrelation.ts";
import type { BootstrapOptions } from "./bootstrap-bca.ts";
import { quantileOfSorted } from "./descriptive.ts";
import { exp, log } from "./elementary.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import { requireCount, requireFraction } from "./require.ts";
import { evaluate } from "./resample.ts";

export type BlockEstimate = Estimate & { readonly blockLength: number; readonly resamples: number };

/**
 * Circular block bootstrap (Politis & Romano 1992) of a statistic of a stationary, autocorrelated series in time order: blocks of
 * neighbors are drawn, so that their dependence survives. Basic (reflected) interval; the block length follows
 * {@link blockLength} unless told. Fewer than 8 observations are too few to see dependence in.
 */
export function blockBootstrap(
  series: ArrayLike<number>,
  {
    rng,
    statistic = "mean",
    resamples = 10_000,
    level = 0.95,
    blockLength: wanted,
  }: BootstrapOptions & { readonly blockLength?: number },
): BlockEstimate | Unjudged {
  requireFraction("level", level);
  requireCount("resamples", resamples, 2);
  const n = series.length;
  if (wanted !== undefined) requireCount("blockLength", wanted, 1);
  const method = "block-bootstrap";
  const why = whyUnusable(series) ?? (n < 8 ? "too-few" : undefined);
  if (why) return unjudged(why, { level, n, method });
  const values = Float64Array.from(series);
  if (values.every((x) => x === values[0])) return unjudged("no-variation", { level, n, method });
  const length = Math.min(n, wanted ?? blockLength(values));
  const value = evaluate(statistic, values);
  const out = new Float64Array(resamples);
  const sample = new Float64Array(n);
  const sums = statistic === "mean" ? circularBlockSums(values, length) : undefined;
  for (let r = 0; r < resamples; r++) {
    if (sums) {
      out[r] = resampledMean(values, sums, length, rng.below);
      continue;
    }
    for (let filled = 0; filled < n; ) {
      let from = rng.below(n);
      for (let k = 0; k < length && filled < n; k++) {
        sample[filled++] = values[from]!;
        from = from + 1 === n ? 0 : from + 1;
      }
    }
    out[r] = evaluate(statistic, sample);
  }
  out.sort();
  const tail = (1 - level) / 2;
  return {
    value,
    low: 2 * value - quantileOfSorted(out, 1 - tail),
    high: 2 * value - quantileOfSorted(out, tail),
    level,
    n,
    method,
    blockLength: length,
    resamples,
  };
}

/** Sum of the `length` values from each start on, around the end. */
function circularBlockSums(values: Float64Array, length: number): Float64Array {
  const n = values.length;
  const sums = new Float64Array(n);
  for (let start = 0; start < n; start++) {
    for (let k = 0; k < length; k++) sums[start] = sums[start]! + values[(start + k) % n]!;
  }
  return sums;
}

/** Mean of n values made of whole blocks and one cut short. */
function resampledMean(values: Float64Array, sums: Float64Array, length: number, below: (n: number) => number): number {
  const n = values.length;
  let total = 0;
  let filled = 0;
  for (; filled + length <= n; filled += length) total += sums[below(n)]!;
  if (filled < n) {
    const from = below(n);
    for (let k = 0; filled + k < n; k++) total += values[(from + k) % n]!;
  }
  return total / n;
}

/**
 * Block length for {@link blockBootstrap} by Politis & White's (2004, corrected 2009) rule: the flat-top estimate of the spectrum at
 * 0, cut where autocorrelations stay insignificant; between 1 and ⌈min(3√n, n/3)⌉.
 */
export function blockLength(series: ArrayLike<number>): number {
  const n = series.length;
  const most = Math.max(1, Math.ceil(Math.min(3 * Math.sqrt(n), n / 3)));
  if (n < 8) return 1;
  const quietRun = Math.max(5, Math.ceil(Math.sqrt(log(n) / Math.LN10)));
  const lags = Math.min(n - 1, Math.ceil(Math.sqrt(n)) + quietRun);
  const covariances = autocovariances(series, lags);
  const variance = covariances[0]!;
  if (!(variance > 0)) return 1;
  // Significant at about 2 sigma of white noise, as the authors propose.
  const limit = 2 * Math.sqrt(log(n) / Math.LN10 / n);
  let cut = 0;
  for (let lag = 1, quiet = 0; lag <= lags && quiet < quietRun; lag++) {
    quiet = Math.abs(covariances[lag]! / variance) < limit ? quiet + 1 : 0;
    if (quiet === 0) cut = lag;
  }
  const width = Math.min(lags, 2 * Math.max(1, cut));
  let spectrum = variance;
  let slope = 0;
  for (let lag = 1; lag <= width; lag++) {
    const weight = Math.min(1, 2 * (1 - lag / width));
    spectrum += 2 * weight * covariances[lag]!;
    slope += 2 * weight * lag * covariances[lag]!;
  }
  if (!(spectrum > 0)) return most;
  const length = Math.ceil(exp(log((1.5 * n * slope * slope) / (spectrum * spectrum)) / 3));
  return Math.min(most, Math.max(1, length));
}
