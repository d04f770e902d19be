import { normalQuantile } from "./normal.ts";
import { requireFraction } from "./require.ts";

/** What a paired accuracy gate is planned for; all are fractions. */
export type PairedPlan = {
  /** ψ: expected share of items on which the two arms disagree. */
  readonly discordance: number;
  /** δ: largest drop that still passes. */
  readonly margin: number;
  /** True drop for which the power is asked; 0 (identical quality) unless told. */
  readonly drop?: number;
  /** One-sided level of the gate, .05 unless told. */
  readonly alpha?: number;
};

/** A planned number of observations, or why there is none. */
export type SampleSize =
  | { readonly n: number; readonly method: string; readonly reason?: undefined }
  | { readonly n: undefined; readonly method: string; readonly reason: "beyond-margin" };

export function requirePairedPlan({ discordance, margin, drop = 0, alpha = 0.05 }: PairedPlan): Required<PairedPlan> {
  requireFraction("discordance", discordance);
  requireFraction("margin", margin);
  requireFraction("alpha", alpha);
  if (!(Math.abs(drop) <= discordance)) {
    throw new RangeError(`drop cannot exceed the discordance ${discordance}, got ${drop}`);
  }
  return { discordance, margin, drop, alpha };
}

/**
 * Items needed for a paired non-inferiority gate to pass with the given power: (z(1-α) + z(power))²·(ψ - drop²)/(δ - drop)²,
 * rounded up. A drop at or beyond the margin has no such n.
 */
export function pairedSampleSize({ power = 0.8, ...plan }: PairedPlan & { readonly power?: number }): SampleSize {
  const { discordance, margin, drop, alpha } = requirePairedPlan(plan);
  requireFraction("power", power);
  const method = "normal";
  if (drop >= margin) return { n: undefined, method, reason: "beyond-margin" };
  const z = normalQuantile(1 - alpha) + normalQuantile(power);
  const n = (z * z * (discordance - drop * drop)) / (margin - drop) ** 2;
  return { n: Math.max(1, Math.ceil(n - 1e-9)), method };
}
