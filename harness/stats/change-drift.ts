import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { hodgesLehmann } from "./hodges-lehmann.ts";
import { requireCount, requireFinite, requireFraction } from "./require.ts";

/** How far the newest points of a series have moved from a fixed value, and whether that is beyond the margin. */
export interface DriftResult {
  /** Newest points minus the reference; + is worse when the series is oriented so. */
  readonly drift: Estimate | Unjudged;
  /** "beyond": the lower limit is above the margin. "within": the upper limit is below it, or on it where nothing varies. */
  readonly verdict: "beyond" | "within" | "undecided";
}

/** How the newest points are judged. */
export interface DriftOptions {
  /** Largest drift that is tolerated, in the unit of the series. */
  readonly margin: number;
  /** Newest points that are taken together; 6 unless told, the fewest for which a two-sided 95 % interval exists. */
  readonly window?: number;
  /** One-sided error rate of each claim; .05 unless told. */
  readonly alpha?: number;
}

/**
 * Cumulative drift against a pinned value: creep that stays under every single threshold adds up here, because the reference does
 * not move along. The interval is exact for points that are independent and symmetric about their level.
 */
export function cumulativeDrift(
  data: ArrayLike<number>,
  { reference, margin, window = 6, alpha = 0.05 }: DriftOptions & { readonly reference: number },
): DriftResult {
  requireFinite("reference", reference);
  requireCount("window", window, 1);
  requireFraction("alpha", alpha);
  const newest = newestOf(data, window).map((value) => value - reference);
  return judgeDrift(hodgesLehmann(newest, { level: 1 - 2 * alpha }), margin);
}

/** What {@link ratchet} finds. */
export interface RatchetResult extends DriftResult {
  /** Lowest level that was ever held for a whole window; undefined for a series shorter than two windows. */
  readonly level: number | undefined;
  /** Index of the first point of the window that held it. */
  readonly at: number | undefined;
}

/**
 * Drift from the lowest level that was ever *sustained*: of all windows before the newest the one with the lowest median. One lucky
 * point does not lower it; a real improvement does, and giving that up again is drift. For series where less is better.
 * Being the lowest of many, that window lies too low by about its own standard error: alpha holds only for a margin well above the
 * noise of a window's median.
 */
export function ratchet(data: ArrayLike<number>, { margin, window = 6, alpha = 0.05 }: DriftOptions): RatchetResult {
  requireCount("window", window, 2);
  requireFraction("alpha", alpha);
  const level = 1 - 2 * alpha;
  const last = data.length - window;
  let lowest: { median: number; at: number } | undefined;
  for (let start = 0; start + window <= last; start++) {
    const median = medianOf(data, start, window);
    if (lowest === undefined || median < lowest.median) lowest = { median, at: start };
  }
  if (lowest === undefined) {
    const drift = unjudged("too-few", { level, n: data.length, method: "hodges-lehmann-rank-sum" });
    return { drift, verdict: "undecided", level: undefined, at: undefined };
  }
  const held = Float64Array.from({ length: window }, (_, i) => data[(lowest?.at ?? 0) + i]!);
  const drift = hodgesLehmann(newestOf(data, window), held, { level });
  return { ...judgeDrift(drift, margin), level: lowest.median, at: lowest.at };
}

function judgeDrift(drift: Estimate | Unjudged, margin: number): DriftResult {
  // What does not vary (bytes) may lie exactly on its margin.
  const isWithin = drift.high < margin || (drift.low === drift.high && drift.high <= margin);
  const verdict = drift.low > margin ? "beyond" : isWithin ? "within" : "undecided";
  return { drift, verdict };
}

function newestOf(data: ArrayLike<number>, window: number): Float64Array {
  const from = Math.max(0, data.length - window);
  return Float64Array.from({ length: data.length - from }, (_, i) => data[from + i]!);
}

function medianOf(data: ArrayLike<number>, start: number, length: number): number {
  const part = Float64Array.from({ length }, (_, i) => data[start + i]!).sort();
  const half = length >> 1;
  return length % 2 === 1 ? part[half]! : (part[half - 1]! + part[half]!) / 2;
}
