import { exp, log } from "./elementary.ts";
import { logGamma } from "./gamma.ts";
import { normalCdf } from "./normal.ts";

/** Standard deviations of the scale factor that the integral reaches over. */
const REACH = 12;

/** Even numbers of steps: the integrand starts abruptly at 0 while there are few degrees of freedom. */
const STEPS_FEW = 1600;
const STEPS = 400;

/**
 * P(T ≤ t) of the noncentral t distribution with df ≥ 1 and noncentrality `shift`: the mean of Φ(t·s - shift) over s = √(χ²/df), by
 * Simpson's rule; absolute error below 1e-8. This is the distribution of a t statistic when the mean is not the one tested, so it
 * gives power.
 */
export function noncentralTCdf(t: number, { df, shift }: { df: number; shift: number }): number {
  if (!(df >= 1 && df < Infinity)) throw new RangeError(`df must be at least 1 and finite, got ${df}`);
  if (Number.isNaN(t) || !Number.isFinite(shift))
    throw new RangeError(`t and shift must be numbers, got ${t}, ${shift}`);
  const spread = 1 / Math.sqrt(2 * df);
  const from = Math.max(0, 1 - REACH * spread);
  const to = 1 + REACH * spread;
  const steps = df < 12 ? STEPS_FEW : STEPS;
  const step = (to - from) / steps;
  const constant = Math.LN2 + (df / 2) * log(df / 2) - logGamma(df / 2);
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const s = from + i * step;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    // At s = 0 the density is positive only for df = 1.
    const power = s === 0 ? (df === 1 ? 0 : -Infinity) : (df - 1) * log(s);
    sum += weight * exp(constant + power - (df * s * s) / 2) * normalCdf(t * s - shift);
  }
  return Math.min(1, Math.max(0, (sum * step) / 3));
}
