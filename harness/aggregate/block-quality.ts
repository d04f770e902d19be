import type { BlockPollution } from "../domain/comparison.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { RunQualityControls } from "../domain/generated/plan-v1.ts";
import type { CellSamples } from "./cell-samples.ts";
import { starvationMarks } from "./run-quality.ts";

/** What a trial's host readings say against the limits; empty when nothing does. A reading the platform does not give accuses nobody. */
export function starvation(trial: TrialLine, limits: RunQualityControls): string[] {
  return trial.measured === null ? [] : starvationMarks(trial.measured, limits).map(({ detail }) => detail);
}

/** How many blocks of a pair were starved in either arm, of those in which both completed. */
export function blockPollution(
  candidate: CellSamples,
  baseline: CellSamples,
  limits: RunQualityControls,
): BlockPollution {
  const byBlock = (sample: CellSamples) =>
    new Map(sample.finished.filter(({ measured }) => measured !== null).map((trial) => [trial.block, trial]));
  const others = byBlock(baseline);
  let blocks = 0;
  let starved = 0;
  for (const [block, trial] of byBlock(candidate)) {
    const other = others.get(block);
    if (other === undefined) continue;
    blocks++;
    if (starvation(trial, limits).length > 0 || starvation(other, limits).length > 0) starved++;
  }
  return { blocks, starved, isPolluted: blocks > 0 && starved / blocks > limits.max_starved_blocks };
}
