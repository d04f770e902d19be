import { exp, log } from "./elementary.ts";
import { deviance, incompleteGamma, stirlingRest } from "./gamma.ts";
import { normalQuantile } from "./normal.ts";
import { requirePositive, requireProbability } from "./require.ts";

/** P(X ≤ x) of the gamma distribution of shape > 0 and unit scale, or P(X > x) for the upper tail; x ≥ 0. */
export function gammaCdf(x: number, { shape, tail = "lower" }: { shape: number; tail?: "lower" | "upper" }): number {
  requirePositive("shape", shape);
  if (!(x >= 0)) throw new RangeError(`x must be at least 0, got ${x}`);
  return incompleteGamma(shape, x)[tail];
}

/** The p-quantile of the gamma distribution of shape > 0 and unit scale. */
export function gammaQuantile(p: number, { shape }: { shape: number }): number {
  requirePositive("shape", shape);
  requireProbability("p", p);
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const useLower = p <= 0.5;
  const target = log(useLower ? p : 1 - p);
  let low = 0;
  let high = Infinity;
  let x = startOf(p, shape);
  // Newton steps in ln x on the logarithm of the smaller tail, kept inside a bracket.
  for (let step = 0; step < 200; step++) {
    const tails = incompleteGamma(shape, x);
    const reached = useLower ? tails.lower : tails.upper;
    const gap = log(reached) - target;
    if (gap === 0) break;
    if (useLower ? gap > 0 : gap < 0) high = x;
    else low = x;
    const timesDensity = exp(-deviance(shape, x) - stirlingRest(shape)) * Math.sqrt(shape / (2 * Math.PI));
    let next = x * exp((-gap * reached) / (useLower ? timesDensity : -timesDensity));
    if (!(next > low && next < high)) next = high === Infinity ? 2 * x : low === 0 ? x / 16 : (low + high) / 2;
    const moved = Math.abs(next - x);
    x = next;
    if (moved <= 2e-16 * x) break;
  }
  return x;
}

/** Wilson & Hilferty's cube where it is positive, else the leading term x^a / Γ(a+1) of the distribution function. */
function startOf(p: number, shape: number): number {
  const cube = 1 - 1 / (9 * shape) + normalQuantile(p) / (3 * Math.sqrt(shape));
  if (cube > 0.2) return shape * cube * cube * cube;
  const logGammaNext = (shape + 0.5) * log(shape) - shape + 0.9189385332046728 + stirlingRest(shape);
  return Math.max(1e-300, exp((log(p) + logGammaNext) / shape));
}

/** P(X ≤ x) of the chi-square distribution with df > 0, or P(X > x) for the upper tail. */
export function chiSquareCdf(x: number, { df, tail = "lower" }: { df: number; tail?: "lower" | "upper" }): number {
  return gammaCdf(x / 2, { shape: df / 2, tail });
}

/** The p-quantile of the chi-square distribution with df > 0. */
export function chiSquareQuantile(p: number, { df }: { df: number }): number {
  return 2 * gammaQuantile(p, { shape: df / 2 });
}
