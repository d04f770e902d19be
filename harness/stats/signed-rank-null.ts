import { normalCdf, normalPdf } from "./normal.ts";

/** Up to this n the null distribution is counted out, beyond it the Edgeworth series is used (its error is then below 1e-6). */
const EXACT_UNTIL = 300;

/** Cumulative distributions already counted out, by n. They depend on n alone, so keeping them is not visible outside. */
const counted = new Map<number, Float64Array>();

/** P(T ≤ k) for k = 0 ... ⌊M/2⌋ with M = n(n+1)/2, T the sum of the ranks 1...n whose fair coin shows heads. */
function countOut(n: number): Float64Array {
  const known = counted.get(n);
  if (known) return known;
  const half = Math.floor((n * (n + 1)) / 4);
  const chance = new Float64Array(half + 1);
  chance[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let s = half; s >= rank; s--) chance[s] = 0.5 * (chance[s]! + chance[s - rank]!);
    for (let s = Math.min(half, rank - 1); s >= 0; s--) chance[s] = 0.5 * chance[s]!;
  }
  for (let s = 1; s <= half; s++) chance[s] = chance[s]! + chance[s - 1]!;
  counted.set(n, chance);
  return chance;
}

/** P(T ≤ k) of Wilcoxon's signed-rank statistic for n untied, non-zero differences under symmetry about 0. */
export function signedRankCdf(k: number, n: number): number {
  const most = (n * (n + 1)) / 2;
  if (k < 0) return 0;
  if (k >= most) return 1;
  if (n > EXACT_UNTIL) return edgeworth(k, n);
  const lower = countOut(n);
  return k < lower.length ? lower[k]! : 1 - lower[most - k - 1]!;
}

/** Normal approximation with continuity correction and the kurtosis term; the skewness is 0. */
function edgeworth(k: number, n: number): number {
  const sumOfSquares = (n * (n + 1) * (2 * n + 1)) / 6;
  const sumOfFourths = (sumOfSquares * (3 * n * n + 3 * n - 1)) / 5;
  const variance = sumOfSquares / 4;
  const x = (k + 0.5 - (n * (n + 1)) / 4) / Math.sqrt(variance);
  const kurtosis = -sumOfFourths / 8 / (variance * variance);
  return Math.min(1, Math.max(0, normalCdf(x) - (normalPdf(x) * kurtosis * (x * x * x - 3 * x)) / 24));
}

/** The last answer for each n: a gate asks again and again at one level. */
const lastCritical = new Map<number, { readonly tail: number; readonly rank: number }>();

/** Largest r with P(T ≤ r - 1) ≤ tail; the r-th Walsh averages from either end are the limits. 0: no finite limit. */
export function signedRankCritical(n: number, tail: number): number {
  const last = lastCritical.get(n);
  if (last?.tail === tail) return last.rank;
  const rank = searchCritical(n, tail);
  lastCritical.set(n, { tail, rank });
  return rank;
}

function searchCritical(n: number, tail: number): number {
  let low = 0;
  let high = Math.floor((n * (n + 1)) / 4) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (signedRankCdf(middle - 1, n) <= tail) low = middle;
    else high = middle;
  }
  return low;
}
