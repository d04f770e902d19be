import type { Comparison } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { earlyUnit, gateEvidence } from "./early-gate.ts";
import type { Families } from "./evidence.ts";

/** What a cell still has to run for its row to be decided. */
export interface CellNeeds {
  readonly items: boolean;
  readonly blocks: boolean;
}

/**
 * The stopping rule. A cell is done with its items when every primary gate on items is settled, and with its blocks when every
 * primary gate on blocks or calls is: met, or violated, at α over the number of claims it is one of, so that no correction can
 * undo it. One such violation settles the row, and with it everything. Undefined = no primary gate asks for it.
 */
export function cellNeeds(
  specs: readonly GateSpecDoc[],
  comparison: Comparison,
  families: Families,
): { readonly [unit in keyof CellNeeds]: boolean | undefined } {
  const open: { items: boolean | undefined; blocks: boolean | undefined } = { items: undefined, blocks: undefined };
  for (const spec of specs) {
    const unit = earlyUnit(spec);
    if (spec.tier !== "primary") continue;
    // An exact count of right answers is known when all of them are.
    if (unit === undefined && spec.metric.startsWith("quality.")) open.items = true;
    if (unit === undefined) continue;
    const evidence = gateEvidence(spec, comparison, families);
    if (evidence?.sureFailAt !== undefined) return { items: false, blocks: false };
    const kind = unit === "items" ? "items" : "blocks";
    open[kind] = (open[kind] ?? false) || evidence?.surePassAt === undefined;
  }
  return open;
}

/**
 * Claims that a gate's verdict is one of. FAIL: the row's primary gates that can err by chance and, for a required variant, the
 * rows whose fail ends in exit code 3. PASS: a required variant's stands alone; a candidate's is one of all candidates'.
 */
export function claimFamilies(
  specs: readonly GateSpecDoc[],
  cells: readonly { readonly role: Comparison["role"] }[],
  role: Comparison["role"],
): Families {
  const gates = specs.filter((spec) => spec.tier === "primary" && spec.policy !== "exact").length;
  const candidates = cells.filter((cell) => cell.role === "candidate").length;
  if (role === "candidate") return { pass: Math.max(1, candidates), fail: Math.max(1, gates) };
  return { pass: 1, fail: Math.max(1, gates * (cells.length - candidates)) };
}

/** Items after which the gates on items were settled; undefined where one is not. */
export function itemsSettledAt(
  specs: readonly GateSpecDoc[],
  comparison: Comparison,
  families: Families,
): number | undefined {
  const evidence = specs
    .filter((spec) => spec.tier === "primary" && earlyUnit(spec) === "items")
    .map((spec) => gateEvidence(spec, comparison, families));
  const failed = evidence.flatMap((x) => x?.sureFailAt ?? []);
  if (failed.length > 0) return Math.min(...failed);
  const passed = evidence.map((x) => x?.surePassAt);
  return passed.length > 0 && passed.every((at) => at !== undefined) ? Math.max(...passed) : undefined;
}
