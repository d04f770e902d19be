import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import { normalQuantile } from "./normal.ts";
import type { LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/** Up to this n, and without ties, the null distribution of Kendall's statistic is counted out. */
const EXACT_UNTIL = 50;

/**
 * Theil-Sen slope of y over x, in units of y by units of x: the median of the slopes of all pairs, with Sen's interval, which
 * inverts Kendall's test: exact without ties up to 50 points, then normal with tie correction (Sen 1968). Nearly a third of the
 * points may be anything. Pairs of equal x have no slope and are left out. Points must be independent: of a series, pass medians
 * of stretches. n is that of the points; where it is too small for the level the limits are infinite ("too-few": .95 needs 5).
 */
export function theilSen(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { level = 0.95 }: LevelOption = {},
): Estimate | Unjudged {
  requireFraction("level", level);
  const n = y.length;
  if (x.length !== n) throw new RangeError(`x and y must be equally long, got ${x.length} and ${n}`);
  const method = "theil-sen";
  const why = whyUnusable(x) ?? whyUnusable(y) ?? (n < 2 ? "too-few" : undefined);
  if (why) return unjudged(why, { level, n, method });
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const run = x[j]! - x[i]!;
      if (run !== 0) slopes.push((y[j]! - y[i]!) / run);
    }
  }
  if (slopes.length === 0) return unjudged("no-variation", { level, n, method });
  const sorted = Float64Array.from(slopes).sort();
  const count = sorted.length;
  const middle = count >> 1;
  const value = count % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  const ties = tieTerm(x) + tieTerm(y);
  const tail = (1 - level) / 2;
  const below = ties === 0 && n <= EXACT_UNTIL ? exactRank(n, tail) : normalRank(n, { count, ties, tail });
  if (below < 0) return { value, low: -Infinity, high: Infinity, level, n, method, reason: "too-few" };
  return { value, low: sorted[below]!, high: sorted[count - 1 - below]!, level, n, method };
}

/** Index of the lower limit among the sorted slopes, so that fewer inversions than that have probability at most `tail`; -1: none. */
function exactRank(n: number, tail: number): number {
  // Inversions of a random order of n: convolve the choices of 0 ... m - 1 for m = 1 ... n (Knuth, vol. 3, 5.1.1).
  let density = Float64Array.of(1);
  for (let m = 2; m <= n; m++) {
    const next = new Float64Array(density.length + m - 1);
    for (let k = 0; k < density.length; k++) for (let c = 0; c < m; c++) next[k + c]! += density[k]! / m;
    density = next;
  }
  let sum = 0;
  let rank = -1;
  while (rank + 1 < density.length / 2) {
    sum += density[rank + 1]!;
    if (sum > tail) break;
    rank++;
  }
  return rank;
}

function normalRank(n: number, { count, ties, tail }: { count: number; ties: number; tail: number }): number {
  const variance = (n * (n - 1) * (2 * n + 5) - ties) / 18;
  return Math.floor((count + normalQuantile(tail) * Math.sqrt(Math.max(0, variance))) / 2) - 1;
}

/** Σ t(t-1)(2t+5) over groups of t equal values. */
function tieTerm(data: ArrayLike<number>): number {
  const sorted = Float64Array.from(data).sort();
  let total = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    const t = end - start;
    total += t * (t - 1) * (2 * t + 5);
    start = end;
  }
  return total;
}
