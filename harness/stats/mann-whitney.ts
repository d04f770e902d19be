import { whyUnusable } from "./estimate.ts";
import { normalCdf } from "./normal.ts";
import { isRankSumExact, rankSumCdf } from "./rank-sum-null.ts";
import { doubledMidranks } from "./ranks.ts";
import { type Alternative, pOf } from "./test-result.ts";

export type MannWhitneyTest = {
  /** U of x: pairs in which x is the larger, ties counting ½. */
  readonly u: number;
  /** P(x > y) + ½P(x = y) as seen: u / (m·n); undefined where the data cannot be judged. */
  readonly probability: number | undefined;
  /** 1 where the data cannot be judged: never evidence. */
  readonly p: number;
  /** Observations in both samples together. */
  readonly n: number;
  readonly alternative: Alternative;
  readonly method: "mann-whitney-exact" | "mann-whitney-normal";
  readonly reason?: "no-data" | "not-finite";
};

/** Additions that counting out the distribution given the ties may take; about 50 ms. */
const MOST_ADDITIONS = 3e7;

/**
 * Mann-Whitney (Wilcoxon rank-sum) test of two independent samples. "less": small when x tends to be less than y. Exact, also
 * given ties, for up to about 50 a side (more where one side is small), then normal with tie and continuity correction.
 */
export function mannWhitney(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { alternative = "two-sided" }: { readonly alternative?: Alternative } = {},
): MannWhitneyTest {
  const [m, n] = [x.length, y.length];
  const why = whyUnusable(x) ?? whyUnusable(y);
  if (why) {
    const nothing = { u: 0, probability: undefined, p: 1, method: "mann-whitney-exact" as const };
    return { ...nothing, n: m + n, alternative, reason: why };
  }
  const pooled = [
    ...Array.from(x, (value) => ({ value, isX: true })),
    ...Array.from(y, (value) => ({ value, isX: false })),
  ];
  pooled.sort((a, b) => a.value - b.value);
  const { doubled, tieCubes } = doubledMidranks(pooled.map(({ value }) => value));
  let twice = 0;
  for (const [i, { isX }] of pooled.entries()) if (isX) twice += doubled[i]!;
  const u = twice / 2 - (m * (m + 1)) / 2;
  const { lower, upper, isExact } = tailsOf({ u, twice, doubled, tieCubes, m, n });
  return {
    u,
    probability: u / (m * n),
    p: pOf(alternative, { lower, upper }),
    n: m + n,
    alternative,
    method: isExact ? "mann-whitney-exact" : "mann-whitney-normal",
  };
}

type Observed = { u: number; twice: number; doubled: Int32Array; tieCubes: number; m: number; n: number };

/** P(U ≤ u) and P(U ≥ u) over all ways to deal the ranks out. */
function tailsOf({ u, twice, doubled, tieCubes, m, n }: Observed) {
  if (tieCubes === 0 && isRankSumExact(m, n)) {
    return { lower: rankSumCdf(u, m, n), upper: rankSumCdf(m * n - u, m, n), isExact: true };
  }
  const total = m + n;
  const few = Math.min(m, n);
  // The smaller sample's rank sum decides just as well, and takes fewer steps to count out.
  const fewTwice = m <= n ? twice : total * (total + 1) - twice;
  const most = few * (2 * total - few + 1);
  if (tieCubes > 0 && total * few * most <= MOST_ADDITIONS) {
    const chance = chancesOfRankSums(doubled, few, most);
    let atMost = 0;
    for (let s = 0; s <= fewTwice; s++) atMost += chance[s]!;
    let atLeast = 0;
    for (let s = most; s >= fewTwice; s--) atLeast += chance[s]!;
    return m <= n ? { lower: atMost, upper: atLeast, isExact: true } : { lower: atLeast, upper: atMost, isExact: true };
  }
  const variance = ((m * n) / 12) * (total + 1 - tieCubes / (total * (total - 1)));
  // All values equal: no order to see, no evidence.
  if (variance <= 0) return { lower: 1, upper: 1, isExact: false };
  const away = u - (m * n) / 2;
  const sd = Math.sqrt(variance);
  return { lower: normalCdf((away + 0.5) / sd), upper: normalCdf((-away + 0.5) / sd), isExact: false };
}

/** Chance of each sum of `few` doubled ranks drawn without replacement; sums run from 0 to `most`. */
function chancesOfRankSums(doubled: Int32Array, few: number, most: number): Float64Array {
  const total = doubled.length;
  // chance[k][s] after i ranks: k of the first i drawn and their sum is s, all subsets of size k equally likely.
  const chance = Array.from({ length: few + 1 }, () => new Float64Array(most + 1));
  chance[0]![0] = 1;
  for (let i = 1; i <= total; i++) {
    const rank = doubled[i - 1]!;
    for (let k = Math.min(i, few); k >= 1; k--) {
      const row = chance[k]!;
      const below = chance[k - 1]!;
      const take = k / i;
      const keep = 1 - take;
      for (let s = most; s >= rank; s--) row[s] = keep * row[s]! + take * below[s - rank]!;
      for (let s = rank - 1; s >= 0; s--) row[s] = keep * row[s]!;
    }
  }
  return chance[few]!;
}
