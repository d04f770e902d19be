import type { SuiteDoc } from "../domain/generated/summary-v1.ts";
import { fastestSmallest, type Merit } from "../domain/ship-choice.ts";
import * as stats from "../stats/index.ts";
import { type RowDecision, rowFailPValue, rowPValue } from "./decide-row.ts";

/**
 * The suite's verdict. Required variants were named before anything was measured, so each is judged at its own α. Picking any
 * passing candidate is a claim about the best of many, so candidates count only where their pass survives Holm over all of them.
 * "Some required variant is worse" is a union too: its fail counts where it survives Holm over the required ones.
 * A run without a baseline reading that holds its own gates decides nothing.
 */
export function decideSuite(rows: readonly RowDecision[], merits: readonly Merit[], alpha: number): SuiteDoc {
  const required = rows.filter((row) => row.role === "required");
  const candidates = rows.filter((row) => row.role === "candidate");
  const certified = holmCertified(candidates, alpha);
  const shippable = [...required.filter((row) => row.verdict === "pass").map((row) => row.cellId), ...certified];
  const rule = `required variants at their own alpha; Holm over ${candidates.length} candidates; then the fastest, the smaller of equals`;
  const base = { certified, ship: null as string | null, recommendation_rule: rule };
  const baseline = rows.find((row) => row.role === "baseline" && row.gates.some(isBroken));
  if (baseline !== undefined) {
    const reasons = [`the baseline ${baseline.cellId} fails its own gates`];
    return { ...base, certified: [], verdict: "fail", exit_code: 3, reasons };
  }
  const ship = fastestSmallest(merits.filter(({ cellId }) => shippable.includes(cellId)))?.cellId ?? null;
  const failed = required.filter((row) => row.verdict === "fail");
  const isCertain = holmFailed(required, alpha);
  const open = required.filter((row) => row.verdict === "inconclusive" || row.verdict === "fail");
  if (isCertain) {
    return {
      ...base,
      ship,
      verdict: "fail",
      exit_code: 3,
      reasons: failed.map((row) => `required ${row.cellId} failed`),
    };
  }
  if (open.length > 0) {
    const reasons = open.map((row) =>
      row.verdict === "fail"
        ? `required ${row.cellId} fails alone, but not after correcting for ${required.length} required variants`
        : `required ${row.cellId} is inconclusive`,
    );
    return { ...base, ship, verdict: "inconclusive", exit_code: 4, reasons };
  }
  if (required.length > 0 || certified.length > 0) return { ...base, ship, verdict: "pass", exit_code: 0, reasons: [] };
  const undecided = candidates.filter((row) => row.verdict !== "fail");
  if (undecided.length > 0) {
    const reasons = undecided.map((row) =>
      row.verdict === "pass"
        ? `${row.cellId} passes alone, but not after correcting for ${candidates.length} candidates`
        : `${row.cellId} is inconclusive`,
    );
    return { ...base, verdict: "inconclusive", exit_code: 4, reasons };
  }
  const reasons = [candidates.length === 0 ? "there is no variant to judge" : "every candidate failed"];
  return { ...base, verdict: "fail", exit_code: 3, reasons };
}

function isBroken(gate: RowDecision["gates"][number]): boolean {
  return gate.tier === "primary" && gate.verdict === "fail";
}

function holmCertified(candidates: readonly RowDecision[], alpha: number): string[] {
  // A variant that does not pass has p = 1: it counts in the number of claims that were tried.
  const ps = candidates.map((row) => rowPValue(row) ?? 1);
  const { adjusted } = stats.holm(ps);
  return candidates
    .filter((row, i) => row.verdict === "pass" && (adjusted[i] as number) <= alpha)
    .map((row) => row.cellId);
}

function holmFailed(required: readonly RowDecision[], alpha: number): boolean {
  const { adjusted } = stats.holm(required.map((row) => (row.verdict === "fail" ? (rowFailPValue(row) ?? 1) : 1)));
  return required.some((row, i) => row.verdict === "fail" && (adjusted[i] as number) <= alpha);
}
