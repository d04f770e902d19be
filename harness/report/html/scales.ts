import type { Summary, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { isNumber } from "../numbers.ts";

/** Axes that all rows of a page share, so that bars can be compared by eye. Drops in fractions, speeds as ratios. */
export interface PageScales {
  readonly drop: readonly [number, number];
  readonly dropMargin: number | null;
  readonly speed: readonly [number, number];
  /** Slowest speed that passes. */
  readonly speedMargin: number | null;
}

/** Rows that are far off (a broken model) do not stretch the axes; they end in an arrow. */
export function pageScales(summary: Summary): PageScales {
  const rows = summary.rows.filter((row) => row.role !== "baseline");
  const gates = rows.flatMap((row) => row.gates);
  const bound = (metric: string) =>
    gates.find((gate) => gate.metric === metric && gate.policy === "non-inferiority" && isNumber(gate.margin))
      ?.margin ?? null;
  const dropMargin = bound("quality.accuracy");
  const speedMargin = bound("latency.call");
  return {
    drop: dropDomain(rows, dropMargin),
    dropMargin,
    speed: speedDomain(rows),
    speedMargin: speedMargin === null ? null : 1 / (1 + speedMargin),
  };
}

function dropDomain(rows: readonly SummaryRow[], margin: number | null): readonly [number, number] {
  const near = rows.filter((row) => row.verdict !== "fail").flatMap(({ drop }) => [drop?.low, drop?.high]);
  const known = near.filter(isNumber);
  const unit = margin ?? Math.max(0.005, ...known.map(Math.abs));
  const reach = clampTo(Math.max(1.6 * unit, ...known.map((value) => 1.1 * value)), 4 * unit);
  const gain = clampTo(Math.max(0.6 * unit, ...known.map((value) => -1.1 * value)), 4 * unit);
  return [-gain, reach];
}

function speedDomain(rows: readonly SummaryRow[]): readonly [number, number] {
  const known = rows.flatMap(({ speedup }) => [speedup?.low, speedup?.high, speedup?.value]).filter(isNumber);
  const usable = known.filter((value) => value > 0);
  const low = Math.max(0.1, Math.min(0.8, ...usable) / 1.05);
  const high = Math.min(20, Math.max(1.25, ...usable) * 1.05);
  return [low, high];
}

function clampTo(value: number, most: number): number {
  return Math.min(value, most);
}
