import { binomialCdf } from "./binomial.ts";
import { normalQuantile } from "./normal.ts";
import type { SampleSize } from "./paired-power.ts";
import { requireCount, requireFraction, requireProbability } from "./require.ts";

/** What a floor gate (accuracy at least a limit) or a ceiling gate (flip rate at most a limit) is planned for. */
export type ProportionPlan = {
  /** The limit, in (0, 1). */
  readonly limit: number;
  /** True proportion for which the power is asked. */
  readonly truth: number;
  /** One-sided level; .05 unless told. */
  readonly alpha?: number;
  /** "above": show the proportion to exceed the limit. "below": show it to be less. */
  readonly claim?: "above" | "below";
};

type Checked = { limit: number; truth: number; alpha: number };

/** The plan as one about showing a proportion to exceed its limit; "below" counts failures instead. */
function orient({ limit, truth, alpha = 0.05, claim = "above" }: ProportionPlan): Checked {
  requireFraction("limit", limit);
  requireProbability("truth", truth);
  requireFraction("alpha", alpha);
  return claim === "above" ? { limit, truth, alpha } : { limit: 1 - limit, truth: 1 - truth, alpha };
}

/** Exact probability that the one-sided Clopper-Pearson limit of n items lies on the claimed side of the limit. */
export function proportionPower({ n, ...plan }: ProportionPlan & { readonly n: number }): number {
  requireCount("n", n);
  const { limit, truth, alpha } = orient(plan);
  const needed = fewestSuccesses(n, limit, alpha);
  if (needed > n) return 0;
  return needed === 0 ? 1 : binomialCdf(needed - 1, { n, p: truth, tail: "upper" });
}

/** Smallest count whose lower Clopper-Pearson limit exceeds the limit: P(X ≥ k | limit) ≤ α; n + 1 when none does. */
function fewestSuccesses(n: number, limit: number, alpha: number): number {
  let low = 0;
  let high = n + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const tail = middle === 0 ? 1 : binomialCdf(middle - 1, { n, p: limit, tail: "upper" });
    if (tail <= alpha) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Fewest items, by a search from the normal answer's half on, with which the claim is reached with the power (.8 unless told). */
export function proportionSampleSize({
  power = 0.8,
  ...plan
}: ProportionPlan & { readonly power?: number }): SampleSize {
  requireFraction("power", power);
  const { limit, truth, alpha } = orient(plan);
  const method = "clopper-pearson";
  if (truth <= limit) return { n: undefined, method, reason: "beyond-margin" };
  const spread =
    normalQuantile(1 - alpha) * Math.sqrt(limit * (1 - limit)) + normalQuantile(power) * Math.sqrt(truth * (1 - truth));
  const normal = (spread / (truth - limit)) * (spread / (truth - limit));
  let n = Math.max(1, Math.floor(normal / 2));
  while (proportionPower({ ...plan, n }) < power) n += Math.max(1, Math.floor(n / 200));
  return { n, method };
}

/** Chance that a suite of independent gates passes as a whole: the product of the chances that each does. */
export function suitePower(powers: readonly number[]): number {
  return powers.reduce((product, p, index) => product * requireProbability(`powers[${index}]`, p), 1);
}
