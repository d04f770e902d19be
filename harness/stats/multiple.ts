import { requireFraction, requireProbability } from "./require.ts";

/** Adjusted p- or e-values and decisions, both in the order given. */
export type MultipleResult = {
  /** Smallest level at which each hypothesis would be rejected. */
  readonly adjusted: number[];
  readonly rejected: boolean[];
  readonly alpha: number;
  readonly method: "holm" | "fixed-sequence" | "benjamini-hochberg" | "e-benjamini-hochberg";
};

type AlphaOption = { readonly alpha?: number };

/** Indices of the values in ascending order; ties keep the order given. */
function ascendingOrder(values: readonly number[]): number[] {
  return values.map((_, index) => index).sort((i, j) => values[i]! - values[j]! || i - j);
}

function requirePValues(pValues: readonly number[]): void {
  for (const [index, p] of pValues.entries()) requireProbability(`p[${index}]`, p);
}

/** Holm's (1979) step-down procedure: the probability of even one false rejection is at most alpha, whatever the dependence. */
export function holm(pValues: readonly number[], { alpha = 0.05 }: AlphaOption = {}): MultipleResult {
  requirePValues(pValues);
  requireFraction("alpha", alpha);
  const count = pValues.length;
  const adjusted = new Array<number>(count);
  let running = 0;
  for (const [rank, index] of ascendingOrder(pValues).entries()) {
    running = Math.max(running, Math.min(1, (count - rank) * pValues[index]!));
    adjusted[index] = running;
  }
  return { adjusted, rejected: adjusted.map((p) => p <= alpha), alpha, method: "holm" };
}

/**
 * Fixed-sequence testing: hypotheses in an order set beforehand (from more bits to fewer), each at the full alpha, up to the first
 * that is not rejected. The probability of even one false rejection is at most alpha.
 */
export function fixedSequence(pValues: readonly number[], { alpha = 0.05 }: AlphaOption = {}): MultipleResult {
  requirePValues(pValues);
  requireFraction("alpha", alpha);
  let running = 0;
  const adjusted = pValues.map((p) => {
    running = Math.max(running, p);
    return running;
  });
  return { adjusted, rejected: adjusted.map((p) => p <= alpha), alpha, method: "fixed-sequence" };
}

/** Benjamini & Hochberg (1995): expected share of false rejections at most alpha, for independent or positively dependent p. */
export function benjaminiHochberg(pValues: readonly number[], { alpha = 0.05 }: AlphaOption = {}): MultipleResult {
  requirePValues(pValues);
  requireFraction("alpha", alpha);
  const count = pValues.length;
  const adjusted = new Array<number>(count);
  let running = 1;
  const order = ascendingOrder(pValues);
  for (let rank = count; rank >= 1; rank--) {
    const index = order[rank - 1]!;
    running = Math.min(running, (count * pValues[index]!) / rank);
    adjusted[index] = running;
  }
  return { adjusted, rejected: adjusted.map((q) => q <= alpha), alpha, method: "benjamini-hochberg" };
}

/**
 * e-BH (Wang & Ramdas 2022): rejects the k largest e-values for the largest k with e_(k) ≥ K/(k·alpha); expected share of false
 * rejections at most alpha under any dependence. `adjusted` holds the smallest such alpha, above 1 where none will do.
 */
export function eBenjaminiHochberg(eValues: readonly number[], { alpha = 0.05 }: AlphaOption = {}): MultipleResult {
  for (const [index, e] of eValues.entries()) {
    if (!(e >= 0)) throw new RangeError(`e[${index}] must be at least 0, got ${e}`);
  }
  requireFraction("alpha", alpha);
  const count = eValues.length;
  const adjusted = new Array<number>(count);
  const order = ascendingOrder(eValues.map((e) => -e));
  let running = Infinity;
  for (let rank = count; rank >= 1; rank--) {
    const index = order[rank - 1]!;
    running = Math.min(running, count / (rank * eValues[index]!));
    adjusted[index] = running;
  }
  return { adjusted, rejected: adjusted.map((q) => q <= alpha), alpha, method: "e-benjamini-hochberg" };
}
