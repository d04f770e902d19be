import { binomialCdf, binomialPmf, binomialQuantile } from "./binomial.ts";
import { normalQuantile } from "./normal.ts";
import { correctedZAbove } from "./paired-lower-limit.ts";
import { bisect } from "./proportion.ts";
import { requireCount, requireFraction } from "./require.ts";
import { tangoZ } from "./tango.ts";

/** What a paired accuracy gate is planned for; all are fractions. */
export type PairedPlan = {
  /** ψ: expected share of items on which the two arms disagree. */
  readonly discordance: number;
  /** δ: the margin that the drop is compared with; 0 is a legal one. */
  readonly margin: number;
  /** True drop for which the power is asked; 0 (identical quality) unless told. */
  readonly drop?: number;
  /** One-sided level of the gate, .05 unless told. */
  readonly alpha?: number;
  /** "pass": show the drop to be below the margin. "fail": show it to be above. */
  readonly claim?: "pass" | "fail";
};

/** A planned number of observations, or why there is none. */
export type SampleSize =
  | { readonly n: number; readonly method: string; readonly reason?: undefined }
  | { readonly n: undefined; readonly method: string; readonly reason: "beyond-margin" };

function requirePlan({
  discordance,
  margin,
  drop = 0,
  alpha = 0.05,
  claim = "pass",
}: PairedPlan): Required<PairedPlan> {
  requireFraction("discordance", discordance);
  requireFraction("alpha", alpha);
  if (!(margin >= 0 && margin < 1)) throw new RangeError(`margin must lie in [0, 1), got ${margin}`);
  if (!(Math.abs(drop) <= discordance)) {
    throw new RangeError(`drop cannot exceed the discordance ${discordance}, got ${drop}`);
  }
  return { discordance, margin, drop, alpha, claim };
}

/** Probability mass of discordant counts that the sum leaves out, on each side. */
const LEFT_OUT = 1e-10;

/**
 * Probability that the gate's interval of level 1 - 2α over n items (Tango's, its lower limit corrected) lies on the claimed side of the margin: exact, summed over all tables
 * with the given discordance and drop.
 */
export function pairedPower({ n, ...plan }: PairedPlan & { readonly n: number }): number {
  requireCount("n", n);
  const { discordance, margin, drop, alpha, claim } = requirePlan(plan);
  if (n === 0) return 0;
  const critical = -normalQuantile(alpha);
  const worse = (discordance + drop) / (2 * discordance);
  const first = binomialQuantile(LEFT_OUT, { n, p: discordance });
  const last = binomialQuantile(1 - LEFT_OUT, { n, p: discordance });
  let total = 0;
  for (let discordant = first; discordant <= last; discordant++) {
    const z = (b: number) => (claim === "pass" ? tangoZ : correctedZAbove)(b, discordant - b, n, margin);
    // z grows with b, so the claim holds on one side of a threshold.
    const threshold = firstWhole(discordant + 1, (b) => (claim === "pass" ? z(b) > -critical : z(b) >= critical));
    const tail = claim === "pass" ? "lower" : "upper";
    const reached = binomialCdf(threshold - 1, { n: discordant, p: worse, tail });
    total += binomialPmf(discordant, { n, p: discordance }) * reached;
  }
  return Math.min(1, total);
}

/** Smallest whole number in [0, end] from which on the condition holds; `end` when it never does. */
function firstWhole(end: number, holds: (k: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Items needed for a paired gate to reach its claim with the given power (.8 unless told). "normal":
 * (z(1-α) + z(power))²·(ψ - drop²)/(δ - drop)², rounded up. "exact": the first n at or above nine tenths of that whose
 * {@link pairedPower} suffices. A drop on the wrong side of the margin has no such n.
 */
export function pairedSampleSize({
  power = 0.8,
  method = "normal",
  ...plan
}: PairedPlan & { readonly power?: number; readonly method?: "normal" | "exact" }): SampleSize {
  const { discordance, margin, drop, alpha, claim } = requirePlan(plan);
  requireFraction("power", power);
  if (claim === "pass" ? drop >= margin : drop <= margin) return { n: undefined, method, reason: "beyond-margin" };
  const z = normalQuantile(1 - alpha) + normalQuantile(power);
  const room = margin - drop;
  const normal = Math.max(1, Math.ceil((z * z * (discordance - drop * drop)) / (room * room) - 1e-9));
  if (method === "normal") return { n: normal, method };
  // Power is a saw-tooth in n, so the search walks; in steps that stay below half a percent.
  let n = Math.max(1, Math.floor(0.9 * normal));
  while (pairedPower({ ...plan, n }) < power) n += Math.max(1, Math.floor(n / 200));
  return { n, method };
}

/** Smallest margin that n items can pass with the given power if the quality is identical: what a plan can detect. */
export function pairedDetectable({
  n,
  power = 0.8,
  ...plan
}: Omit<PairedPlan, "margin" | "drop" | "claim"> & { readonly n: number; readonly power?: number }): number {
  requireFraction("power", power);
  requireCount("n", n, 1);
  return bisect(0, 1, (margin) => margin < 1 && pairedPower({ ...plan, margin, n }) < power);
}
