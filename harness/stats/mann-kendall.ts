import { type StatsReason, whyUnusable } from "./estimate.ts";
import { normalCdf } from "./normal.ts";
import { type Alternative, pOf } from "./test-result.ts";

export type MannKendallTest = {
  /** Later values above earlier ones minus later ones below. */
  readonly statistic: number;
  /** Kendall's tau-a, in [-1, 1]; undefined where the data cannot be judged. */
  readonly tau: number | undefined;
  /** Theil-Sen slope: the median rise a step; undefined where the data cannot be judged. */
  readonly slope: number | undefined;
  /** 1 where the data cannot be judged: never evidence. */
  readonly p: number;
  readonly n: number;
  readonly alternative: Alternative;
  readonly method: "mann-kendall-exact" | "mann-kendall-normal";
  readonly reason?: StatsReason;
};

/** Up to this n, and without ties, the distribution of the statistic is counted out. */
const EXACT_UNTIL = 50;

/**
 * Mann-Kendall test of a monotone drift in a series of independent values in time order. "greater": small when values rise. Exact
 * without ties up to 50 values, then normal with tie and continuity correction. Autocorrelated series drift "significantly" too
 * often: read it together with the autocorrelation.
 */
export function mannKendall(
  series: ArrayLike<number>,
  { alternative = "two-sided" }: { readonly alternative?: Alternative } = {},
): MannKendallTest {
  const n = series.length;
  const why = whyUnusable(series) ?? (n < 3 ? "too-few" : undefined);
  const nothing = { statistic: 0, tau: undefined, slope: undefined, p: 1, n, alternative };
  if (why) return { ...nothing, method: "mann-kendall-exact", reason: why };
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let statistic = 0;
  let equal = 0;
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const rise = series[j]! - series[i]!;
      statistic += Math.sign(rise);
      if (rise === 0) equal++;
      slopes[at++] = rise / (j - i);
    }
  }
  if (equal === slopes.length) return { ...nothing, method: "mann-kendall-exact", reason: "no-variation" };
  slopes.sort();
  const middle = slopes.length >> 1;
  const slope = slopes.length % 2 === 1 ? slopes[middle]! : (slopes[middle - 1]! + slopes[middle]!) / 2;
  const isExact = equal === 0 && n <= EXACT_UNTIL;
  const tails = isExact ? exactTails(statistic, n) : normalTails(statistic, series);
  return {
    statistic,
    tau: statistic / slopes.length,
    slope,
    p: pOf(alternative, tails),
    n,
    alternative,
    method: isExact ? "mann-kendall-exact" : "mann-kendall-normal",
  };
}

/** S = M - 2·(inversions); the inversions of a random order of n are a sum of independent uniforms on 0 ... i-1. */
function exactTails(statistic: number, n: number): { lower: number; upper: number } {
  const most = (n * (n - 1)) / 2;
  let chance = new Float64Array(most + 1);
  chance[0] = 1;
  for (let i = 2; i <= n; i++) {
    const next = new Float64Array(most + 1);
    let window = 0;
    for (let k = 0; k <= most; k++) {
      window += chance[k]!;
      if (k >= i) window -= chance[k - i]!;
      next[k] = Math.max(0, window) / i;
    }
    chance = next;
  }
  const inversions = (most - statistic) / 2;
  let [few, many] = [0, 0];
  for (let k = 0; k <= inversions; k++) few += chance[k]!;
  for (let k = most; k >= inversions; k--) many += chance[k]!;
  // Few inversions mean a large statistic.
  return { lower: many, upper: few };
}

function normalTails(statistic: number, series: ArrayLike<number>): { lower: number; upper: number } {
  const n = series.length;
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) counts.set(series[i]!, (counts.get(series[i]!) ?? 0) + 1);
  let ties = 0;
  for (const t of counts.values()) ties += t * (t - 1) * (2 * t + 5);
  const sd = Math.sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18);
  return { lower: normalCdf((statistic + 1) / sd), upper: normalCdf((1 - statistic) / sd) };
}
