import type { PlannedCell, PlannedTrial } from "../domain/generated/plan-v1.ts";

/** Randomness of a plan, from named sub-streams of the plan's seed, so that adding a cell does not reorder unrelated draws. */
export interface PlanRandom {
  /** A uniform permutation of 0..n-1 for this label. */
  permutation(label: string, n: number): number[];
  /** An integer seed in [0, 2^32) for this label. */
  seed(label: string): number;
}

/**
 * Canary trials (each baseline cell `canaryRuns` times, in turn), then `blocks` blocks in which every cell runs once, in an
 * order drawn uniformly for each block. Plain ABBA is not exact under periodic noise; a fresh permutation a block is.
 * The first `evaluateRuns` blocks evaluate every item, the others the subset. With `chunkEnds` each block evaluates the next stretch
 * of the random item order instead, as long as there is one.
 */
export function schedule(options: {
  readonly cells: readonly PlannedCell[];
  readonly blocks: number;
  readonly evaluateRuns: number;
  readonly canaryRuns: number;
  readonly chunkEnds?: readonly number[] | undefined;
  readonly random: PlanRandom;
}): PlannedTrial[] {
  const { cells, blocks, evaluateRuns, canaryRuns, chunkEnds, random } = options;
  const trials: PlannedTrial[] = [];
  const add = (trial: Omit<PlannedTrial, "seq" | "seed">) => {
    trials.push({ seq: trials.length, ...trial, seed: random.seed(`trial:${trial.trial_id}`) });
  };
  const baselines = cells.filter((cell) => cell.cell_id === cell.baseline_cell_id);
  for (let run = 0; run < canaryRuns; run++) {
    for (const { cell_id } of baselines) {
      add({ trial_id: `c${pad(run)}.${cell_id}`, kind: "canary", block: -1, cell_id, evaluates: "subset" });
    }
  }
  for (let block = 0; block < blocks; block++) {
    for (const index of random.permutation(`block:${block}`, cells.length)) {
      const { cell_id } = cells[index] as PlannedCell;
      const trial = { trial_id: `b${pad(block)}.${cell_id}`, kind: "trial" as const, block, cell_id };
      const end = chunkEnds?.[block];
      const from = chunkEnds?.[block - 1] ?? 0;
      if (end !== undefined) add({ ...trial, evaluates: "items", items: { from, count: end - from } });
      else add({ ...trial, evaluates: chunkEnds === undefined && block < evaluateRuns ? "all" : "subset" });
    }
  }
  return trials;
}

function pad(n: number): string {
  return String(n).padStart(3, "0");
}
