import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { type PairedTable, requirePairedTable } from "./paired-table.ts";
import { type LevelOption, wilson } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/**
 * Newcombe's (1998, method 10) square-and-add interval of the paired drop (b - c)/n: the Wilson limits of the two marginal
 * proportions, combined with the continuity-corrected correlation. A second opinion on {@link tangoInterval}.
 */
export function newcombeInterval(table: PairedTable, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  const n = requirePairedTable(table);
  requireFraction("level", level);
  const method = "newcombe-10";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const { a, b, c } = table;
  const before = wilson({ successes: a + b, n }, { level }) as Estimate;
  const after = wilson({ successes: a + c, n }, { level }) as Estimate;
  const phi = correctedPhi(table, n);
  const value = (b - c) / n;
  const down = reach(before.value - before.low, after.high - after.value, phi);
  const up = reach(before.high - before.value, after.value - after.low, phi);
  return { value, low: Math.max(-1, value - down), high: Math.min(1, value + up), level, n, method };
}

/** √(s² - 2φst + t²), never the root of a rounding error below 0. */
function reach(s: number, t: number, phi: number): number {
  return Math.sqrt(Math.max(0, s * s - 2 * phi * s * t + t * t));
}

/** The phi coefficient of the table, a positive one reduced by n/2 in its numerator; 0 where a margin is empty. */
function correctedPhi({ a, b, c, d }: PairedTable, n: number): number {
  const margins = (a + b) * (c + d) * (a + c) * (b + d);
  if (margins === 0) return 0;
  const determinant = a * d - b * c;
  const corrected = determinant > 0 ? Math.max(0, determinant - n / 2) : determinant;
  return corrected / Math.sqrt(margins);
}
