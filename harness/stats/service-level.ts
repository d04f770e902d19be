import { binomialCdf } from "./binomial.ts";
import { requireCount, requireFraction } from "./require.ts";

export type ServiceLevelOptions = {
  /** p: share of queries that must be within the limit, in (0, 1). */
  readonly quantile: number;
  /** Queries seen over the limit; 0 unless told. */
  readonly overLatency?: number;
  /** .99 unless told. */
  readonly confidence?: number;
};

/**
 * Smallest number of queries with which `overLatency` of them over the limit still supports "a share p of queries is within the
 * limit" at the confidence: the binomial rule of MLPerf Inference. P(Bin(n, 1 - p) ≤ t) ≤ 1 - confidence.
 */
export function mlperfQueries({ quantile, overLatency = 0, confidence = 0.99 }: ServiceLevelOptions): number {
  requireFraction("quantile", quantile);
  requireFraction("confidence", confidence);
  requireCount("overLatency", overLatency);
  const supports = (n: number) => binomialCdf(overLatency, { n, p: 1 - quantile }) <= 1 - confidence;
  let high = overLatency + 1;
  while (!supports(high)) high = requireCount("n", 2 * high);
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (supports(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Largest number of queries over the limit, out of n, that still supports the service level; undefined when not even 0 does. */
export function mlperfAllowance({
  n,
  quantile,
  confidence = 0.99,
}: Omit<ServiceLevelOptions, "overLatency"> & { readonly n: number }): number | undefined {
  requireCount("n", n);
  requireFraction("quantile", quantile);
  requireFraction("confidence", confidence);
  const supports = (t: number) => binomialCdf(t, { n, p: 1 - quantile }) <= 1 - confidence;
  if (!supports(0)) return undefined;
  let low = 0;
  let high = n;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (supports(middle)) low = middle;
    else high = middle;
  }
  return low;
}
