import type { FindingDoc, GateResultDoc, Summary } from "../domain/generated/summary-v1.ts";
import { decidingGates } from "./gate-words.ts";
import { count } from "./numbers.ts";
import { visible } from "./visible-text.ts";

/** Told elsewhere in the report, as part of the verdict, the kernels or the trial counts. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  "EMULATED_KERNELS",
  "SLOWER_WITH_EMULATION",
  "TRIALS_FAILED",
  "TRIALS_MISSING",
  "LAYERS_SKIPPED",
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

/** Findings that a reader of the verdicts should know. */
export function findingSentences(summary: Summary): string[] {
  const byCode = new Map<string, FindingDoc[]>();
  for (const finding of summary.findings) {
    if (TOLD_ELSEWHERE.has(finding.code) || isTold(summary, finding)) continue;
    byCode.set(finding.code, [...(byCode.get(finding.code) ?? []), finding]);
  }
  return [...byCode.values()].flatMap((findings) => {
    const shown = findings.slice(0, MOST).map(findingText);
    const rest = findings.length - shown.length;
    return rest > 0 ? [...shown, `${count(rest)} more findings ${findings[0]?.code} are in the summary.`] : shown;
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
  const rows = summary.rows.filter((row) => row.cell_id === finding.subject || row.variant_id === finding.subject);
  return rows.some((row) => row.verdict === "fail" && decidingGates(row).some(told));
}
