import type { Plan, PlannedCell } from "../domain/generated/plan-v1.ts";
import { gateProblem } from "./gate-problem.ts";

/**
 * Why a stored plan cannot be one that was made, as a sentence; undefined when it can. Its digest proves that it was not changed by
 * accident; this, that it compares what it says: each cell with the baseline of its own model and setting, on items that exist.
 */
export function planProblem(plan: Plan): string | undefined {
  return itemsProblem(plan) ?? cellsProblem(plan) ?? trialsProblem(plan) ?? gatesProblem(plan);
}

function itemsProblem({ dataset, canary }: Plan): string | undefined {
  if (dataset.count < 1 || dataset.class_names.length < 1) return "the dataset has no items or no classes";
  const inside = canary.subset.every((item) => Number.isInteger(item) && item >= 0 && item < dataset.count);
  if (!inside || canary.subset.length === 0 || hasRepeats(canary.subset)) return "the subset is not one of its items";
  return undefined;
}

function cellsProblem({ variants, cells }: Plan): string | undefined {
  if (hasRepeats(variants.map((variant) => variant.variant_id))) return "a variant is named twice";
  if (hasRepeats(cells.map((cell) => cell.cell_id))) return "a cell is named twice";
  const variantOf = new Map(variants.map((variant) => [variant.variant_id, variant]));
  const byId = new Map(cells.map((cell) => [cell.cell_id, cell]));
  const idle = variants.find(({ variant_id }) => !cells.some((cell) => cell.variant_id === variant_id));
  if (idle !== undefined) return `the variant ${idle.variant_id} has no cell`;
  for (const cell of cells) {
    const variant = variantOf.get(cell.variant_id);
    const baseline = byId.get(cell.baseline_cell_id);
    const reference = baseline === undefined ? undefined : variantOf.get(baseline.variant_id);
    if (variant === undefined) return `the cell ${cell.cell_id} is of no planned variant`;
    if (baseline === undefined || reference?.role !== "baseline") return `the cell ${cell.cell_id} has no baseline`;
    // A cell that is its own baseline would pass whatever it measures.
    if ((baseline === cell) !== (variant.role === "baseline")) {
      return `the cell ${cell.cell_id} has the role ${variant.role}, which its baseline contradicts`;
    }
    if (variant.model_id !== reference.model_id || !isSameSetting(cell, baseline)) {
      return `the cell ${cell.cell_id} is compared with another model or setting`;
    }
  }
  return undefined;
}

function isSameSetting(x: PlannedCell, y: PlannedCell): boolean {
  return x.threads === y.threads && x.batch_size === y.batch_size;
}

function trialsProblem({ cells, trials, trial_counts, canary }: Plan): string | undefined {
  if (trials.some((trial, index) => trial.seq !== index)) return "its trials are not numbered in order";
  if (hasRepeats(trials.map((trial) => trial.trial_id))) return "a trial is named twice";
  const expected = new Set<string>();
  for (const { cell_id, baseline_cell_id } of cells) {
    for (let block = 0; block < trial_counts.per_cell; block++) expected.add(`${cell_id} trial ${block}`);
    for (let run = 0; run < canary.runs && cell_id === baseline_cell_id; run++)
      expected.add(`${cell_id} canary -1 ${run}`);
  }
  const canaries = new Map<string, number>();
  for (const { cell_id, kind, block } of trials) {
    const run = canaries.get(cell_id) ?? 0;
    if (kind === "canary") canaries.set(cell_id, run + 1);
    const key = kind === "canary" ? `${cell_id} canary ${block} ${run}` : `${cell_id} trial ${block}`;
    if (!expected.delete(key)) return `it has a trial too many: ${key}`;
  }
  const [missing] = expected;
  if (missing !== undefined || trial_counts.per_cell < 1) return `it has a trial too few: ${missing ?? "none at all"}`;
  return trial_counts.total === trials.length ? undefined : "it has not as many trials as it counts";
}

function gatesProblem({ gates }: Plan): string | undefined {
  if (hasRepeats(gates.map((gate) => gate.id))) return "a gate is named twice";
  return gates.map(gateProblem).find((problem) => problem !== undefined);
}

function hasRepeats(values: readonly unknown[]): boolean {
  return new Set(values).size !== values.length;
}
