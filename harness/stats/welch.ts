import { mean, sampleVariance } from "./descriptive.ts";
import { whyUnusable } from "./estimate.ts";
import { tCdf } from "./student-t.ts";
import type { Alternative } from "./test-result.ts";

export type WelchTest = {
  /** (mean x - mean y) / standard error; undefined where it cannot be computed. */
  readonly statistic: number | undefined;
  /** Welch-Satterthwaite degrees of freedom. */
  readonly df: number | undefined;
  /** 1 where the data cannot be judged: never evidence. */
  readonly p: number;
  readonly n: number;
  readonly alternative: Alternative;
  readonly method: "welch-t";
  readonly reason?: "no-data" | "not-finite" | "too-few" | "no-variation";
};

/**
 * Welch's (1947) t test of two independent samples with unequal variances; "greater": small when x has the larger mean. Here it is a
 * yardstick: what tools that measure one arm after the other use. No gate of ours decides by it.
 */
export function welchTest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { alternative = "two-sided" }: { readonly alternative?: Alternative } = {},
): WelchTest {
  const n = x.length + y.length;
  const method = "welch-t";
  const unusable = whyUnusable(x) ?? whyUnusable(y);
  const isShort = x.length < 2 || y.length < 2;
  const [vx, vy] = isShort ? [0, 0] : [sampleVariance(x) / x.length, sampleVariance(y) / y.length];
  const reason = unusable ?? (isShort ? "too-few" : vx + vy > 0 ? undefined : "no-variation");
  if (reason) return { statistic: undefined, df: undefined, p: 1, n, alternative, method, reason };
  const statistic = (mean(x) - mean(y)) / Math.sqrt(vx + vy);
  const df = (vx + vy) ** 2 / (vx ** 2 / (x.length - 1) + vy ** 2 / (y.length - 1));
  const p =
    alternative === "less"
      ? tCdf(statistic, { df })
      : alternative === "greater"
        ? tCdf(statistic, { df, tail: "upper" })
        : Math.min(1, 2 * tCdf(-Math.abs(statistic), { df }));
  return { statistic, df, p, n, alternative, method };
}
