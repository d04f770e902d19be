import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { type PairedTable, requirePairedTable } from "./paired-table.ts";
import { bisect, type LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/** Score test of "the drop is Δ". */
export type TangoTest = {
  /** The drop (b - c)/n; undefined for an empty table. */
  readonly value: number | undefined;
  readonly difference: number;
  /** Score statistic: negative when the observed drop is smaller than Δ. */
  readonly z: number;
  /** One-sided p of H0 "drop ≥ Δ": small when the candidate is shown to be no worse than Δ (PASS). */
  readonly pBelow: number;
  /** One-sided p of H0 "drop ≤ Δ": small when the candidate is shown to be worse than Δ (FAIL). */
  readonly pAbove: number;
  /** Two-sided p of H0 "drop = Δ". */
  readonly p: number;
  readonly n: number;
  readonly method: "tango";
  readonly reason?: "no-data";
};

/** q̂: the share of gains (candidate only) that is most likely under the drop Δ, for the discordant counts b, c of n items. */
export function restrictedGain(b: number, c: number, n: number, difference: number): number {
  const big = 2 * n;
  const linear = -b - c + (2 * n - b + c) * difference;
  const constant = -c * difference * (1 - difference);
  const root = Math.sqrt(Math.max(0, linear * linear - 4 * big * constant));
  // The root of the quadratic without cancellation, whichever the sign of its linear term.
  return linear > 0 ? (-2 * constant) / (root + linear || 1) : (root - linear) / (2 * big);
}

/** Tango's z for the discordant counts b, c of n items at the drop Δ; the variance is the restricted maximum-likelihood one. */
export function tangoZ(b: number, c: number, n: number, difference: number): number {
  const numerator = b - c - n * difference;
  const variance = n * (2 * restrictedGain(b, c, n, difference) + difference * (1 - difference));
  if (variance > 0) return numerator / Math.sqrt(variance);
  if (numerator === 0) return 0;
  return numerator > 0 ? Infinity : -Infinity;
}

/**
 * Tango's (1998) score test that the paired drop equals `difference`. At the margin δ it is the non-inferiority test:
 * PASS when `pBelow` ≤ α, FAIL when `pAbove` ≤ α; the same as comparing δ with {@link tangoInterval} at level 1 - 2α.
 */
export function tangoTest(table: PairedTable, { difference = 0 }: { readonly difference?: number } = {}): TangoTest {
  const n = requirePairedTable(table);
  if (!(difference >= -1 && difference <= 1)) {
    throw new RangeError(`difference must lie between -1 and 1, got ${difference}`);
  }
  if (n === 0) {
    return { value: undefined, difference, z: 0, pBelow: 1, pAbove: 1, p: 1, n, method: "tango", reason: "no-data" };
  }
  const z = tangoZ(table.b, table.c, n, difference);
  return {
    value: (table.b - table.c) / n,
    difference,
    z,
    pBelow: normalCdf(z),
    pAbove: normalCdf(z, { tail: "upper" }),
    p: Math.min(1, 2 * normalCdf(-Math.abs(z))),
    n,
    method: "tango",
  };
}

/** Tango's (1998) score interval of the paired drop (b - c)/n, a fraction in [-1, 1]: all Δ that {@link tangoTest} keeps. */
export function tangoInterval(table: PairedTable, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  const n = requirePairedTable(table);
  requireFraction("level", level);
  const method = "tango";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const { b, c } = table;
  const z = -normalQuantile((1 - level) / 2);
  const value = (b - c) / n;
  // z falls as Δ grows.
  const low = value === -1 ? -1 : bisect(-1, value, (difference) => tangoZ(b, c, n, difference) > z);
  const high = value === 1 ? 1 : bisect(value, 1, (difference) => tangoZ(b, c, n, difference) > -z);
  return { value, low, high, level, n, method };
}
