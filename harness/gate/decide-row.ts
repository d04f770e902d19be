import type { Comparison } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { GateResultDoc } from "../domain/generated/summary-v1.ts";
import { decideGate } from "./decide-gate.ts";

export interface RowDecision {
  readonly cellId: string;
  readonly role: Comparison["role"];
  readonly verdict: "pass" | "fail" | "inconclusive" | "reference";
  readonly gates: readonly GateResultDoc[];
}

/**
 * All gates of one row. The row passes when all primary gates pass: an intersection-union test, so no multiplicity correction.
 * A row without primary gates is inconclusive: nothing decided it.
 */
export function decideRow(specs: readonly GateSpecDoc[], comparison: Comparison): RowDecision {
  const gates = specs.map((spec) => decideGate(spec, comparison));
  const primary = gates.filter((gate) => gate.tier === "primary");
  const verdict = (() => {
    if (comparison.role === "baseline") return "reference" as const;
    if (primary.some((gate) => gate.verdict === "fail")) return "fail" as const;
    if (primary.length > 0 && primary.every((gate) => gate.verdict === "pass")) return "pass" as const;
    return "inconclusive" as const;
  })();
  return { cellId: comparison.cellId, role: comparison.role, verdict, gates };
}

/** p-value of the row's claim: the largest of its primary gates' (intersection-union); exact gates that pass claim nothing. */
export function rowPValue(row: RowDecision): number | undefined {
  if (row.verdict !== "pass") return undefined;
  const ps = row.gates.filter((gate) => gate.tier === "primary").map((gate) => gate.p_pass ?? 0);
  return Math.max(0, ...ps);
}
