import { cellSamples } from "../aggregate/cell-samples.ts";
import { compareCells } from "../aggregate/compare.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedCell, PlannedStop, PlannedTrial } from "../domain/generated/plan-v1.ts";
import { type CellNeeds, cellNeeds, claimFamilies } from "../gate/stopping.ts";

export interface StopFacts {
  readonly plan: Plan;
  readonly labels: Int32Array;
  /** The random item order. */
  readonly order: Int32Array;
  /** Variants that could not be made: nothing is asked of them. */
  readonly failed: ReadonlySet<string>;
}

/**
 * What is still asked of a planned trial, from the lines of the blocks before its own: a pure function of plan and journal, so that a
 * run that was killed and resumed does exactly what it would have done. Undefined = nothing, it is skipped.
 */
export type StopRule = (planned: PlannedTrial, before: readonly TrialLine[]) => PlannedTrial | undefined;

/** The stopping rule of a plan. Within a block nothing changes, so each block is looked at once. */
export function stopRule(facts: StopFacts): StopRule {
  const { stop } = facts.plan;
  if (stop === undefined) return (planned) => planned;
  let current: { block: number; needs: ReadonlyMap<string, CellNeeds> } | undefined;
  return (planned, before) => {
    if (planned.kind === "canary") return planned;
    if (current?.block !== planned.block) {
      const lines = before.filter((line) => line.block < planned.block);
      current = { block: planned.block, needs: needsOf(facts, stop, planned.block, lines) };
    }
    const needs = current.needs.get(planned.cell_id) as CellNeeds;
    if (planned.evaluates === "items" && needs.items) return planned;
    if (!needs.blocks) return undefined;
    const { items: _, ...rest } = planned;
    return { ...rest, evaluates: "subset" };
  };
}

function needsOf(
  { plan, labels, order, failed }: StopFacts,
  stop: PlannedStop,
  block: number,
  trials: readonly TrialLine[],
): Map<string, CellNeeds> {
  const samples = cellSamples({ plan, variants: [], trials });
  const comparisons = compareCells(samples, {
    labels,
    classNames: plan.dataset.class_names,
    // Whether the session is noisy is known at its end only; it can take a verdict away, never give one.
    isNoisy: false,
    early: { claim: stop.claim, order },
  });
  const needs = new Map<string, CellNeeds>();
  for (const [index, cell] of plan.cells.entries()) {
    const comparison = comparisons[index] as (typeof comparisons)[number];
    if (comparison.role === "baseline") continue;
    const candidateNeeds = (): CellNeeds => {
      if (failed.has(cell.variant_id)) return { items: false, blocks: false };
      if (block < stop.min_blocks) return { items: true, blocks: true };
      const families = claimFamilies(plan.gates, comparisons, comparison.role);
      const { items, blocks } = cellNeeds(plan.gates, comparison, families);
      return { items: items ?? true, blocks: blocks ?? block < stop.block_limit_without_gate };
    };
    needs.set(cell.cell_id, candidateNeeds());
  }
  for (const cell of plan.cells) {
    if (cell.cell_id !== cell.baseline_cell_id) continue;
    needs.set(cell.cell_id, baselineNeeds(cell, plan, needs));
  }
  return needs;
}

/** A baseline runs as long as a variant needs it to be compared with; alone, it runs everything. */
function baselineNeeds(cell: PlannedCell, plan: Plan, needs: ReadonlyMap<string, CellNeeds>): CellNeeds {
  const own = plan.cells.filter((other) => other.baseline_cell_id === cell.cell_id && other !== cell);
  if (own.length === 0) return { items: true, blocks: true };
  const asked = own.map((other) => needs.get(other.cell_id) as CellNeeds);
  return { items: asked.some(({ items }) => items), blocks: asked.some(({ items, blocks }) => items || blocks) };
}

/** Trials that a stored run had no need of; and the first line that the rule did not ask for as it is, if there is one. */
export function replayStop(
  facts: StopFacts,
  trials: readonly TrialLine[],
): { readonly skipped: ReadonlySet<string>; readonly stranger: string | undefined } {
  const rule = stopRule(facts);
  const lines = new Map(trials.map((line) => [line.trial_id, line]));
  const skipped = new Set<string>();
  let stranger: string | undefined;
  for (const planned of facts.plan.trials) {
    const asked = rule(planned, trials);
    const line = lines.get(planned.trial_id);
    if (asked === undefined) skipped.add(planned.trial_id);
    if (line === undefined) continue;
    const isAsked =
      asked !== undefined &&
      line.evaluates === asked.evaluates &&
      line.items?.from === asked.items?.from &&
      line.items?.count === asked.items?.count;
    if (!isAsked) stranger ??= planned.trial_id;
  }
  return { skipped, stranger };
}
