import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { counted } from "./numbers.ts";
import { visible } from "./visible-text.ts";

/** Rows that share a baseline: one model at one runtime setting. */
export interface RowGroup {
  /** Undefined when there is only one group. */
  readonly title: string | undefined;
  readonly rows: readonly SummaryRow[];
}

/** Rows by model and setting, in the order of the document. */
export function groupRows(summary: Summary): readonly RowGroup[] {
  const groups = new Map<string, SummaryRow[]>();
  for (const row of summary.rows) {
    const key = JSON.stringify([row.model_id, row.threads, row.batch_size]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const severalModels = hasSeveralModels(summary);
  const severalSettings = new Set(summary.rows.map(settingName)).size > 1;
  return [...groups.values()].map((rows) => {
    const first = rows[0] as SummaryRow;
    const title = [severalModels ? visible(first.model_id) : "", severalSettings ? settingName(first) : ""];
    return { title: title.filter((part) => part !== "").join(" · ") || undefined, rows };
  });
}

/** `u8s8`, or `model/u8s8` where the run has several models. */
export function variantName(summary: Summary, row: SummaryRow): string {
  return visible(hasSeveralModels(summary) ? `${row.model_id}/${row.quant_tag}` : row.quant_tag);
}

/** `2 threads, batch 8`. */
export function settingName(row: SummaryRow): string {
  return `${counted(row.threads, "threads")}, batch ${row.batch_size}`;
}

/** Quant tag of the baseline a row was compared with. */
export function baselineName(summary: Summary, row: SummaryRow): string {
  const own = summary.rows.find((other) => other.role === "baseline" && other.model_id === row.model_id);
  return own === undefined ? "the baseline" : visible(own.quant_tag);
}

function hasSeveralModels(summary: Summary): boolean {
  return new Set(summary.rows.map((row) => row.model_id)).size > 1;
}
