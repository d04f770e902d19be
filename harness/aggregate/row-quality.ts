import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, RunQualityControls } from "../domain/generated/plan-v1.ts";
import type { TrialMarkDoc } from "../domain/generated/summary-v1.ts";
import type { CellSamples } from "./cell-samples.ts";
import type { RunMarks } from "./run-marks.ts";
import { isPolluting } from "./run-quality.ts";

/** How undisturbed a cell's trials were, and which of them make its own figures. */
export interface RowQuality {
  /** Trials with marks, in block order. */
  readonly marks: readonly TrialMarkDoc[];
  readonly pollutedTrials: number;
  /** More of the trials are polluted than the plan allows. */
  readonly isPolluted: boolean;
  /** Every typed reason of its trials once, sorted. */
  readonly reasons: readonly string[];
  /** Whether a trial counts in the cell's absolute figures: latency, throughput, load time. */
  readonly counts: (trial: TrialLine) => boolean;
}

/**
 * Polluted trials are left out of a cell's absolute figures, which the frontier compares. A cell that is polluted as a whole keeps them:
 * without them it has none, and it is marked. Comparisons with the baseline keep all blocks, for pairs in random order carry what both meet.
 */
export function rowQuality(
  { finished }: Pick<CellSamples, "finished">,
  marks: RunMarks,
  {
    limits,
    allowsPolluted: isAllowed,
  }: { readonly limits: RunQualityControls | undefined; readonly allowsPolluted: boolean },
): RowQuality {
  const marked = finished.flatMap((trial): TrialMarkDoc[] => {
    const own = marks.get(trial.trial_id);
    if (own === undefined) return [];
    const reasons = [...new Set(own.map(({ reason }) => reason))].sort();
    return [{ trial_id: trial.trial_id, block: trial.block, polluted: isPolluting(own), reasons }];
  });
  const polluted = new Set(marked.filter((mark) => mark.polluted).map(({ trial_id }) => trial_id));
  const most = limits?.max_polluted_trials ?? 1;
  const isPolluted = finished.length > 0 && polluted.size / finished.length > most;
  const keepsAll = isPolluted || isAllowed;
  return {
    marks: marked,
    pollutedTrials: polluted.size,
    isPolluted,
    reasons: [...new Set(marked.flatMap(({ reasons }) => reasons))].sort(),
    counts: ({ trial_id }) => keepsAll || !polluted.has(trial_id),
  };
}

/** Whether polluted trials and rows count, because the config or --allow-polluted-frontier says so. */
export function allowsPolluted({ config }: Pick<Plan, "config">): boolean {
  return (config as { readonly frontier?: { readonly allow_polluted?: unknown } }).frontier?.allow_polluted === true;
}
