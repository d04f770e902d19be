import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { seconds } from "./durations.ts";
import { accuracyStyle, styled } from "./estimates.ts";
import { compareNotes, matchRows } from "./html/compare-page.ts";
import { escapeMarkdown, markdownTable } from "./markdown-text.ts";
import { ABSENT, bytes, decimal, isNumber } from "./numbers.ts";
import { tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { truncate, visible, wrap } from "./visible-text.ts";

const HEADERS = ["variant", "accuracy A", "B", "latency A", "B", "change", "size A", "B", "verdict A", "B"];

/** Two runs in the terminal, a line a row. */
export function renderCompare(a: Summary, b: Summary, options: TextOptions): string {
  const rows = cells(a, b);
  const columns = HEADERS.map((header, i) => ({
    header,
    align: (i === 0 || i > 7 ? "left" : "right") as "left" | "right",
    cells: rows.map((row) => ({ text: truncate(visible(row[i] ?? ""), 48) })),
  }));
  const notes = compareNotes(a, b).flatMap((text) => wrap(text, options.width));
  return [
    `A ${visible(a.run_id)}`,
    `B ${visible(b.run_id)}`,
    "",
    ...tableLines(columns, (text) => text),
    "",
    ...notes,
  ].join("\n");
}

/** The same as Markdown. */
export function compareMarkdown(a: Summary, b: Summary): string {
  const verdict = (summary: Summary) => `${summary.suite.verdict.toUpperCase()}, exit code ${summary.suite.exit_code}`;
  return `${[
    "# Two runs, side by side",
    "",
    `- A: ${escapeMarkdown(a.name)} · ${escapeMarkdown(a.run_id)} · ${verdict(a)}`,
    `- B: ${escapeMarkdown(b.name)} · ${escapeMarkdown(b.run_id)} · ${verdict(b)}`,
    ...compareNotes(a, b).map((text) => `- ${escapeMarkdown(text)}`),
    "",
    ...markdownTable(
      HEADERS,
      cells(a, b).map((row) => row.map(escapeMarkdown)),
    ),
  ].join("\n")}\n`;
}

function cells(a: Summary, b: Summary): string[][] {
  return matchRows(a, b).map(({ name, a: x, b: y }) => {
    const each = (text: (row: SummaryRow) => string) => [x, y].map((row) => (row === undefined ? ABSENT : text(row)));
    return [
      name,
      ...each((row) => styled(row.accuracy?.value, accuracyStyle(row.n))),
      ...each((row) => seconds(row.latency.p50?.value)),
      latencyChange(x, y),
      ...each((row) => bytes(row.bytes_on_disk)),
      ...each((row) => (row.verdict === "reference" ? "baseline" : row.verdict)),
    ];
  });
}

function latencyChange(x: SummaryRow | undefined, y: SummaryRow | undefined): string {
  const [p, q] = [x?.latency.p50?.value, y?.latency.p50?.value];
  if (!isNumber(p) || !isNumber(q) || p === 0) return ABSENT;
  const change = (q / p - 1) * 100;
  return `${change < 0 ? "-" : "+"}${decimal(Math.abs(change), { digits: 1 })} %`;
}
