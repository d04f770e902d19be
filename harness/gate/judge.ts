import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Effect } from "./effect.ts";

export type Verdict = "pass" | "fail" | "inconclusive";

/** A limit this close to a margin lies on it: rounding in ln and exp must not decide. Far below any difference that is measured. */
const ROUNDING = 1e-12;

/**
 * Interval against margin or limit (docs/statistics: verdicts). The effect is oriented so that + is worse for margins, and is
 * the plain value for floor and ceiling. Bounds are one-sided limits at 1-α. NaN, a threshold that is no number, and a limit on the
 * margin decide nothing.
 */
export function judge(policy: GateSpecDoc["policy"], effect: Effect, threshold: number): Verdict {
  const { low, high, value } = effect;
  if (!Number.isFinite(threshold)) return "inconclusive";
  if (value === undefined || Number.isNaN(low) || Number.isNaN(high) || Number.isNaN(value)) return "inconclusive";
  switch (policy) {
    case "non-inferiority":
      return isAbove(low, threshold) ? "fail" : isAbove(threshold, high) ? "pass" : "inconclusive";
    case "any-regression":
      return isAbove(low, 0) ? "fail" : isAbove(threshold, high) ? "pass" : "inconclusive";
    case "equivalence":
      if (isAbove(low, threshold) || isAbove(-threshold, high)) return "fail";
      return isAbove(low, -threshold) && isAbove(threshold, high) ? "pass" : "inconclusive";
    case "floor":
      return high < threshold ? "fail" : low >= threshold ? "pass" : "inconclusive";
    // A quantile is within the limit as a plain value is: by its order-statistic bound.
    case "ceiling":
    case "quantile-limit":
      return low > threshold ? "fail" : high <= threshold ? "pass" : "inconclusive";
    case "exact":
      return value <= threshold ? "pass" : "fail";
  }
}

function isAbove(x: number, y: number): boolean {
  return x > y + ROUNDING;
}
