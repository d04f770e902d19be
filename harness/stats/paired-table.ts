import type { PairedTable } from "../domain/comparison.ts";
import { requireCount } from "./require.ts";

export type { PairedTable };

/** Checks the four counts and returns their total. */
export function requirePairedTable({ a, b, c, d }: PairedTable): number {
  return requireCount("a", a) + requireCount("b", b) + requireCount("c", c) + requireCount("d", d);
}

/** The table of two lists of right (true or 1) and wrong answers to the same items, in the same order. */
export function pairedTable(
  baseline: ArrayLike<boolean | number>,
  candidate: ArrayLike<boolean | number>,
): PairedTable {
  if (baseline.length !== candidate.length) {
    throw new RangeError(`both arms must answer the same items, got ${baseline.length} and ${candidate.length}`);
  }
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < baseline.length; i++) {
    const before = requireBinary(baseline[i]);
    const after = requireBinary(candidate[i]);
    if (before && after) a++;
    else if (before) b++;
    else if (after) c++;
    else d++;
  }
  return { a, b, c, d };
}

function requireBinary(score: unknown): boolean {
  if (score === true || score === 1) return true;
  if (score === false || score === 0) return false;
  throw new RangeError(`a paired table takes right (1) and wrong (0) answers, got ${score}`);
}
