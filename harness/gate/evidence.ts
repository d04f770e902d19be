import * as stats from "../stats/index.ts";

/** Beyond this an e-value says no more: certainty, too, is written as a number. */
const LARGEST_E = 1e12;

/** What an e-process has shown so far. Largest values so far, as evidence once reached stays (Ville's inequality). */
export interface Evidence {
  /** For "the gate is met" and "the gate is violated". */
  readonly ePass: number;
  readonly eFail: number;
  /** Observations after which each claim was shown at α. */
  readonly passAt: number | undefined;
  readonly failAt: number | undefined;
  /** The same at α over the number of claims that each is one of: Holm's first step, which no other claim's p-value can undo. */
  readonly surePassAt: number | undefined;
  readonly sureFailAt: number | undefined;
  readonly used: number;
}

/** Claims that a PASS and a FAIL are corrected for, each ≥ 1. */
export interface Families {
  readonly pass: number;
  readonly fail: number;
}

/** No correction. */
export const ALONE: Families = { pass: 1, fail: 1 };

export interface EvidenceOptions {
  /** PASS shows a mean below this, FAIL a mean above `failMargin` (the same unless told). */
  readonly margin: number;
  readonly failMargin?: number;
  readonly alpha: number;
  /** Error that a FAIL may have; α unless told, half of it for one of two sides. */
  readonly failAlpha?: number;
  readonly claim: stats.BettingClaim;
  readonly families: Families;
  readonly bets?: readonly number[] | undefined;
}

/** Observations in [-1, 1] (+ is worse) in random order, each of one of several groups; one group is the plain case. */
export interface Observations {
  readonly values: ArrayLike<number>;
  readonly groupOf: (index: number) => number;
  /** Size of each group's whole set, for the claim about a finite set. */
  readonly groupSizes: readonly number[];
}

/**
 * Evidence over groups (classes). Met: in every group, so each must show it at α (an intersection-union test), and the e-value is
 * that of the weakest. Violated: in some group; the mean of the groups' e-values is an e-value against "in none", which corrects for
 * their number. Groups without an item in the whole set do not count.
 */
export function gatherEvidence({ values, groupOf, groupSizes }: Observations, options: EvidenceOptions): Evidence {
  const { margin, failMargin = margin, alpha, failAlpha = alpha, claim, families, bets } = options;
  const setting = { margin, failMargin, alpha, claim, ...(bets === undefined ? {} : { bets }) };
  const groups = groupSizes.map((items) => ({
    process: items === 0 ? undefined : stats.bettingProcess({ ...setting, items }),
    most: items === 0 ? Infinity : 1,
    current: items === 0 ? 0 : 1,
    hasPassed: items === 0,
    isSure: items === 0,
  }));
  const count = groups.filter(({ process }) => process !== undefined).length;
  let open = count;
  let sum = count;
  let eFail = 1;
  let [passAt, failAt, surePassAt, sureFailAt]: (number | undefined)[] = [];
  let unsure = count;
  for (let i = 0; i < values.length; i++) {
    const group = groups[groupOf(i)];
    if (group?.process === undefined) throw new RangeError(`observation ${i} is of a group that has none`);
    group.process.update(values[i] as number);
    const { ePass: gained, eFail: lost } = group.process;
    if (gained > group.most) group.most = gained;
    if (!group.hasPassed && gained >= 1 / alpha) {
      group.hasPassed = true;
      open--;
      if (open === 0) passAt ??= i + 1;
    }
    if (!group.isSure && gained >= families.pass / alpha) {
      group.isSure = true;
      unsure--;
      if (unsure === 0) surePassAt ??= i + 1;
    }
    // Infinity minus infinity is no number: certainty is kept as a large value.
    const now = Math.min(lost, LARGEST_E);
    sum += now - group.current;
    group.current = now;
    eFail = Math.max(eFail, sum / count);
    if (eFail >= 1 / failAlpha) failAt ??= i + 1;
    if (eFail >= families.fail / failAlpha) sureFailAt ??= i + 1;
  }
  const ePass = count === 0 ? 1 : Math.min(...groups.map(({ most }) => most));
  return {
    ePass: Math.min(ePass, LARGEST_E),
    eFail: Math.min(eFail, LARGEST_E),
    passAt,
    failAt,
    surePassAt,
    sureFailAt,
    used: values.length,
  };
}

/** Evidence that a gate with two sides (equivalence) is met: both; that it is violated: either, at half the error each. */
export function bothSides(upper: Evidence, lower: Evidence): Evidence {
  const later = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined ? undefined : Math.max(x, y);
  const sooner = (x: number | undefined, y: number | undefined) =>
    x === undefined ? y : y === undefined ? x : Math.min(x, y);
  return {
    ePass: Math.min(upper.ePass, lower.ePass),
    eFail: Math.max(1, upper.eFail / 2, lower.eFail / 2),
    passAt: later(upper.passAt, lower.passAt),
    failAt: sooner(upper.failAt, lower.failAt),
    surePassAt: later(upper.surePassAt, lower.surePassAt),
    sureFailAt: sooner(upper.sureFailAt, lower.sureFailAt),
    used: upper.used,
  };
}

/** Halvings of a bisection for a limit: 2 / 2^20 is a fiftieth of an item in 10,000. */
const HALVINGS = 20;

/**
 * Confidence sequence of a mean of observations in [-1, 1]: the margins that neither claim has refuted at α, so the limits are those at
 * which the verdict would change. [-1, 1] where nothing is refuted yet.
 */
export function confidenceSequence(
  values: ArrayLike<number>,
  { alpha, claim, items }: { readonly alpha: number; readonly claim: stats.BettingClaim; readonly items: number },
): { readonly low: number; readonly high: number } {
  /** Whether the claim is ever shown at this margin; the first time is enough. */
  const isShown = (margin: number, side: "ePass" | "eFail"): boolean => {
    const process = stats.bettingProcess({ margin, alpha, claim, items });
    for (let i = 0; i < values.length; i++) {
      process.update(values[i] as number);
      if (process[side] >= 1 / alpha) return true;
    }
    return false;
  };
  const search = (isBeyond: (margin: number) => boolean, inside: number, outside: number) => {
    let [near, far] = [inside, outside];
    for (let step = 0; step < HALVINGS; step++) {
      const middle = (near + far) / 2;
      if (isBeyond(middle)) far = middle;
      else near = middle;
    }
    return far;
  };
  const high = search((margin) => isShown(margin, "ePass"), -1, 1);
  const low = search((margin) => isShown(margin, "eFail"), 1, -1);
  return ordered({ low, high });
}

/** Where runs that failed make observations come in clumps, the two limits may cross: what is shown then is what lies between them. */
export function ordered({ low, high }: { readonly low: number; readonly high: number }): { low: number; high: number } {
  return low <= high ? { low, high } : { low: high, high: low };
}
