import { requireCount, requireFraction } from "./require.ts";

/**
 * What a sequential verdict is about. "super-population": the items stand for more like them, margin against their expected drop.
 * "finite-set": the drop on exactly these N items; a different, weaker claim, to be labelled so wherever it is shown.
 */
export type BettingClaim = "super-population" | "finite-set";

export type BettingOptions = {
  /** δ: the drop that PASS must show to be larger than the truth; in (-1, 1). */
  readonly margin: number;
  /** The drop that FAIL must show to be exceeded; the margin unless told (any-regression: 0). */
  readonly failMargin?: number;
  /** Error probability a side, whenever one looks; .05 unless told. */
  readonly alpha?: number;
  readonly claim?: BettingClaim;
  /** N, required for "finite-set": items of the whole set, met in a uniformly random order. */
  readonly items?: number;
  /** Bets in (0, 1) as fractions of the largest safe bet, mixed with equal weights. */
  readonly bets?: readonly number[];
};

export type BettingVerdict = "pass" | "fail" | "undecided";

/** Evidence so far. An e-value ≥ 1/α refutes its null hypothesis with error at most α, at any time (Ville). */
export type BettingState = {
  readonly verdict: BettingVerdict;
  /** E-value against "the drop is at least the margin". */
  readonly ePass: number;
  /** E-value against "the drop is at most the fail margin". */
  readonly eFail: number;
  /** Items after which the e-value first reached 1/α; undefined where it has not. */
  readonly passAt: number | undefined;
  readonly failAt: number | undefined;
  readonly used: number;
  readonly claim: BettingClaim;
};

/** A running pair of e-processes; see {@link bettingProcess}. */
export type BettingProcess = {
  /** Takes the next difference, in [-1, 1]; costs well under a microsecond. */
  update(difference: number): void;
  /** "fail" wins where both have been shown. */
  readonly verdict: BettingVerdict;
  /** As in the state, without making one: for callers that look after every item. */
  readonly ePass: number;
  readonly eFail: number;
  state(): BettingState;
};

/** Twelve linearly spaced bets: in simulation they stop sooner than geometric spacing in every setting tried. */
const BETS = Array.from({ length: 12 }, (_, k) => 0.01 + (k * 0.94) / 11);

type Side = { wealth: Float64Array; total: number; at: number | undefined };

/**
 * Betting e-processes for paired differences d = baseline - candidate (+ is worse) in [-1, 1]: one grows when the drop is below the
 * margin (PASS), the other when it is above the fail margin (FAIL). Each is a mixture of K bets f:
 * PASS Π(1 + f(μ-d)/(1-μ)), FAIL Π(1 + f(d-μ)/(1+μ)); μ is the margin, or in a finite set the mean that the items still to come
 * would need for the margin to be met exactly (Waudby-Smith & Ramdas 2020, 2024). Where no such mean is possible the
 * hypothesis is refuted with certainty.
 */
export function bettingProcess(options: BettingOptions): BettingProcess {
  const { margin, failMargin = margin, alpha = 0.05, claim = "super-population", bets = BETS } = options;
  for (const [name, value] of Object.entries({ margin, failMargin })) {
    if (!(value > -1 && value < 1)) throw new RangeError(`${name} must lie strictly between -1 and 1, got ${value}`);
  }
  requireFraction("alpha", alpha);
  if (bets.length === 0) throw new RangeError("bets must not be empty");
  for (const bet of bets) requireFraction("bet", bet);
  const isSet = claim === "finite-set";
  const items = isSet ? requireCount("items", options.items as number, 1) : Infinity;
  const threshold = 1 / alpha;
  const fractions = Float64Array.from(bets);
  const start = () => ({ wealth: new Float64Array(bets.length).fill(1 / bets.length), total: 1, at: undefined });
  const pass: Side = start();
  const fail: Side = start();
  const passTotal = isSet ? wholeIfClose(items * margin) : 0;
  const failTotal = isSet ? wholeIfClose(items * failMargin) : 0;
  let used = 0;
  let sum = 0;

  const settle = (side: Side): void => {
    if (side.at === undefined && side.total >= threshold) side.at = used;
  };

  const update = (difference: number): void => {
    if (!(difference >= -1 && difference <= 1)) {
      throw new RangeError(`a difference must lie between -1 and 1, got ${difference}`);
    }
    if (used >= items) throw new RangeError(`the finite set has only ${items} items`);
    const left = items - used;
    const passMean = isSet ? (passTotal - sum) / left : margin;
    const failMean = isSet ? (failTotal - sum) / left : failMargin;
    used++;
    sum += difference;
    // Mirrored, the FAIL side is a PASS side: differences and means change sign.
    bet(pass, fractions, passMean, difference);
    bet(fail, fractions, -failMean, -difference);
    if (isSet && used === items) {
      // Everything has been seen: whatever is still open is known.
      if (sum < passTotal) pass.total = Infinity;
      if (sum > failTotal) fail.total = Infinity;
    }
    settle(pass);
    settle(fail);
  };

  const verdict = (): BettingVerdict => {
    if (fail.at !== undefined) return "fail";
    return pass.at === undefined ? "undecided" : "pass";
  };

  return {
    update,
    get verdict() {
      return verdict();
    },
    get ePass() {
      return pass.total;
    },
    get eFail() {
      return fail.total;
    },
    state: () => ({
      verdict: verdict(),
      ePass: pass.total,
      eFail: fail.total,
      passAt: pass.at,
      failAt: fail.at,
      used,
      claim,
    }),
  };
}

/** Bets on d < mean with every fraction of the largest safe stake 1/(1 - mean). */
function bet(side: Side, fractions: Float64Array, mean: number, d: number): void {
  if (mean >= 1) {
    // All that are left would have to be 1. Certainty once one is not, or when even that would not do.
    if (mean > 1 || d < 1) side.total = Infinity;
    return;
  }
  if (side.total === Infinity) return;
  const safe = mean < -1 ? -1 : mean;
  const gain = (safe - d) / (1 - safe);
  const { wealth } = side;
  let total = 0;
  for (let k = 0; k < wealth.length; k++) {
    const next = wealth[k]! * (1 + fractions[k]! * gain);
    wealth[k] = next;
    total += next;
  }
  side.total = total;
}

/** N·δ without the rounding error that would turn "exactly at the margin" into "beyond it". */
function wholeIfClose(total: number): number {
  const whole = Math.round(total);
  return Math.abs(total - whole) < 1e-9 * Math.max(1, Math.abs(whole)) ? whole : total;
}
