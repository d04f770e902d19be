import { bytes, count, counted, percent } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";
import { visible } from "./visible-text.ts";

/** A record as a list shows it. */
export interface ListedBaseline {
  readonly test_id: string;
  readonly ref: string;
  readonly revision: string;
  readonly hard: string;
  readonly generated_at: string;
  readonly verdict: string;
  readonly forced: boolean;
  readonly pinned: boolean;
  readonly cells: number;
  readonly bytes: number;
}

/** Records, newest last, and a line on what is in quarantine. */
export function renderBaselines(
  entries: readonly ListedBaseline[],
  quarantined: readonly { readonly test_id: string; readonly ref: string; readonly why: string }[],
  { color }: TextOptions,
): string {
  if (entries.length === 0 && quarantined.length === 0)
    return "No baselines. Record one: quantgate baselines record --run RUN";
  const rows = entries.map((entry) => [
    visible(entry.test_id),
    entry.ref,
    visible(entry.revision),
    entry.hard,
    entry.generated_at.slice(0, 16).replace("T", " "),
    entry.verdict + (entry.forced ? " (forced)" : ""),
    entry.pinned ? "yes" : "no",
    count(entry.cells),
    bytes(entry.bytes),
  ]);
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[22m` : text);
  const lines = entries.length === 0 ? [] : aligned(COLUMNS, rows, bold);
  return [
    ...lines,
    ...quarantined.map((entry) => visible(`in quarantine: ${entry.ref} of ${entry.test_id}: ${entry.why}`)),
  ].join("\n");
}

const COLUMNS = ["test", "baseline", "revision", "hardware", "made", "verdict", "pinned", "cells", "size"];

/** Columns by length: a store may hold 100,000 lines, for which the width of every letter cannot be looked up. */
function aligned(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  paintHeader: (text: string) => string,
): string[] {
  const widths = header.map((title, column) => {
    let width = title.length;
    for (const row of rows) width = Math.max(width, row[column]?.length ?? 0);
    return width;
  });
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [paintHeader(line(header)), ...rows.map(line)];
}

/** What prune removed, or would. */
export function renderPrune(
  { removed, kept }: { readonly removed: readonly ListedBaseline[]; readonly kept: number },
  dryRun: boolean,
): string {
  const verb = dryRun ? "would remove" : "removed";
  const lines = removed.map((entry) => visible(`${verb} ${entry.ref} of ${entry.test_id}`));
  return [...lines, `${verb} ${counted(removed.length, "records")}, ${dryRun ? "keep" : "kept"} ${count(kept)}`].join(
    "\n",
  );
}

/** What health found. */
export function renderHealth(report: {
  readonly sound: boolean;
  readonly records: number;
  readonly pinned: number;
  readonly read: number;
  readonly log_lines: number;
  readonly quarantined: readonly { readonly test_id: string; readonly ref: string; readonly why: string }[];
  readonly problems: readonly { readonly code: string; readonly message: string; readonly repaired: boolean }[];
}): string {
  const facts = [
    counted(report.records, "records"),
    `${count(report.pinned)} pinned`,
    `${count(report.read)} read`,
    counted(report.log_lines, "log lines"),
  ].join(", ");
  return [
    `${report.sound ? "sound" : "NOT SOUND"}: ${facts}`,
    ...report.problems.map(({ code, message, repaired }) =>
      visible(`${code}: ${message}${repaired ? " (repaired)" : ""}`),
    ),
    ...report.quarantined.map((entry) => visible(`in quarantine: ${entry.ref} of ${entry.test_id}: ${entry.why}`)),
  ].join("\n");
}

interface ShownCheck {
  readonly gate_id: string;
  readonly metric: string;
  readonly tier: string;
  readonly margin: number;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly effect: { readonly value: number | null; readonly low: number | null; readonly high: number | null } | null;
}

/** One line a cell, and one under it for each check that is not a pass. */
export function renderComparison(
  comparison: {
    readonly baseline_ref: string;
    readonly test_id: string;
    readonly verdict: string;
    readonly rows: readonly {
      readonly cell_id: string;
      readonly unmatched: string | null;
      readonly verdict: string;
      readonly checks: readonly ShownCheck[];
    }[];
  },
  notes: readonly string[],
): string {
  const lines = [`${comparison.test_id} against ${comparison.baseline_ref}: ${comparison.verdict.toUpperCase()}`];
  for (const note of notes) lines.push(`note: ${note}`);
  for (const row of comparison.rows) {
    lines.push(`${row.cell_id}  ${row.unmatched === null ? row.verdict : `not compared: ${row.unmatched}`}`);
    for (const check of row.checks) {
      if (check.verdict === "pass") continue;
      const why = check.effect === null ? check.reasons.join(", ") : changeText(check);
      lines.push(`  ${check.gate_id} (${check.tier}): ${check.verdict}: ${why}`);
    }
  }
  return lines.map(visible).join("\n");
}

function changeText({ effect, margin }: ShownCheck): string {
  const text = (value: number | null | undefined) => percent(value, { digits: 1, limits: [margin] });
  return `worse by ${text(effect?.value)} [${text(effect?.low)}, ${text(effect?.high)}], margin ${text(margin)}`;
}
