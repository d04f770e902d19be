import type { ThermalBin } from "./thermal-bins.ts";

/**
 * Kendall's tau-b, in [-1, 1], of two readings over the stretches that have both: whether one rises where the other does. undefined
 * for fewer than three stretches, or where one reading never changes.
 */
export function binCorrelation(
  bins: readonly ThermalBin[],
  x: (bin: ThermalBin) => number | undefined,
  y: (bin: ThermalBin) => number | undefined,
): number | undefined {
  const pairs = bins.flatMap((bin) => {
    const [a, b] = [x(bin), y(bin)];
    return a === undefined || b === undefined ? [] : [[a, b] as const];
  });
  if (pairs.length < 3) return undefined;
  let agreement = 0;
  let differX = 0;
  let differY = 0;
  for (const [i, [a, b]] of pairs.entries()) {
    for (const [c, d] of pairs.slice(i + 1)) {
      agreement += Math.sign(c - a) * Math.sign(d - b);
      if (c !== a) differX++;
      if (d !== b) differY++;
    }
  }
  return differX === 0 || differY === 0 ? undefined : agreement / Math.sqrt(differX * differY);
}
