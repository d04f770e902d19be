import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { type PairedTable, requirePairedTable } from "./paired-table.ts";
import { bisect, type LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";
import { restrictedGain, tangoZ } from "./tango.ts";

/**
 * The score of "the drop exceeds Δ", corrected for skewness (Cornish-Fisher: z - γ(z²-1)/6, as Gart & Nam 1990 do for two proportions) and
 * continuity (half an item), and never above Tango's own. Few expected drops make Tango's score skew: without the correction
 * a gate at the margin fails in up to 1.6 times the share it promises (docs/certificates).
 */
export function correctedZAbove(b: number, c: number, n: number, difference: number): number {
  const plain = tangoZ(b, c, n, difference);
  const numerator = b - c - n * difference - 0.5;
  const gain = restrictedGain(b, c, n, difference);
  const variance = 2 * gain + difference * (1 - difference);
  if (!(variance > 0)) return Math.min(plain, numerator > 0 ? Infinity : numerator < 0 ? -Infinity : 0);
  const z = numerator / Math.sqrt(n * variance);
  const third = difference - 3 * difference * (2 * gain + difference) + 2 * difference ** 3;
  const skewness = third / (Math.sqrt(n) * variance ** 1.5);
  return Math.min(plain, z - (skewness * (z * z - 1)) / 6);
}

/** One-sided p of H0 "drop ≤ Δ" by {@link correctedZAbove}: small when the candidate is shown to be worse than Δ (FAIL). */
export function pairedDropAbove(table: PairedTable, { difference = 0 }: { readonly difference?: number } = {}): number {
  const n = requirePairedTable(table);
  return n === 0 ? 1 : normalCdf(correctedZAbove(table.b, table.c, n, difference), { tail: "upper" });
}

/**
 * Lower limit of the paired drop (b - c)/n at the two-sided level given: below it {@link pairedDropAbove} rejects at (1 - level)/2. Error
 * at the margin stays within the level down to a handful of discordant items; `high` is Infinity, for this is one-sided.
 */
export function pairedLowerLimit(table: PairedTable, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  const n = requirePairedTable(table);
  requireFraction("level", level);
  const method = "tango-corrected";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const { b, c } = table;
  const z = -normalQuantile((1 - level) / 2);
  const value = (b - c) / n;
  const low = value === -1 ? -1 : bisect(-1, value, (difference) => correctedZAbove(b, c, n, difference) > z);
  return { value, low, high: Infinity, level, n, method };
}
