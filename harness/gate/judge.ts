import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Effect } from "./effect.ts";

export type Verdict = "pass" | "fail" | "inconclusive";

/**
 * Interval against margin or limit (docs/statistics: verdicts). The effect is oriented so that + is worse for margins, and is
 * the plain value for floor and ceiling. Bounds are one-sided limits at 1-α. NaN, and a threshold that is no number, decide nothing.
 */
export function judge(policy: GateSpecDoc["policy"], effect: Effect, threshold: number): Verdict {
  const { low, high, value } = effect;
  if (!Number.isFinite(threshold)) return "inconclusive";
  if (value === undefined || Number.isNaN(low) || Number.isNaN(high) || Number.isNaN(value)) return "inconclusive";
  switch (policy) {
    case "non-inferiority":
      return low > threshold ? "fail" : high < threshold ? "pass" : "inconclusive";
    case "any-regression":
      return low > 0 ? "fail" : high < threshold ? "pass" : "inconclusive";
    case "equivalence":
      if (low > threshold || high < -threshold) return "fail";
      return low > -threshold && high < threshold ? "pass" : "inconclusive";
    case "floor":
      return high < threshold ? "fail" : low >= threshold ? "pass" : "inconclusive";
    case "ceiling":
      return low > threshold ? "fail" : high <= threshold ? "pass" : "inconclusive";
    case "exact":
      return value <= threshold ? "pass" : "fail";
  }
}
