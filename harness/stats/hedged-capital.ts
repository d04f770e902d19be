import { mean } from "./descriptive.ts";
import { log, log1p } from "./elementary.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import { bisect, type LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/** Share of the largest safe bet that is ever staked; the authors' recommendation. */
const TRUNCATION = 0.5;

export type HedgedCapital = {
  /** Wealth after each observation: the larger of the two halves, one betting up, one down. */
  readonly wealth: Float64Array;
  readonly largest: number;
  /** Observations after which the wealth first reached 1/alpha: the mean is refuted; undefined where it has not. */
  readonly firstReached: number | undefined;
  readonly n: number;
  readonly method: "hedged-capital";
  readonly reason?: "no-data" | "not-finite";
};

/**
 * Hedged capital process (Waudby-Smith & Ramdas 2024) against "observations in [0, 1] have conditional mean `mean`": an e-process,
 * so its wealth reaches 1/alpha with probability at most alpha if that is true, at any stopping time.
 */
export function hedgedCapital(
  data: ArrayLike<number>,
  { mean: hypothesis, alpha = 0.05 }: { readonly mean: number; readonly alpha?: number },
): HedgedCapital {
  if (!(hypothesis >= 0 && hypothesis <= 1)) throw new RangeError(`mean must lie between 0 and 1, got ${hypothesis}`);
  requireFraction("alpha", alpha);
  const n = data.length;
  const why = whyUnusable(data);
  if (why) {
    return {
      wealth: new Float64Array(),
      largest: 1,
      firstReached: undefined,
      n,
      method: "hedged-capital",
      reason: why,
    };
  }
  const values = requireUnit(data, 0, 1);
  const stakes = predictableStakes(values, alpha);
  const wealth = new Float64Array(n);
  let [up, down, largest] = [0.5, 0.5, 0];
  let firstReached: number | undefined;
  for (let t = 0; t < n; t++) {
    const away = values[t]! - hypothesis;
    up *= 1 + Math.min(stakes[t]!, TRUNCATION / hypothesis) * away;
    down *= 1 - Math.min(stakes[t]!, TRUNCATION / (1 - hypothesis)) * away;
    const now = Math.max(up, down);
    wealth[t] = now;
    largest = Math.max(largest, now);
    if (firstReached === undefined && now >= 1 / alpha) firstReached = t + 1;
  }
  return { wealth, largest, firstReached, n, method: "hedged-capital" };
}

export type ConfidenceSequenceOptions = LevelOption & {
  /** Bounds of the observations; 0 and 1 unless told. */
  readonly lower?: number;
  readonly upper?: number;
  /** True: also leave out what any earlier look had refuted; narrower, but it may exclude the observed mean. */
  readonly running?: boolean;
};

/**
 * Confidence sequence for the mean of bounded observations: the means that {@link hedgedCapital} does not refute after all of
 * them. It may be computed anew after every observation, and all of these intervals together cover at the level.
 */
export function confidenceSequence(
  data: ArrayLike<number>,
  { level = 0.95, lower = 0, upper = 1, running = false }: ConfidenceSequenceOptions = {},
): Estimate | Unjudged {
  requireFraction("level", level);
  if (!(lower < upper)) throw new RangeError(`lower must be less than upper, got ${lower} and ${upper}`);
  const n = data.length;
  const method = "hedged-capital";
  const why = whyUnusable(data);
  if (why) return unjudged(why, { level, n, method });
  const values = requireUnit(data, lower, upper);
  const stakes = predictableStakes(values, 1 - level);
  const target = 2 / (1 - level);
  // Whether the half that bets on "the mean is larger" refutes m. It is monotone in m, so the limit can be bisected.
  const isTooLow = (m: number, sample: Float64Array) => {
    let up = 1;
    for (let t = 0; t < n; t++) {
      up *= 1 + Math.min(stakes[t]!, TRUNCATION / m) * (sample[t]! - m);
      if (running && up >= target) return true;
    }
    return up >= target;
  };
  const mirrored = values.map((x) => 1 - x);
  const low = isTooLow(0, values) ? bisect(0, 1, (m) => isTooLow(m, values)) : 0;
  const high = isTooLow(0, mirrored) ? 1 - bisect(0, 1, (m) => isTooLow(m, mirrored)) : 1;
  const scale = upper - lower;
  return { value: mean(data), low: lower + scale * low, high: lower + scale * high, level, n, method };
}

function requireUnit(data: ArrayLike<number>, lower: number, upper: number): Float64Array {
  return Float64Array.from(data, (x) => {
    if (!(x >= lower && x <= upper)) throw new RangeError(`observations must lie in [${lower}, ${upper}], got ${x}`);
    return (x - lower) / (upper - lower);
  });
}

/** Stakes √(2 ln(2/α)/(σ̂²_{t-1} t ln(1+t))), each from what came before it only. */
function predictableStakes(values: Float64Array, alpha: number): Float64Array {
  const stakes = new Float64Array(values.length);
  const numerator = 2 * log(2 / alpha);
  let sum = 0.5;
  let squares = 0.25;
  for (let t = 1; t <= values.length; t++) {
    // One imagined observation of ½ with variance ¼ starts both estimates.
    const variance = squares / t;
    stakes[t - 1] = Math.sqrt(numerator / (variance * t * log1p(t)));
    const x = values[t - 1]!;
    sum += x;
    const away = x - sum / (t + 1);
    squares += away * away;
  }
  return stakes;
}
