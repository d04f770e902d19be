import { mean } from "./descriptive.ts";
import { whyUnusable } from "./estimate.ts";
import { requireCount } from "./require.ts";
import type { Rng } from "./rng.ts";
import type { Alternative } from "./test-result.ts";

export type PermutationTest = {
  /** The statistic as observed; undefined where the data cannot be judged. */
  readonly statistic: number | undefined;
  /** 1 where the data cannot be judged: never evidence. Never 0. */
  readonly p: number;
  readonly n: number;
  /** Arrangements looked at: all of them where exact. */
  readonly permutations: number;
  readonly alternative: Alternative;
  readonly method: "permutation-exact" | "permutation-random";
  readonly reason?: "no-data" | "not-finite";
};

export type PermutationOptions = {
  readonly rng: Rng;
  readonly alternative?: Alternative;
  /** Random arrangements; 9,999 unless told. Where there are no more than that many, all are looked at instead. */
  readonly permutations?: number;
};

/** Difference of means x - y, or another function of two samples; its samples are to be read only. */
export type TwoSampleStatistic = (x: Float64Array, y: Float64Array) => number;

/**
 * Permutation test. `permutationTest(differences, options)` flips signs: null, the differences are symmetric about 0; statistic,
 * their mean. `permutationTest(x, y, options)` deals the values out anew: null, both samples come from one population;
 * statistic, the difference of means or the one given. Random arrangements give p = (1 + #{as extreme})/(1 + R).
 */
export function permutationTest(differences: ArrayLike<number>, options: PermutationOptions): PermutationTest;
export function permutationTest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: PermutationOptions & { readonly statistic?: TwoSampleStatistic },
): PermutationTest;
export function permutationTest(
  x: ArrayLike<number>,
  second: ArrayLike<number> | PermutationOptions,
  third?: PermutationOptions & { readonly statistic?: TwoSampleStatistic },
): PermutationTest {
  return third === undefined
    ? signFlips(x, second as PermutationOptions)
    : twoSample(x, second as ArrayLike<number>, third);
}

/** Equal up to rounding: arrangements that tie with the observed one must count as extreme. */
const TIE = 1e-12;

class Tally {
  #below = 0;
  #above = 0;
  #all = 0;
  readonly #observed: number;
  readonly #slack: number;

  constructor(observed: number, scale: number) {
    this.#observed = observed;
    this.#slack = TIE * Math.max(Math.abs(observed), scale);
  }

  add(statistic: number): void {
    this.#all++;
    if (statistic <= this.#observed + this.#slack) this.#below++;
    if (statistic >= this.#observed - this.#slack) this.#above++;
  }

  p(alternative: Alternative, isExact: boolean): number {
    const extra = isExact ? 0 : 1;
    const lower = (this.#below + extra) / (this.#all + extra);
    const upper = (this.#above + extra) / (this.#all + extra);
    if (alternative === "less") return lower;
    return alternative === "greater" ? upper : Math.min(1, 2 * Math.min(lower, upper));
  }

  get count(): number {
    return this.#all;
  }
}

function refuse(why: "no-data" | "not-finite", n: number, alternative: Alternative): PermutationTest {
  return { statistic: undefined, p: 1, n, permutations: 0, alternative, method: "permutation-exact", reason: why };
}

function signFlips(data: ArrayLike<number>, options: PermutationOptions): PermutationTest {
  const { rng, alternative = "two-sided", permutations = 9999 } = options;
  requireCount("permutations", permutations, 1);
  const n = data.length;
  const why = whyUnusable(data);
  if (why) return refuse(why, n, alternative);
  const values = Float64Array.from(data);
  const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const statistic = mean(values);
  const tally = new Tally(statistic, scale);
  const isExact = n < 31 && 2 ** n <= permutations;
  const rounds = isExact ? 2 ** n : permutations;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    let word = round;
    for (let i = 0; i < n; i++) {
      if (!isExact && i % 32 === 0) word = rng.uint32();
      sum += word & 1 ? values[i]! : -values[i]!;
      word >>>= 1;
    }
    tally.add(sum / n);
  }
  return finish(tally, { statistic, n, alternative, isExact });
}

function twoSample(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: PermutationOptions & { readonly statistic?: TwoSampleStatistic },
): PermutationTest {
  const { rng, alternative = "two-sided", permutations = 9999, statistic: measure = meanDifference } = options;
  requireCount("permutations", permutations, 1);
  const [m, n] = [x.length, x.length + y.length];
  const why = whyUnusable(x) ?? whyUnusable(y);
  if (why) return refuse(why, n, alternative);
  const pooled = Float64Array.from([...Array.from(x), ...Array.from(y)]);
  const scale = pooled.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const statistic = measure(pooled.slice(0, m), pooled.slice(m));
  const tally = new Tally(statistic, scale);
  const isExact = countSubsets(n, m) <= permutations;
  if (isExact) {
    for (const chosen of subsets(n, m)) {
      const isX = new Set(chosen);
      tally.add(
        measure(
          pooled.filter((_, i) => isX.has(i)),
          pooled.filter((_, i) => !isX.has(i)),
        ),
      );
    }
  } else {
    const dealt = Float64Array.from(pooled);
    for (let round = 0; round < permutations; round++) {
      // Only the first m places need to be dealt at random.
      for (let i = 0; i < m; i++) {
        const j = i + rng.below(n - i);
        [dealt[i], dealt[j]] = [dealt[j]!, dealt[i]!];
      }
      tally.add(measure(dealt.subarray(0, m), dealt.subarray(m)));
    }
  }
  return finish(tally, { statistic, n, alternative, isExact });
}

type Finish = { statistic: number; n: number; alternative: Alternative; isExact: boolean };

function finish(tally: Tally, { statistic, n, alternative, isExact }: Finish): PermutationTest {
  return {
    statistic,
    p: tally.p(alternative, isExact),
    n,
    permutations: tally.count,
    alternative,
    method: isExact ? "permutation-exact" : "permutation-random",
  };
}

function meanDifference(x: Float64Array, y: Float64Array): number {
  let [sumX, sumY] = [0, 0];
  for (const value of x) sumX += value;
  for (const value of y) sumY += value;
  return sumX / x.length - sumY / y.length;
}

function countSubsets(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) count = (count * (n - i + 1)) / i;
  return count;
}

/** All subsets of k of 0 ... n-1, in lexicographic order. */
function* subsets(n: number, k: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: k }, (_, i) => i);
  for (;;) {
    yield chosen;
    let place = k - 1;
    while (place >= 0 && chosen[place] === n - k + place) place--;
    if (place < 0) return;
    chosen[place]!++;
    for (let i = place + 1; i < k; i++) chosen[i] = chosen[i - 1]! + 1;
  }
}
