import { log, log1p } from "./elementary.ts";
import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { incompleteGamma, logGamma } from "./gamma.ts";
import { normalCdf } from "./normal.ts";
import { bisect, type Counts, type LevelOption } from "./proportion.ts";
import { requireCount, requireFraction, requirePositive } from "./require.ts";

export type MixtureOptions = {
  /** V: intrinsic time, the variance accumulated so far. */
  readonly variance: number;
  /** Intrinsic time at which the bound is tuned to be tightest. */
  readonly optimalVariance: number;
  /** Probability that the sum ever leaves the bound; .05 unless told. */
  readonly alpha?: number;
};

/** Tuning of a normal mixture: V_opt / (2 ln(1/α) + ln(1 + 2 ln(1/α))), α doubled for a one-sided bound. */
export function mixtureTuning({
  optimalVariance,
  alpha = 0.05,
  sides = "two",
}: {
  readonly optimalVariance: number;
  readonly alpha?: number;
  readonly sides?: "one" | "two";
}): number {
  requirePositive("optimalVariance", optimalVariance);
  requireFraction("alpha", alpha);
  const twice = 2 * log(1 / Math.min(sides === "two" ? alpha : 2 * alpha, 1));
  return optimalVariance / (twice + log1p(twice));
}

/**
 * Bound on a sum of centered sub-Gaussian observations that holds at all times at once (Howard, Ramdas, McAuliffe & Sekhon
 * 2021). Two-sided: √((V+ρ)(ln((V+ρ)/ρ) + 2 ln(1/α))); one-sided: the root of its mixture martingale.
 */
export function normalMixtureBound({
  variance,
  optimalVariance,
  alpha = 0.05,
  sides = "two",
}: MixtureOptions & { readonly sides?: "one" | "two" }): number {
  requireVariance(variance);
  const rho = mixtureTuning({ optimalVariance, alpha, sides });
  const total = variance + rho;
  if (sides === "two") return Math.sqrt(total * (log(total / rho) + 2 * log(1 / alpha)));
  // ½ ln(4ρ/(V+ρ)) + s²/(2(V+ρ)) + ln Φ(s/√(V+ρ)) = ln(1/α)
  const root = Math.sqrt(total);
  return crossing((s) => 0.5 * log((4 * rho) / total) + (s * s) / (2 * total) + log(normalCdf(s / root)), {
    target: log(1 / alpha),
    start: root,
  });
}

/**
 * One-sided bound at all times at once on a sum of centered sub-exponential observations of scale c (gamma-exponential mixture of
 * the same authors): for counts and waiting times, whose upper tail is heavier than normal.
 */
export function gammaExponentialBound({
  variance,
  optimalVariance,
  alpha = 0.05,
  scale,
}: MixtureOptions & { readonly scale: number }): number {
  requireVariance(variance);
  requirePositive("scale", scale);
  const rho = mixtureTuning({ optimalVariance, alpha, sides: "one" });
  const square = scale * scale;
  const prior = rho / square;
  const shape = (variance + rho) / square;
  const constant = prior * log(prior) - logGamma(prior) - log(incompleteGamma(prior, prior).lower);
  const martingale = (s: number) => {
    const x = (scale * s + variance) / square;
    return constant + logGamma(shape) + log(incompleteGamma(shape, x + prior).lower) - shape * log(x + prior) + x;
  };
  return crossing(martingale, { target: log(1 / alpha), start: Math.sqrt(variance + rho) });
}

/**
 * Confidence sequence of a proportion by the beta-binomial mixture (Howard et al. 2021): like {@link wilson}, but it may be read
 * after every trial. `optimalN`: number of trials at which it is tuned to be tightest.
 */
export function bernoulliConfidenceSequence(
  { successes, n }: Counts,
  { level = 0.95, optimalN }: LevelOption & { readonly optimalN: number },
): Estimate | Unjudged {
  requireCount("n", n);
  requireCount("successes", successes);
  if (successes > n) throw new RangeError(`successes must not exceed n, got ${successes} of ${n}`);
  requireFraction("level", level);
  requirePositive("optimalN", optimalN);
  const method = "beta-binomial-mixture";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const alpha = 1 - level;
  const isRefuted = (p: number) => betaBinomialLog({ successes, n }, { p, optimalN, alpha }) >= log(1 / alpha);
  const value = successes / n;
  const low = successes === 0 ? 0 : bisect(0, value, isRefuted);
  const high = successes === n ? 1 : bisect(value, 1, (p) => !isRefuted(p));
  return { value, low, high, level, n, method };
}

/** ln of the likelihood ratio of a beta mixture with mean p against p itself. */
function betaBinomialLog(
  { successes, n }: Counts,
  { p, optimalN, alpha }: { p: number; optimalN: number; alpha: number },
): number {
  const unit = p * (1 - p);
  const tuned = mixtureTuning({ optimalVariance: optimalN * unit, alpha, sides: "two" }) - unit;
  const r = Math.max(tuned, 1e-3 * unit);
  const [a, b] = [r / (1 - p), r / p];
  const failures = n - successes;
  return logBeta(a + successes, b + failures) - logBeta(a, b) - successes * log(p) - failures * log(1 - p);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

function requireVariance(variance: number): void {
  if (!(variance >= 0 && variance < Infinity)) {
    throw new RangeError(`variance must be at least 0 and finite, got ${variance}`);
  }
}

/** Where a function that grows from below the target reaches it. */
function crossing(grows: (s: number) => number, { target, start }: { target: number; start: number }): number {
  let high = start;
  while (grows(high) < target) high *= 2;
  return bisect(0, high, (s) => grows(s) < target);
}
