import picocolors from "picocolors";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { accuracyStyle, alignedEstimates, levelText, POINTS, SPEED, sharedLevel, styled } from "./estimates.ts";
import { dropLimits, shortReason, speedLimits } from "./gate-words.ts";
import { pageScales } from "./html/scales.ts";
import { intervalSpark } from "./interval-spark.ts";
import { ABSENT, percent } from "./numbers.ts";
import { type Cell, type Column, tableWidth } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible } from "./visible-text.ts";

type ColumnName =
  | "variant"
  | "items"
  | "accuracy"
  | "drop"
  | "spark"
  | "speed"
  | "speedPoint"
  | "size"
  | "kernels"
  | "verdict";
type ReasonLength = "long" | "short" | "none";

/** Columns of a sparkline. */
const SPARK_COLUMNS = 21;

/** From all there is to the least that still decides; the first layout that fits is taken. Sentences tell what a layout leaves out. */
const LAYOUTS: readonly { readonly columns: readonly ColumnName[]; readonly reason: ReasonLength }[] = [
  { columns: ["variant", "accuracy", "drop", "spark", "speed", "size", "kernels", "verdict"], reason: "long" },
  { columns: ["variant", "accuracy", "drop", "speed", "size", "kernels", "verdict"], reason: "long" },
  { columns: ["variant", "accuracy", "drop", "speed", "size", "kernels", "verdict"], reason: "short" },
  { columns: ["variant", "accuracy", "drop", "speed", "size", "verdict"], reason: "short" },
  { columns: ["variant", "accuracy", "drop", "speed", "size", "verdict"], reason: "none" },
  { columns: ["variant", "accuracy", "drop", "speed", "verdict"], reason: "none" },
  { columns: ["variant", "drop", "speedPoint", "size", "verdict"], reason: "short" },
  { columns: ["variant", "drop", "speedPoint", "size", "verdict"], reason: "none" },
  { columns: ["variant", "drop", "speedPoint", "verdict"], reason: "none" },
  { columns: ["variant", "drop", "verdict"], reason: "none" },
  { columns: ["variant", "verdict"], reason: "none" },
];

/** The columns of a group of rows that fit into the width, the last layout where none does; a picture only where there is a drop to draw. */
export function fittedColumns(summary: Summary, rows: readonly SummaryRow[], options: TextOptions): readonly Column[] {
  const layouts = LAYOUTS.map((layout) =>
    withItems(summary, layout.columns)
      .filter((name) => name !== "spark" || rows.some((row) => row.drop !== null))
      .map((name) => column(name, summary, rows, options, layout.reason)),
  );
  return layouts.find((columns) => tableWidth(columns) <= options.width) ?? (layouts.at(-1) as Column[]);
}

/** Where variants may stop early, how many items each took is part of every layout that has room for more than the drop. */
function withItems(summary: Summary, columns: readonly ColumnName[]): readonly ColumnName[] {
  if (summary.stop === undefined || columns.length < 4) return columns;
  return ["variant", "items", ...columns.slice(1)];
}

function itemsText({ items_used: used }: SummaryRow): string {
  return used === undefined ? ABSENT : percent(used.share, { limits: [1] });
}

/** All the columns but the sparkline, without color; for Markdown. */
export function allColumns(summary: Summary, rows: readonly SummaryRow[]): readonly Column[] {
  const options = { color: false, width: Number.POSITIVE_INFINITY };
  const { columns, reason } = LAYOUTS[1] as (typeof LAYOUTS)[number];
  return withItems(summary, columns).map((name) => column(name, summary, rows, options, reason));
}

