import { mean, sampleVariance } from "./descriptive.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";
import { tCdf, tQuantile } from "./student-t.ts";
import type { Alternative } from "./test-result.ts";

/** Student's interval of the mean of at least two about normal observations, in their unit. Equal observations give a point. */
export function tInterval(data: ArrayLike<number>, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  return around(data, { level, method: "student-t", variance: (s2, n) => s2 / n });
}

/**
 * Where ONE new observation of the same kind falls with probability `level`: mean ± t(n-1)·s·√(1 + 1/n). This, not
 * {@link tInterval}, is what a new value is compared with when it is set against a history.
 */
export function predictionInterval(data: ArrayLike<number>, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  return around(data, { level, method: "student-t-prediction", variance: (s2, n) => s2 * (1 + 1 / n) });
}

type Around = { level: number; method: string; variance: (sampleVariance: number, n: number) => number };

function around(data: ArrayLike<number>, { level, method, variance }: Around): Estimate | Unjudged {
  requireFraction("level", level);
  const n = data.length;
  const why = whyUnusable(data);
  if (why) return unjudged(why, { level, n, method });
  const value = mean(data);
  if (n < 2) return { value, low: -Infinity, high: Infinity, level, n, method, reason: "too-few" };
  const s2 = sampleVariance(data);
  if (!(s2 > 0)) return { value, low: value, high: value, level, n, method, reason: "no-variation" };
  const half = tQuantile((1 + level) / 2, { df: n - 1 }) * Math.sqrt(variance(s2, n));
  return { value, low: value - half, high: value + half, level, n, method };
}

/** Student's test that the mean of the data is `location`. */
export type TTest = {
  /** (mean - location) / (s/√n); undefined where it cannot be computed. */
  readonly statistic: number | undefined;
  /** 1 where the data cannot be judged: never evidence. */
  readonly p: number;
  readonly n: number;
  readonly alternative: Alternative;
  readonly method: "student-t";
  readonly reason?: "no-data" | "not-finite" | "too-few" | "no-variation";
};

/** Tests whether the mean is `location` (0 unless told) against it being "less", "greater" or either. */
export function tTest(
  data: ArrayLike<number>,
  { location = 0, alternative = "two-sided" }: { readonly location?: number; readonly alternative?: Alternative } = {},
): TTest {
  const n = data.length;
  const method = "student-t";
  const unusable = whyUnusable(data);
  const s2 = unusable ? Number.NaN : sampleVariance(data);
  const reason = unusable ?? (n < 2 ? "too-few" : s2 > 0 ? undefined : "no-variation");
  if (reason) return { statistic: undefined, p: 1, n, alternative, method, reason };
  const statistic = (mean(data) - location) / Math.sqrt(s2 / n);
  const df = n - 1;
  const p =
    alternative === "less"
      ? tCdf(statistic, { df })
      : alternative === "greater"
        ? tCdf(statistic, { df, tail: "upper" })
        : Math.min(1, 2 * tCdf(-Math.abs(statistic), { df }));
  return { statistic, p, n, alternative, method };
}
