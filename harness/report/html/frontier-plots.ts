import type { FrontierSession, QuantRow } from "../../domain/generated/frontier-v1.ts";
import type { EstimateDoc, Summary, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { accuracyStyle, estimateText, levelText, POINTS, SPEED, styled } from "../estimates.ts";
import { frontText, rowMarks } from "../frontier-text.ts";
import { dropLimits, speedLimits } from "../gate-words.ts";
import { bytes, decimal, isNumber, percent } from "../numbers.ts";
import { type PlotMark, type ScatterAxis, scatterPlot } from "../svg/scatter-plot.ts";
import { truncate, visible } from "../visible-text.ts";
import { pageScales } from "./scales.ts";

/** Quality against speed, and quality against size; either is left out where a row that takes part lacks it. */
export function plotsOf(
  summary: Summary,
  session: FrontierSession,
  { includeInvalid, size }: { readonly includeInvalid: boolean; readonly size: readonly [number, number] },
): { readonly title: string; readonly svg: string | undefined }[] {
  const { dropMargin } = pageScales(summary);
  const rows = session.quant_rows.flatMap((judged) => {
    const index = summary.rows.findIndex((row) => row.cell_id === judged.cell_id);
    return index < 0 ? [] : [{ judged, index, row: summary.rows[index] as SummaryRow }];
  });
  const isPaired = rows.every(({ row }) => row.role === "baseline" || row.drop !== null || row.trials.completed === 0);
  const y: ScatterAxis = isPaired
    ? {
        label: "change in accuracy, points",
        kind: "linear",
        format: (value) => signed(value),
        neutral: 0,
        ...(dropMargin === null
          ? {}
          : { bound: { at: -dropMargin * 100, label: `margin ${signed(-dropMargin * 100)}` } }),
      }
    : { label: "accuracy, %", kind: "linear", format: (value) => String(value) };
  const yOf = (row: SummaryRow) => (isPaired ? changeOf(row) : scaled(row.accuracy, 100));
  const axes: readonly [title: string, axis: ScatterAxis, at: (row: SummaryRow) => PlotMark["x"] | undefined][] = [
    [
      "Accuracy against speed: up and to the right is better",
      { label: "speed, times the baseline's → faster", kind: "ratio", format: (value) => `${value}×`, neutral: 1 },
      (row) => (row.role === "baseline" ? exact(1) : scaled(row.speedup, 1)),
    ],
    [
      "Accuracy against size: up and to the left is better",
      { label: "← smaller · size on disk, % of the baseline's", kind: "linear", format: (value) => String(value) },
      (row) => sizeOf(row),
    ],
  ];
  return axes.map(([title, x, xOf]) => {
    const marks = rows.flatMap(({ judged, index, row }): PlotMark[] => {
      const [atX, atY] = [xOf(row), yOf(row)];
      if (atX === undefined || atY === undefined) return [];
      return [
        {
          index,
          name: truncate(visible(row.quant_tag), 22),
          verdict: row.verdict,
          onFront: judged.on_front,
          isKeptOut: !judged.eligible,
          startsOff: !judged.eligible && !includeInvalid,
          isRecommended: session.recommendation === row.quant_tag,
          x: atX,
          y: atY,
          lines: tipLines(session, judged, row),
        },
      ];
    });
    const [width, height] = size;
    return { title, svg: marks.length === 0 ? undefined : scatterPlot({ title, x, y, marks, width, height }) };
  });
}

/** What a point says when it is looked at. */
export function tipLines(session: FrontierSession, judged: QuantRow, row: SummaryRow): string[] {
  const marks = rowMarks(session, judged);
  const level = (estimate: EstimateDoc | null) => (estimate === null ? "" : ` at ${levelText(estimate.level)}`);
  return [
    `${truncate(visible(row.quant_tag), 60)} · ${row.verdict === "reference" ? "baseline" : row.verdict}${marks.length > 0 ? ` · ${marks.join(", ")}` : ""}`,
    `accuracy ${styled(row.accuracy?.value, accuracyStyle(row.n))} %`,
    ...(row.drop === null ? [] : [`drop ${estimateText(row.drop, POINTS, dropLimits(row))} points${level(row.drop)}`]),
    ...(row.speedup === null
      ? []
      : [`speed ${estimateText(row.speedup, SPEED, speedLimits(row))}${level(row.speedup)}`]),
    `size ${bytes(row.bytes_on_disk)}${row.bytes_ratio === null || row.role === "baseline" ? "" : `, ${percent(row.bytes_ratio)}`}`,
    judged.eligible ? `on the front: ${frontText(judged)}` : `kept out of the front: ${frontText(judged)}`,
    ...judged.dominated_by
      .slice(0, 1)
      .map(
        (one) =>
          `beaten by ${truncate(visible(one.quant_tag), 40)}${one.probability === null ? "" : ` (${percent(one.probability)})`}`,
      ),
  ];
}

function signed(value: number): string {
  const text = decimal(Math.abs(value), { digits: String(value).split(".")[1]?.length ?? 0 });
  return value === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

function exact(value: number): PlotMark["x"] {
  return { value, low: value, high: value };
}

function scaled(estimate: EstimateDoc | null, factor: number): PlotMark["x"] | undefined {
  if (estimate === null || !isNumber(estimate.value)) return undefined;
  const { value, low, high } = estimate;
  return { value: value * factor, low: (low ?? value) * factor, high: (high ?? value) * factor };
}

/** Up is better: the drop with its sign turned. */
function changeOf(row: SummaryRow): PlotMark["y"] | undefined {
  if (row.role === "baseline") return exact(0);
  const drop = scaled(row.drop, 100);
  return drop && { value: -drop.value, low: -drop.high, high: -drop.low };
}

function sizeOf(row: SummaryRow): PlotMark["x"] | undefined {
  if (row.role === "baseline") return exact(100);
  return row.bytes_ratio === null ? undefined : exact(row.bytes_ratio * 100);
}
