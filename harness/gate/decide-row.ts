import type { Comparison } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { GateResultDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import { decideGate } from "./decide-gate.ts";

export interface RowDecision {
  readonly cellId: string;
  readonly role: Comparison["role"];
  readonly verdict: "pass" | "fail" | "inconclusive" | "reference";
  readonly gates: readonly GateResultDoc[];
}

/** All gates of one row, and the row's verdict by {@link rowVerdict}. */
export function decideRow(specs: readonly GateSpecDoc[], comparison: Comparison): RowDecision {
  const gates = specs.map((spec) => decideGate(spec, comparison));
  const { cellId, role } = comparison;
  return { cellId, role, verdict: rowVerdict(role, gates), gates };
}

/**
 * The row passes when all primary gates pass: an intersection-union test, so no correction (Berger 1982). It fails when some
 * primary gate fails: a union, so a fail counts where its p-value survives Holm over the primary gates that can err by chance.
 * A fail that holds alone but not among them leaves the row inconclusive, and so does a row without primary gates.
 */
export function rowVerdict(role: Comparison["role"], gates: readonly GateResultDoc[]): RowDecision["verdict"] {
  if (role === "baseline") return "reference";
  const primary = gates.filter((gate) => gate.tier === "primary");
  if (primary.some((gate) => gate.verdict === "fail"))
    return rowFailPValue({ gates }) === undefined ? "inconclusive" : "fail";
  return primary.length > 0 && primary.every((gate) => gate.verdict === "pass") ? "pass" : "inconclusive";
}

/** p-value of "some primary gate is violated": Holm's smallest; 0 where a fail is certain; undefined where none survives Holm. */
export function rowFailPValue({ gates }: Pick<RowDecision, "gates">): number | undefined {
  const primary = gates.filter((gate) => gate.tier === "primary");
  const failed = primary.filter((gate) => gate.verdict === "fail");
  if (failed.length === 0) return undefined;
  // Bytes, or a variant that could not be made: nothing random decided these.
  if (failed.some((gate) => (gate.p_fail ?? null) === null)) return 0;
  // What a baseline is only the reference of makes no claim about it.
  const random = primary.filter((gate) => gate.policy !== "exact" && gate.verdict !== "reference");
  const { adjusted } = stats.holm(random.map((gate) => (gate.verdict === "fail" ? (gate.p_fail as number) : 1)));
  const surviving = adjusted.filter((p, i) => p <= (random[i] as GateResultDoc).alpha);
  return surviving.length === 0 ? undefined : Math.min(...surviving);
}

/** Primary gates whose verdict could err by chance: the family of Holm's correction. */
export function chanceGates(gates: readonly GateResultDoc[]): number {
  return gates.filter((gate) => gate.tier === "primary" && gate.policy !== "exact" && gate.verdict !== "reference")
    .length;
}

/** p-value of the row's claim: the largest of its primary gates' (intersection-union); exact gates that pass claim nothing. */
export function rowPValue(row: RowDecision): number | undefined {
  if (row.verdict !== "pass") return undefined;
  const ps = row.gates.filter((gate) => gate.tier === "primary").map((gate) => gate.p_pass ?? 0);
  return Math.max(0, ...ps);
}
