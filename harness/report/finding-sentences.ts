import type { FindingDoc, GateResultDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { decidingGates } from "./gate-words.ts";
import { count } from "./numbers.ts";
import { variantName } from "./rows.ts";
import { visible } from "./visible-text.ts";

/** Told elsewhere in the report, as part of the verdict, the kernels or the trial counts. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  "EMULATED_KERNELS",
  "SLOWER_WITH_EMULATION",
  "TRIALS_FAILED",
  "TRIALS_MISSING",
  "LAYERS_SKIPPED",
  "VARIANT_UNAVAILABLE",
  "STEP_NOT_OK",
  "MODEL_CHANGED_SHAPE",
]);
/** Told by the failed gate of the row, where there is one. */
const TOLD_BY_GATE: { readonly [code: string]: (gate: GateResultDoc) => boolean } = {
  ACCURACY_DROP_ABOVE_FLAG: (gate) => gate.metric.startsWith("quality."),
  OUTPUTS_VARY: (gate) => gate.metric === "determinism.rate",
  VARIANT_FAILED: (gate) => gate.reasons.includes("variant-failed"),
  INVALID_OUTPUTS: (gate) => gate.reasons.includes("invalid-values"),
};
/** More of one code than this are counted instead. */
const MOST = 3;

/** Findings that a reader of the verdicts should know, by the names of the table. */
export function findingSentences(summary: Summary): string[] {
  const byCode = new Map<string, Set<string>>();
  for (const finding of summary.findings) {
    if (TOLD_ELSEWHERE.has(finding.code) || isTold(summary, finding)) continue;
    const row = rowsOf(summary, finding)[0];
    // A message that names its cell is left as it is.
    const isNamed = row === undefined || finding.message.includes(finding.subject);
    const subject = isNamed ? finding.subject : variantName(summary, row);
    // A set: several settings of one variant often have the same finding.
    const texts = byCode.get(finding.code) ?? new Set();
    byCode.set(finding.code, texts.add(findingText({ ...finding, subject })));
  }
  return [...byCode].flatMap(([code, texts]) => {
    const shown = [...texts].slice(0, MOST);
    const rest = texts.size - shown.length;
    return rest > 0 ? [...shown, `${count(rest)} more findings of the kind ${visible(code)}.`] : shown;
  });
}

/** The message, with its subject in front where the message does not name it. */
export function findingText(finding: FindingDoc): string {
  const message = visible(finding.message);
  const subject = visible(finding.subject);
  return subject === "run" || message.includes(subject) ? message : `${subject}: ${message}`;
}

function isTold(summary: Summary, finding: FindingDoc): boolean {
  const told = TOLD_BY_GATE[finding.code];
  if (told === undefined) return false;
  return rowsOf(summary, finding).some((row) => row.verdict === "fail" && decidingGates(row).some(told));
}

function rowsOf(summary: Summary, { subject }: FindingDoc): readonly SummaryRow[] {
  return summary.rows.filter((row) => row.cell_id === subject || row.variant_id === subject);
}
