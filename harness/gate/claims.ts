import type { PairedScores } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import * as stats from "../stats/index.ts";
import { baselineShare } from "./effect.ts";

/** p-values of a gate's two claims; undefined where nothing can be tested. The interval's verdict and these agree. */
export interface Claims {
  /** "The gate is met." */
  readonly pass: number | undefined;
  /** "The gate is violated." */
  readonly fail: number | undefined;
}

/** p-values of "the truth is below the threshold" and "is above". */
export type Sides = (threshold: number) => { readonly below: number; readonly above: number };

/**
 * Claims about a drop in score (+ is worse): Tango's score test on a paired table ("above" corrected). Where runs differ, as the interval has it: t on item
 * means for "above", Tango on the strict table for "below".
 */
export function scoreDropClaims(scores: PairedScores, policy: GateSpecDoc["policy"], margin: number): Claims {
  const { n, table, differences = new Float64Array(0), strict } = scores;
  if (n === 0) return { pass: undefined, fail: undefined };
  return sidedClaims(policy, margin, -margin, (difference) => {
    if (table !== undefined) {
      const below = stats.tangoTest(table, { difference }).pBelow;
      return { below, above: stats.pairedDropAbove(table, { difference }) };
    }
    const above = stats.tTest(differences, { location: difference, alternative: "greater" }).p;
    return { below: stats.tangoTest(strict, { difference }).pBelow, above };
  });
}

/** Steps of this size (about 1e-12) make equal ratios of quantized clocks equal again after rounding in ln. */
const STEP = 2 ** -40;
const snap = (x: number): number => Math.round(x / STEP) * STEP;

/** Claims about a drop as a share of the baseline's accuracy; the border of each policy is a share too. */
export function relativeScoreDropClaims(scores: PairedScores, policy: GateSpecDoc["policy"], margin: number): Claims {
  const { n, table, differences = new Float64Array(0), strict } = scores;
  if (n === 0) return { pass: undefined, fail: undefined };
  return sidedClaims(policy, margin, -margin, (drop) => {
    if (table !== undefined) {
      const { pBelow, pAbove } = stats.relativeDropTest(table, { drop });
      const share = baselineShare(table);
      const points = share > 0 ? stats.pairedDropAbove(table, { difference: drop * share }) : 1;
      return { below: pBelow, above: Math.max(pAbove, points) };
    }
    // A drop in points above the share is a fortiori a share above it.
    const above = stats.tTest(differences, { location: Math.max(drop, 0), alternative: "greater" }).p;
    return { below: stats.relativeDropTest(strict, { drop }).pBelow, above };
  });
}

/** Claims about values of blocks, one each, against a limit (floor, ceiling) or a margin in their own unit: exact signed-rank. */
export function blockClaims(values: Float64Array, policy: GateSpecDoc["policy"], threshold: number): Claims {
  if (values.length === 0) return { pass: undefined, fail: undefined };
  const sides: Sides = (location) => ({
    below: stats.signedRank(values, { location, alternative: "less" }).p,
    above: stats.signedRank(values, { location, alternative: "greater" }).p,
  });
  if (policy !== "floor") return sidedClaims(policy, threshold, -threshold, sides);
  const { below, above } = sides(threshold);
  return { pass: above, fail: below };
}

/** Claims about a relative change (+ is worse) from log ratios of blocks: the exact signed-rank test. */
export function relativeChangeClaims(logRatios: Float64Array, policy: GateSpecDoc["policy"], margin: number): Claims {
  if (logRatios.length === 0) return { pass: undefined, fail: undefined };
  const ratios = logRatios.map(snap);
  return sidedClaims(policy, snap(Math.log1p(margin)), snap(Math.log1p(-margin)), (location) => ({
    below: stats.signedRank(ratios, { location, alternative: "less" }).p,
    above: stats.signedRank(ratios, { location, alternative: "greater" }).p,
  }));
}

/** Claims about a share of trials or items against a limit (floor, ceiling) or, where + is worse, a margin: exact binomial. */
export function rateClaims({ successes, n }: stats.Counts, policy: GateSpecDoc["policy"], p: number): Claims {
  const atLeast = (bound: number) => stats.binomialCdf(successes - 1, { n, p: bound, tail: "upper" });
  const atMost = stats.binomialCdf(successes, { n, p });
  if (policy === "floor") return { pass: atLeast(p), fail: atMost };
  return { pass: atMost, fail: atLeast(policy === "any-regression" ? 0 : p) };
}

/** Where each policy's claims have their border; equivalence needs both sides to pass (two one-sided tests), either fails it. */
export function sidedClaims(policy: GateSpecDoc["policy"], margin: number, lowerMargin: number, sides: Sides): Claims {
  const atMargin = sides(margin);
  switch (policy) {
    case "any-regression":
      return { pass: atMargin.below, fail: sides(0).above };
    case "equivalence": {
      const atLower = sides(lowerMargin);
      return { pass: Math.max(atMargin.below, atLower.above), fail: Math.min(atMargin.above, atLower.below) };
    }
    default:
      return { pass: atMargin.below, fail: atMargin.above };
  }
}
