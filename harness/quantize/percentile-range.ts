import type { ValueCounts } from "../domain/value-counts.ts";
import type { Range } from "./grid.ts";

/**
 * Range that holds this share of the elements, the rest cut off evenly at both ends (at one end where zero is the other). It ends at
 * a border of bins, or at an extreme.
 * @param share (0, 1]
 */
export function percentileRange(value: ValueCounts, share: number): Range {
  const { counts, first, width, low, high } = value;
  const bins = counts.length;
  const total = counts.reduce((sum, count) => sum + count, value.zeros);
  const cut = (total * (1 - share)) / (low === 0 || high === 0 ? 1 : 2);
  let start = 0;
  for (let below = counts[0] ?? 0; first + start < 0 && below <= cut; ) {
    start++;
    below += counts[start] ?? 0;
  }
  let end = bins;
  for (let above = counts[bins - 1] ?? 0; first + end > 1 && above <= cut; ) {
    end--;
    above += counts[end - 1] ?? 0;
  }
  return {
    low: start === 0 ? low : Math.min(0, (first + start) * width),
    high: end === bins ? high : Math.max(0, (first + end) * width),
  };
}