function column(
  name: ColumnName,
  summary: Summary,
  rows: readonly SummaryRow[],
  options: TextOptions,
  reason: ReasonLength,
): Column {
  switch (name) {
    case "variant":
      return { header: "variant", align: "left", cells: rows.map((row) => ({ text: visible(row.quant_tag) })) };
    case "items":
      return { header: "items", align: "right", cells: rows.map((row) => ({ text: itemsText(row) })) };
    case "accuracy":
      return {
        header: rows.some((row) => row.detection !== undefined) ? "mAP" : "accuracy",
        align: "left",
        cells: rows.map((row) => ({ text: accuracyText(row) })),
      };
    case "drop":
      return estimateColumn("drop, points", rows, {
        pick: (row) => ({ estimate: row.drop, limits: dropLimits(row) }),
        baseline: "baseline",
        style: POINTS,
      });
    case "spark":
      return sparkColumn(summary, rows);
    case "speed":
      return estimateColumn("speed", rows, {
        pick: (row) => ({ estimate: row.speedup, limits: speedLimits(row) }),
        baseline: "1.00x",
        style: SPEED,
      });
    case "speedPoint":
      return { header: "speed", align: "right", cells: rows.map((row) => ({ text: speedPoint(row) })) };
    case "size":
      return {
        header: "size",
        align: "right",
        cells: rows.map((row) => ({ text: percent(sizeRatio(row), { limits: [1] }) })),
      };
    case "kernels":
      return { header: "kernels", align: "left", cells: rows.map((row) => ({ text: kernelText(row) })) };
    case "verdict":
      return { header: "verdict", align: "left", cells: rows.map((row) => verdictCell(summary, row, options, reason)) };
  }
}

interface EstimateColumn {
  readonly pick: (row: SummaryRow) => { estimate: SummaryRow["drop"]; limits: readonly number[] };
  /** What the baseline's own row says. */
  readonly baseline: string;
  readonly style: typeof POINTS;
}

/** The header carries the level of the intervals; where they differ, each cell does. */
function estimateColumn(title: string, rows: readonly SummaryRow[], { pick, baseline, style }: EstimateColumn): Column {
  const picked = rows.map((row) => (row.role === "baseline" ? { estimate: null, limits: [] } : pick(row)));
  const level = sharedLevel(picked.map(({ estimate }) => estimate));
  const texts = alignedEstimates(picked, style);
  const cells = rows.map((row, index) => {
    if (row.role === "baseline") return { text: baseline };
    const own = picked[index]?.estimate ?? null;
    const text = texts[index] ?? ABSENT;
    return { text: level === undefined && own !== null ? `${text} (${levelText(own.level)})` : text };
  });
  return { header: level === undefined ? title : `${title} [${level}]`, align: "left", cells };
}

/** The drops on one axis, so that they can be compared by eye; `┊` is the margin. */
function sparkColumn(summary: Summary, rows: readonly SummaryRow[]): Column {
  const { drop: domain, dropMargin: margin } = pageScales(summary);
  const cells = rows.map((row) => ({ text: intervalSpark(row.drop, { domain, margin }, SPARK_COLUMNS).trimEnd() }));
  return { header: margin === null ? "drop" : "drop, margin ┊", align: "left", cells };
}

function accuracyText(row: SummaryRow): string {
  const limits = row.gates.filter((gate) => gate.metric === "quality.accuracy").flatMap((gate) => gate.limit ?? []);
  return styled(row.accuracy?.value, accuracyStyle(row.n), limits);
}

function speedPoint(row: SummaryRow): string {
  if (row.role === "baseline") return "1.00x";
  const text = styled(row.speedup?.value, SPEED, speedLimits(row));
  return text === ABSENT ? text : `${text}x`;
}

function sizeRatio(row: SummaryRow): number | null {
  return row.role === "baseline" ? 1 : row.bytes_ratio;
}

/** `native`, `emulated`, or the share that is emulated or was left alone. */
export function kernelText(row: SummaryRow): string {
  const kernels = row.kernels;
  if (kernels === null || kernels.native + kernels.emulated === 0) return ABSENT;
  const total = kernels.native + kernels.emulated + kernels.skipped;
  if (kernels.emulated === total) return "emulated";
  if (kernels.emulated > 0) return `${kernels.emulated}/${total} emulated`;
  return kernels.skipped > 0 ? `${kernels.native}/${total} native` : "native";
}

function verdictCell(summary: Summary, row: SummaryRow, options: TextOptions, length: ReasonLength): Cell {
  if (row.verdict === "reference") return { text: ABSENT };
  const colors = picocolors.createColors(options.color);
  const paint = { pass: colors.green, fail: colors.red, inconclusive: colors.yellow }[row.verdict];
  const reason = length === "none" ? undefined : shortReason(summary, row)?.[length];
  const text = row.verdict.toUpperCase();
  return { text: reason === undefined ? text : `${text} (${reason})`, paint: (padded) => colors.bold(paint(padded)) };
}
