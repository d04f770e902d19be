import { normalCdf, normalPdf } from "./normal.ts";

/** Additions that counting out a null distribution may take; about 50 ms. Beyond, the Edgeworth series is used. */
const MOST_ADDITIONS = 3e7;

/** Distributions already counted out, by "smaller,larger". They depend on the sizes alone. */
const counted = new Map<string, Float64Array>();

/** Whether the null distribution of the Mann-Whitney U for these sizes is counted out. */
export function isRankSumExact(m: number, n: number): boolean {
  return (m + n) * Math.min(m, n) * m * n <= MOST_ADDITIONS;
}

/** P(U ≤ u) for u = 0 ... ⌊mn/2⌋, all orders of m + n untied values equally likely. */
function countOut(m: number, n: number): Float64Array {
  const [few, many] = m < n ? [m, n] : [n, m];
  const key = `${few},${many}`;
  const known = counted.get(key);
  if (known) return known;
  const half = Math.floor((few * many) / 2);
  // chance[k][u] after i values: given that k of them belong to the smaller sample, its U is u. The largest of the i values
  // belongs to the smaller sample with chance k/i, and then beats the i - k others.
  const chance = Array.from({ length: few + 1 }, () => new Float64Array(half + 1));
  chance[0]![0] = 1;
  for (let i = 1; i <= few + many; i++) {
    for (let k = Math.min(i, few); k >= Math.max(0, i - many); k--) {
      const others = i - k;
      const row = chance[k]!;
      const below = k > 0 ? chance[k - 1]! : row;
      const keep = others / i;
      const take = k / i;
      const last = Math.min(half, k * others);
      for (let u = last; u >= others; u--) row[u] = keep * row[u]! + take * below[u - others]!;
      for (let u = Math.min(last, others - 1); u >= 0; u--) row[u] = keep * row[u]!;
    }
  }
  const cumulative = chance[few]!;
  for (let u = 1; u <= half; u++) cumulative[u] = cumulative[u]! + cumulative[u - 1]!;
  counted.set(key, cumulative);
  return cumulative;
}

/** P(U ≤ u) of the Mann-Whitney statistic for two untied samples of m and n from one population. */
export function rankSumCdf(u: number, m: number, n: number): number {
  const most = m * n;
  if (u < 0) return 0;
  if (u >= most) return 1;
  if (!isRankSumExact(m, n)) return edgeworth(u, m, n);
  // The lower half is the accurate one.
  const cumulative = countOut(m, n);
  return u < cumulative.length ? cumulative[u]! : 1 - cumulative[most - u - 1]!;
}

/** Normal approximation with continuity correction and the kurtosis term (Fix & Hodges 1955); the skewness is 0. */
function edgeworth(u: number, m: number, n: number): number {
  const variance = (m * n * (m + n + 1)) / 12;
  const x = (u + 0.5 - (m * n) / 2) / Math.sqrt(variance);
  const kurtosis = (-1.2 * (m * m + n * n + m * n + m + n)) / (m * n * (m + n + 1));
  return Math.min(1, Math.max(0, normalCdf(x) - (normalPdf(x) * kurtosis * (x * x * x - 3 * x)) / 24));
}

/** Largest r with P(U ≤ r - 1) ≤ tail; the r-th differences from either end are the limits. 0: no finite limit. */
export function rankSumCritical(m: number, n: number, tail: number): number {
  let low = 0;
  let high = Math.floor((m * n) / 2) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rankSumCdf(middle - 1, m, n) <= tail) low = middle;
    else high = middle;
  }
  return low;
}
