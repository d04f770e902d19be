import type { Frontier, QuantRow } from "../domain/generated/frontier-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import { isMeasured, type Objective } from "./frontier-objectives.ts";

export type RowReason = QuantRow["reasons"][number];

/** Reasons for which a row was not measured in full; the others keep a valid row out of the front. */
const INVALID: ReadonlySet<RowReason> = new Set([
  "NOT_MEASURED",
  "TRIALS_INCOMPLETE",
  "OBJECTIVE_MISSING",
  "OUTPUTS_INVALID",
]);

/** A row and whether it may take part. */
export interface Candidate {
  readonly row: SummaryRow;
  readonly reasons: readonly RowReason[];
  /** Measured in full. */
  readonly isValid: boolean;
  /** Valid, not failing its gates, and not polluted unless that is allowed: what recommendations are made from. */
  readonly isSound: boolean;
  /** Takes part in the front that is shown. */
  readonly isEligible: boolean;
}

/** Looks at one row of a summary. With `include_invalid` every row that has all objectives takes part in the front. */
export function candidateOf(row: SummaryRow, objectives: readonly Objective[], policy: Frontier["policy"]): Candidate {
  const reasons = reasonsOf(row, objectives);
  const isValid = !reasons.some((reason) => INVALID.has(reason));
  const isClean = !reasons.includes("POLLUTED") || policy.allow_polluted;
  const isSound = isValid && isClean && !reasons.includes("VERDICT_FAIL");
  const hasAll = objectives.every((objective) => isMeasured(objective, row));
  return { row, reasons, isValid, isSound, isEligible: isSound || (policy.include_invalid && hasAll) };
}

function reasonsOf(row: SummaryRow, objectives: readonly Objective[]): RowReason[] {
  const { trials } = row;
  if (trials.completed === 0) return ["NOT_MEASURED"];
  const reasons: RowReason[] = [];
  if (trials.failed > 0 || trials.missing > 0) reasons.push("TRIALS_INCOMPLETE");
  if (!objectives.every((objective) => isMeasured(objective, row))) reasons.push("OBJECTIVE_MISSING");
  if (row.invalid_rows > 0) reasons.push("OUTPUTS_INVALID");
  if (row.run_quality_status === "polluted") reasons.push("POLLUTED");
  if (row.verdict === "fail") reasons.push("VERDICT_FAIL");
  return reasons;
}

/** Rows that share a baseline (one model at one runtime setting), in the order of model, threads and batch size. */
export function sessionsOf(rows: readonly SummaryRow[]): SummaryRow[][] {
  const groups = new Map<string, SummaryRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.model_id, row.threads, row.batch_size]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const order = (a: SummaryRow, b: SummaryRow) =>
    compareText(a.model_id, b.model_id) || a.threads - b.threads || a.batch_size - b.batch_size;
  return [...groups.values()].sort(([a], [b]) => order(a as SummaryRow, b as SummaryRow));
}

/** Most bits a weight first; the declared baseline before others of as many bits, then the larger file, then by name. */
export function byPrecision(a: SummaryRow, b: SummaryRow): number {
  return (
    b.quant_rank - a.quant_rank ||
    Number(b.role === "baseline") - Number(a.role === "baseline") ||
    (b.bytes_on_disk ?? 0) - (a.bytes_on_disk ?? 0) ||
    compareText(a.cell_id, b.cell_id)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
