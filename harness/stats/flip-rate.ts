import { inverseBeta } from "./beta.ts";
import { requireCount, requireFraction } from "./require.ts";

export type FlipRate = {
  /** Share of repeats that differed from the first run; undefined with fewer than two runs. */
  readonly value: number | undefined;
  /** Upper confidence limit of the flip rate at 1 - alpha; 1 where nothing can be said. */
  readonly high: number;
  readonly alpha: number;
  /** Comparisons: (runs - 1)·items. */
  readonly n: number;
  readonly method: "clopper-pearson-upper";
  readonly reason?: "too-few";
};

/**
 * Upper limit of the rate at which an item's output differs between runs: exact (Clopper-Pearson), one-sided. With no flip among
 * K runs of n items it is 1 - α^(1/((K-1)n)). Fewer than two runs, or no item, are not evidence of determinism.
 */
export function flipRateBound({
  items,
  runs,
  flips = 0,
  alpha = 0.05,
}: {
  readonly items: number;
  readonly runs: number;
  readonly flips?: number;
  readonly alpha?: number;
}): FlipRate {
  requireCount("items", items);
  requireCount("runs", runs);
  requireCount("flips", flips);
  requireFraction("alpha", alpha);
  const n = Math.max(0, runs - 1) * items;
  if (flips > n) throw new RangeError(`flips must not exceed the ${n} comparisons, got ${flips}`);
  const method = "clopper-pearson-upper";
  if (n === 0) return { value: undefined, high: 1, alpha, n, method, reason: "too-few" };
  const high = flips === n ? 1 : inverseBeta(flips + 1, n - flips, 1 - alpha, alpha).x;
  return { value: flips / n, high, alpha, n, method };
}
