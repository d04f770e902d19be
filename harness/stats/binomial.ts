import { incompleteBeta, unitPoint } from "./beta.ts";
import { exp, log, log1p } from "./elementary.ts";
import { deviance, stirlingRest } from "./gamma.ts";
import { normalQuantile } from "./normal.ts";
import { requireCount, requireProbability } from "./require.ts";

type Binomial = { n: number; p: number };

/** P(X = k) of the binomial distribution of n trials with success probability p (Loader's saddle-point form). */
export function binomialPmf(k: number, { n, p }: Binomial): number {
  requireCount("n", n);
  requireProbability("p", p);
  if (!Number.isInteger(k) || k < 0 || k > n) return 0;
  if (p === 0) return k === 0 ? 1 : 0;
  if (p === 1) return k === n ? 1 : 0;
  if (k === 0) return exp(n * log1p(-p));
  if (k === n) return exp(n * log(p));
  const rest = stirlingRest(n) - stirlingRest(k) - stirlingRest(n - k);
  const distance = deviance(k, n * p) + deviance(n - k, n * (1 - p));
  return exp(rest - distance) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** P(X ≤ k) of the binomial distribution of n trials with success probability p, or P(X > k) for the upper tail. */
export function binomialCdf(k: number, { n, p, tail = "lower" }: Binomial & { tail?: "lower" | "upper" }): number {
  requireCount("n", n);
  requireProbability("p", p);
  if (Number.isNaN(k)) throw new RangeError("k must be a number, got NaN");
  const whole = Math.floor(k);
  if (whole < 0) return tail === "lower" ? 0 : 1;
  if (whole >= n) return tail === "lower" ? 1 : 0;
  // P(X > k) = I_p(k+1, n-k)
  const tails = incompleteBeta(whole + 1, n - whole, unitPoint(p));
  return tail === "lower" ? tails.upper : tails.lower;
}

/** Smallest k with P(X ≤ k) ≥ q for the binomial distribution of n trials with success probability p. */
export function binomialQuantile(q: number, { n, p }: Binomial): number {
  requireCount("n", n);
  requireProbability("p", p);
  requireProbability("q", q);
  if (q === 0 || p === 0 || n === 0) return 0;
  if (q === 1 || p === 1) return n;
  const reaches = (k: number) =>
    // The upper tail decides where it is the smaller one, so that q near 1 is met exactly.
    q <= 0.5 ? binomialCdf(k, { n, p }) >= q : binomialCdf(k, { n, p, tail: "upper" }) <= 1 - q;
  const guess = Math.round(n * p + normalQuantile(q) * Math.sqrt(n * p * (1 - p)));
  let high = Math.min(n, Math.max(0, guess));
  let step = 1;
  while (high < n && !reaches(high)) {
    high = Math.min(n, high + step);
    step *= 2;
  }
  let low = high;
  step = 1;
  while (low >= 0 && reaches(low)) {
    low -= step;
    step *= 2;
  }
  low = Math.max(-1, low);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}
