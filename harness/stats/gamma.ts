import { exp, log, log1p } from "./elementary.ts";
import { requirePositive } from "./require.ts";

/** Coefficients B(2k)/(2k(2k-1)) of Stirling's series, k = 1...: DLMF 5.11.1. */
const STIRLING = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
  43867 / 244188,
] as const;
const LOG_TWO_PI = 1.8378770664093456;

/** From here on nine terms of the series are exact to the last bit. */
const STIRLING_FROM = 16;

/**
 * What Stirling's formula leaves out: ln Γ(x) - [(x - ½) ln x - x + ½ ln 2π], x > 0. Going through it rather than through
 * ln Γ keeps densities and incomplete integrals accurate for large parameters (Loader 2000).
 */
export function stirlingRest(x: number): number {
  let shifted = x;
  let sum = 0;
  // rest(x) - rest(x+1) = (x + ½) ln(1 + 1/x) - 1
  while (shifted < STIRLING_FROM) {
    sum += (shifted + 0.5) * log1p(1 / shifted) - 1;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  let series = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) series = series * square + STIRLING[k]!;
  return sum + series * inverse;
}

/** Half the deviance of a Poisson count x with mean m: x ln(x/m) + m - x, without cancellation near x = m (Loader 2000). */
export function deviance(x: number, m: number): number {
  if (x === 0) return m;
  const difference = x - m;
  if (Math.abs(difference) < 0.1 * (x + m)) {
    // With v = (x-m)/(x+m): ln(x/m) = 2 atanh v.
    const v = difference / (x + m);
    const square = v * v;
    let sum = difference * v;
    let power = 2 * x * v;
    for (let j = 3; j < 60; j += 2) {
      power *= square;
      const next = sum + power / j;
      if (next === sum) break;
      sum = next;
    }
    return sum;
  }
  return x * log(x / m) - difference;
}

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  requirePositive("x", x);
  if (x < STIRLING_FROM) {
    // Γ(x) = Γ(x+k) / (x(x+1)...(x+k-1)); the product stays small, so the logarithm is taken once.
    let product = 1;
    let shifted = x;
    while (shifted < STIRLING_FROM) {
      product *= shifted;
      shifted += 1;
    }
    return stirlingBody(shifted) - log(product);
  }
  return stirlingBody(x);
}

function stirlingBody(x: number): number {
  return (x - 0.5) * log(x) - x + 0.5 * LOG_TWO_PI + stirlingRest(x);
}

/** Both tails of the regularized incomplete gamma function of shape a > 0 at x ≥ 0, each to full relative accuracy. */
export function incompleteGamma(a: number, x: number): { lower: number; upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Infinity) return { lower: 1, upper: 0 };
  // x^a e^-x / Γ(a)
  const front = exp(-deviance(a, x) - stirlingRest(a)) * Math.sqrt(a / (2 * Math.PI));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < 1_000_000; k++) {
      term *= x / (a + k);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    const lower = Math.min(1, front * sum);
    return { lower, upper: 1 - lower };
  }
  const upper = Math.min(1, front * upperFraction(a, x));
  return { lower: 1 - upper, upper };
}

/** Legendre's continued fraction of Γ(a, x) / (x^a e^-x), by the modified Lentz method; x ≥ a + 1. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1_000_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return h;
}
