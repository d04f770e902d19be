import { whyUnusable } from "./estimate.ts";
import { normalCdf } from "./normal.ts";
import { doubledMidranks } from "./ranks.ts";
import { signedRankCdf } from "./signed-rank-null.ts";
import { type Alternative, pOf } from "./test-result.ts";

export type SignedRankTest = {
  /** T+: sum of the ranks of |x - location| over observations above the location; mid-ranks where tied. */
  readonly statistic: number;
  /** 1 where the data cannot be judged: never evidence. */
  readonly p: number;
  readonly n: number;
  /** Observations equal to the location, left out (Wilcoxon's rule). */
  readonly zeros: number;
  readonly alternative: Alternative;
  readonly method: "signed-rank-exact" | "signed-rank-normal";
  readonly reason?: "no-data" | "not-finite" | "no-variation";
};

/** Up to this many tied observations the conditional distribution is counted out (n² additions of n² sums: about 50 ms). */
const EXACT_TIES_UNTIL = 200;

/**
 * Wilcoxon's signed-rank test that data symmetric about their center have it at `location` (0 unless told), in the unit of the
 * data. "less": small when the center lies below. Exact; with ties, exact given the ties up to 200 observations, then normal
 * with tie and continuity correction.
 */
export function signedRank(
  data: ArrayLike<number>,
  { location = 0, alternative = "two-sided" }: { readonly location?: number; readonly alternative?: Alternative } = {},
): SignedRankTest {
  if (!Number.isFinite(location)) throw new RangeError(`location must be a finite number, got ${location}`);
  const why = whyUnusable(data);
  const nothing = { statistic: 0, p: 1, n: data.length, alternative, method: "signed-rank-exact" as const };
  if (why) return { ...nothing, zeros: 0, reason: why };
  const differences = Array.from(data, (x) => x - location).filter((x) => x !== 0);
  const zeros = data.length - differences.length;
  if (differences.length === 0) return { ...nothing, zeros, reason: "no-variation" };
  differences.sort((a, b) => Math.abs(a) - Math.abs(b));
  const { doubled, tieCubes } = doubledMidranks(differences.map(Math.abs));
  let twice = 0;
  for (const [i, difference] of differences.entries()) if (difference > 0) twice += doubled[i]!;
  const { lower, upper, isExact } = tailsOf(twice, doubled, tieCubes);
  return {
    statistic: twice / 2,
    p: pOf(alternative, { lower, upper }),
    n: data.length,
    zeros,
    alternative,
    method: isExact ? "signed-rank-exact" : "signed-rank-normal",
  };
}

/** P(2T ≤ twice) and P(2T ≥ twice) when each rank is positive with probability ½. */
function tailsOf(twice: number, doubled: Int32Array, tieCubes: number) {
  const n = doubled.length;
  if (tieCubes === 0) {
    const t = twice / 2;
    const total = (n * (n + 1)) / 2;
    // Up to 300 counted out, then Edgeworth's series, whose error is below 1e-6.
    return { lower: signedRankCdf(t, n), upper: signedRankCdf(total - t, n), isExact: n <= 300 };
  }
  if (n <= EXACT_TIES_UNTIL) {
    const total = n * (n + 1);
    const chance = chancesOfSums(doubled, total);
    let lower = 0;
    for (let s = 0; s <= twice; s++) lower += chance[s]!;
    let upper = 0;
    for (let s = total; s >= twice; s--) upper += chance[s]!;
    return { lower, upper, isExact: true };
  }
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieCubes / 48;
  const away = twice / 2 - (n * (n + 1)) / 4;
  const sd = Math.sqrt(variance);
  return { lower: normalCdf((away + 0.5) / sd), upper: normalCdf((-away + 0.5) / sd), isExact: false };
}

function chancesOfSums(doubled: Int32Array, total: number): Float64Array {
  const chance = new Float64Array(total + 1);
  chance[0] = 1;
  let reach = 0;
  for (const rank of doubled) {
    reach += rank;
    for (let s = reach; s >= rank; s--) chance[s] = 0.5 * (chance[s]! + chance[s - rank]!);
    for (let s = rank - 1; s >= 0; s--) chance[s] = 0.5 * chance[s]!;
  }
  return chance;
}
