import { compensatedSum, mean } from "./descriptive.ts";
import { type StatsReason, whyUnusable } from "./estimate.ts";
import { requireCount } from "./require.ts";

/** Autocovariances at lags 0 ... lags with divisor n, about the mean of the whole series. */
export function autocovariances(series: ArrayLike<number>, lags: number): Float64Array {
  const n = series.length;
  const center = mean(series);
  return Float64Array.from(
    { length: lags + 1 },
    (_, lag) => compensatedSum(Math.max(0, n - lag), (i) => (series[i]! - center) * (series[i + lag]! - center)) / n,
  );
}

/** A number, or the reason why there is none. */
export type Measured =
  | { readonly value: number; readonly n: number; readonly reason?: undefined }
  | { readonly value: undefined; readonly n: number; readonly reason: StatsReason };

/** Autocorrelation of a series in time order at a lag, in [-1, 1] (the definition of NIST's reference sets). */
export function autocorrelation(series: ArrayLike<number>, { lag = 1 }: { readonly lag?: number } = {}): Measured {
  requireCount("lag", lag, 1);
  const n = series.length;
  const why = whyUnusable(series) ?? (n <= lag + 1 ? "too-few" : undefined);
  if (why) return { value: undefined, n, reason: why };
  const covariances = autocovariances(series, lag);
  if (!(covariances[0]! > 0)) return { value: undefined, n, reason: "no-variation" };
  return { value: covariances[lag]! / covariances[0]!, n };
}

/**
 * How many independent observations a series with lag-1 autocorrelation ρ is worth for its mean: n(1-ρ)/(1+ρ), at most n and at
 * least 1. Right for first-order autoregressive series. Takes the series, or n and ρ themselves.
 */
export function effectiveSampleSize(
  source: ArrayLike<number> | { readonly n: number; readonly autocorrelation: number },
): Measured {
  if ("autocorrelation" in source) {
    const { n, autocorrelation: rho } = source;
    requireCount("n", n);
    if (!(rho >= -1 && rho <= 1)) throw new RangeError(`autocorrelation must lie between -1 and 1, got ${rho}`);
    if (n === 0) return { value: undefined, n, reason: "no-data" };
    return { value: Math.min(n, Math.max(1, (n * (1 - rho)) / (1 + rho))), n };
  }
  const rho = autocorrelation(source);
  if (rho.value === undefined) return rho;
  return effectiveSampleSize({ n: source.length, autocorrelation: rho.value });
}
