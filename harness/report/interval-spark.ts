import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import { isNumber } from "./numbers.ts";

/** What a sparkline is drawn on, in the unit of the estimate. */
export interface SparkAxis {
  readonly domain: readonly [number, number];
  /** Where the good side ends. */
  readonly margin: number | null;
}

/**
 * An interval on one line: `  ├─●──┤  ┊   `, the margin as `┊`. What lies outside of the axis ends in an arrow. Empty where there is no
 * estimate.
 */
export function intervalSpark(estimate: EstimateDoc | null, { domain, margin }: SparkAxis, width: number): string {
  if (estimate === null || !isNumber(estimate.value)) return "";
  const at = (value: number) =>
    Math.round(((Math.min(Math.max(value, domain[0]), domain[1]) - domain[0]) / (domain[1] - domain[0])) * (width - 1));
  const cells = new Array<string>(width).fill(" ");
  if (margin !== null) cells[at(margin)] = "┊";
  const [low, high] = [estimate.low ?? domain[0], estimate.high ?? domain[1]];
  for (let i = at(low); i <= at(high); i++) cells[i] = "─";
  if (at(low) < at(high)) {
    cells[at(low)] = low < domain[0] || estimate.low === null ? "◂" : "├";
    cells[at(high)] = high > domain[1] || estimate.high === null ? "▸" : "┤";
  }
  const { value } = estimate;
  cells[at(value)] = value > domain[1] ? "▸" : value < domain[0] ? "◂" : "●";
  return cells.join("");
}
