import { chiSquareQuantile } from "./chi-square.ts";
import { mean, standardDeviation } from "./descriptive.ts";
import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/**
 * Coefficient of variation s/mean (a fraction) of at least two positive-mean measurements, with Vangel's (1996) modified McKay
 * interval for about normal data; good up to a coefficient of about .33. A limit that has no finite solution is Infinity.
 */
export function coefficientOfVariation(
  data: ArrayLike<number>,
  { level = 0.95 }: LevelOption = {},
): Estimate | Unjudged {
  requireFraction("level", level);
  const n = data.length;
  const method = "modified-mckay";
  const why = whyUnusable(data);
  if (why) return unjudged(why, { level, n, method });
  const center = mean(data);
  if (!(center > 0)) return unjudged("mean-not-positive", { level, n, method });
  if (n < 2) return unjudged("too-few", { level, n, method });
  const value = standardDeviation(data) / center;
  const limit = (p: number) => {
    const u = chiSquareQuantile(p, { df: n - 1 });
    const square = ((u + 2) / n - 1) * value * value + u / (n - 1);
    return square > 0 ? value / Math.sqrt(square) : Infinity;
  };
  const low = limit((1 + level) / 2);
  const high = value === 0 ? 0 : limit((1 - level) / 2);
  if (value === 0) return { value, low: 0, high: 0, level, n, method, reason: "no-variation" };
  return { value, low, high, level, n, method, ...(high === Infinity ? { reason: "too-few" as const } : {}) };
}
