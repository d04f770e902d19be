import { incompleteBeta, inverseBeta, type UnitPoint, unitPointOfOdds } from "./beta.ts";
import { exp, log } from "./elementary.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { requireProbability } from "./require.ts";

type Tail = "lower" | "upper";

function requireDegrees(df: number): number {
  if (!(df > 0)) throw new RangeError(`df must be positive, got ${df}`);
  return df;
}

/** The point df / (df + t²), also where t² would overflow. */
function pointOf(t: number, df: number): UnitPoint {
  const square = t * t;
  if (square < Infinity) return unitPointOfOdds(df, square);
  return { x: 0, y: 1, logX: log(df) - 2 * log(Math.abs(t)), logY: 0 };
}

/** P(T ≤ t) of Student's t with df > 0 degrees of freedom (Infinity: normal), or P(T > t) for the upper tail. */
export function tCdf(t: number, { df, tail = "lower" }: { df: number; tail?: Tail }): number {
  requireDegrees(df);
  if (Number.isNaN(t)) throw new RangeError("t must be a number, got NaN");
  if (df === Infinity) return normalCdf(t, { tail });
  const signed = tail === "lower" ? t : -t;
  if (signed === -Infinity) return 0;
  if (signed === Infinity) return 1;
  const outside = incompleteBeta(df / 2, 0.5, pointOf(signed, df));
  return signed < 0 ? 0.5 * outside.lower : 0.5 + 0.5 * outside.upper;
}

/** The p-quantile of Student's t with df > 0 degrees of freedom (Infinity: normal), p in [0, 1]. */
export function tQuantile(p: number, { df }: { df: number }): number {
  requireDegrees(df);
  requireProbability("p", p);
  if (df === Infinity) return normalQuantile(p);
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  const tail = p < 0.5 ? p : 1 - p;
  const point = inverseBeta(df / 2, 0.5, 2 * tail, 1 - 2 * tail);
  // t² = df·y/x, through the logarithms where x has underflowed.
  const size = point.x > 1e-290 ? Math.sqrt(df * (point.y / point.x)) : exp(0.5 * (log(df) + point.logY - point.logX));
  return p < 0.5 ? -size : size;
}
