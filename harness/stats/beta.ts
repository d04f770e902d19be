import { exp, log, log1p } from "./elementary.ts";
import { deviance, stirlingRest } from "./gamma.ts";
import { requirePositive, requireProbability } from "./require.ts";

/** A point of the unit interval with its complement and both logarithms, so that neither end loses digits. */
export type UnitPoint = { readonly x: number; readonly y: number; readonly logX: number; readonly logY: number };

/** The {@link UnitPoint} of x. */
export function unitPoint(x: number): UnitPoint {
  return { x, y: 1 - x, logX: log(x), logY: log1p(-x) };
}

/** The {@link UnitPoint} of numerator / (numerator + rest), where both are known exactly. */
export function unitPointOfOdds(numerator: number, rest: number): UnitPoint {
  const total = numerator + rest;
  return {
    x: numerator / total,
    y: rest / total,
    logX: numerator < rest ? log(numerator / total) : -log1p(rest / numerator),
    logY: rest < numerator ? log(rest / total) : -log1p(numerator / rest),
  };
}

/** Stands in for a zero denominator in Lentz's method. */
const TINY = 1e-300;

/** x^a y^b / B(a, b) without cancellation for large a, b (Loader's saddle-point form). */
function betaFront(a: number, b: number, point: UnitPoint): number {
  const n = a + b;
  const scale = Math.sqrt(a / n) * Math.sqrt(b / (2 * Math.PI));
  const rest = stirlingRest(n) - stirlingRest(a) - stirlingRest(b);
  return scale * exp(rest - halfDeviance(a, n, point.x, point.logX) - halfDeviance(b, n, point.y, point.logY));
}

/** a ln(a/(n x)) + n x - a; from the logarithm of x where x itself has underflowed or is far from a/n. */
function halfDeviance(a: number, n: number, x: number, logX: number): number {
  const mean = n * x;
  if (mean < 0.5 * a) return a * (log(a / n) - logX) + mean - a;
  return deviance(a, mean);
}

/**
 * Continued fraction F with I_x(a, b) = (x^a y^b / B) / F for x at or below the mean: the contraction of DLMF 8.17.22 that
 * sees x only through a·y - b·x, which loses nothing near x = 1 (DiDonato & Morris 1992). Modified Lentz method.
 */
function betaFraction(a: number, b: number, { x, y }: UnitPoint): number {
  const excess = a * y - b * x;
  let value = (a * (excess + 1)) / (a + 1);
  if (value === 0) value = TINY;
  let c = value;
  let d = 0;
  for (let m = 1; m < 1_000_000; m++) {
    const before = a + 2 * m - 1;
    const numerator = ((((a + m - 1) / before) * (a + b + m - 1)) / before) * m * (b - m) * x * x;
    const denominator = m + (m * (b - m) * x) / before + ((a + m) * (excess + 1 + m * (1 + y))) / (before + 2);
    d = denominator + numerator * d;
    if (d === 0) d = TINY;
    d = 1 / d;
    c = denominator + numerator / c;
    if (c === 0) c = TINY;
    const delta = c * d;
    value *= delta;
    if (Math.abs(delta - 1) < 2e-16) break;
  }
  return value;
}

/** Both tails of the regularized incomplete beta function at a point, the smaller one to full relative accuracy. */
export function incompleteBeta(a: number, b: number, point: UnitPoint): { lower: number; upper: number } {
  if (point.logX === -Infinity) return { lower: 0, upper: 1 };
  if (point.logY === -Infinity) return { lower: 1, upper: 0 };
  const front = betaFront(a, b, point);
  if (point.x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, front / betaFraction(a, b, point));
    return { lower, upper: 1 - lower };
  }
  const upper = Math.min(1, front / betaFraction(b, a, { x: point.y, y: point.x, logX: point.logY, logY: point.logX }));
  return { lower: 1 - upper, upper };
}

/** P(X ≤ x) of the beta distribution (the regularized incomplete beta function I_x(a, b)); or P(X > x) for the upper tail. */
export function betaCdf(
  x: number,
  { a, b, tail = "lower" }: { a: number; b: number; tail?: "lower" | "upper" },
): number {
  requirePositive("a", a);
  requirePositive("b", b);
  requireProbability("x", x);
  return incompleteBeta(a, b, unitPoint(x))[tail];
}

/** Where the lower tail of the beta distribution reaches `lower` and the upper one `upper` (= 1 - lower, given exactly). */
export function inverseBeta(a: number, b: number, lower: number, upper: number): UnitPoint {
  if (lower <= 0) return { x: 0, y: 1, logX: -Infinity, logY: 0 };
  if (upper <= 0) return { x: 1, y: 0, logX: 0, logY: -Infinity };
  const middle = incompleteBeta(a, b, unitPoint(0.5));
  const leftHalf = lower < 0.5 ? lower <= middle.lower : upper >= middle.upper;
  if (leftHalf) {
    const logX = solveLogX(a, b, lower, upper);
    const x = exp(logX);
    return { x, y: 1 - x, logX, logY: log1p(-x) };
  }
  const logY = solveLogX(b, a, upper, lower);
  const y = exp(logY);
  return { x: 1 - y, y, logX: log1p(-y), logY };
}

/**
 * Solves I_x(a, b) = lower for ln x, given that x ≤ ½. Newton steps on the logarithm of the smaller tail, kept inside a
 * bracket; working in ln x keeps the relative accuracy of tiny roots.
 */
function solveLogX(a: number, b: number, lower: number, upper: number): number {
  const useLower = lower <= upper;
  const target = log(useLower ? lower : upper);
  let low = -Infinity;
  let high = -Math.LN2;
  // For small x, I ≈ x^a / (a B): exact in the far tail, a fair start elsewhere.
  const logBeta = logBetaFunction(a, b);
  let t = Math.min(high, (log(lower) + log(a) + logBeta) / a);
  const mean = a / (a + b);
  if (t > log(mean)) t = Math.min(high, log(mean));
  for (let step = 0; step < 200; step++) {
    const x = exp(t);
    const point = { x, y: 1 - x, logX: t, logY: log1p(-x) };
    const tails = incompleteBeta(a, b, point);
    const reached = useLower ? tails.lower : tails.upper;
    const gap = log(reached) - target;
    if (useLower ? gap > 0 : gap < 0) high = t;
    else low = t;
    if (gap === 0) break;
    // d ln I / d ln x = x f(x) / I, with the opposite sign for the upper tail.
    const slope = (betaFront(a, b, point) / point.y / reached) * (useLower ? 1 : -1);
    let next = t - gap / slope;
    if (!(next > low && next < high)) next = low === -Infinity ? 2 * t - 1 : low + (high - low) / 2;
    const moved = Math.abs(next - t);
    t = next;
    if (moved <= 1e-16 * Math.abs(t) || high - low <= 2e-16 * Math.abs(t)) break;
  }
  return t;
}

/** ln B(a, b). */
function logBetaFunction(a: number, b: number): number {
  const n = a + b;
  return (
    stirlingRest(a) +
    stirlingRest(b) -
    stirlingRest(n) +
    a * log(a / n) +
    b * log(b / n) -
    0.5 * (log(a / n) + log(b / (2 * Math.PI)))
  );
}

/** The p-quantile of the beta distribution, relative accuracy 1e-12 or better, tails included. */
export function betaQuantile(p: number, { a, b }: { a: number; b: number }): number {
  requirePositive("a", a);
  requirePositive("b", b);
  requireProbability("p", p);
  return inverseBeta(a, b, p, 1 - p).x;
}
