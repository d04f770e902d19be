import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { accuracyStyle, estimateText, POINTS, SPEED, styled } from "./estimates.ts";
import { dropLimits, speedLimits } from "./gate-words.ts";
import { escapeMarkdown, markdownTable } from "./markdown-text.ts";
import { ABSENT, isNumber, percent } from "./numbers.ts";
import { settingName } from "./rows.ts";

/** A drop above this is flagged in the table of frameworks, 0..1. */
const FLAG = 0.05;

/** Framework × element type, where a run has several frameworks: each against the one full-precision baseline. */
export function frameworkSection(summary: Summary): string[] {
  const rows = summary.rows.filter((row) => row.framework !== undefined);
  if (rows.length === 0) return [];
  const several = new Set(rows.map(settingName)).size > 1;
  const cells = rows.map((row) => [
    row.framework === "pytorch" ? "PyTorch" : "ONNX Runtime",
    escapeMarkdown(row.dtype ?? ABSENT),
    escapeMarkdown(`${row.quant_tag}${several ? ` (${settingName(row)})` : ""}`),
    styled(row.accuracy?.value, accuracyStyle(row.n), []),
    row.role === "baseline" ? "baseline" : estimateText(row.drop, POINTS, dropLimits(row)),
    flagText(row),
    row.role === "baseline" ? "1.00x" : estimateText(row.speedup, SPEED, speedLimits(row)),
    row.role === "baseline" ? percent(1) : percent(row.bytes_ratio),
    escapeMarkdown(row.absence === undefined ? row.verdict : `${row.absence.state}: ${row.absence.reason}`),
  ]);
  const headers = ["framework", "weights", "variant", "accuracy", "drop, points", "flag", "speed", "size", "outcome"];
  const note = `Every variant against the same baseline, on the same items; a drop above ${FLAG * 100} points is flagged. PyTorch's speed includes its own dispatch of operators.`;
  return ["## Frameworks", "", note, "", ...markdownTable(headers, cells)];
}

function flagText(row: SummaryRow): string {
  return isNumber(row.drop?.value) && row.drop.value > FLAG ? "drop above 5 points" : "";
}
