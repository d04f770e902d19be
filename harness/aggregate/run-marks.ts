import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { clockSteps } from "./clock-steps.ts";
import { isPolluting, type QualityMark, trialMarks } from "./run-quality.ts";

/** Marks of every trial that has some, canaries included, by trial id. */
export type RunMarks = ReadonlyMap<string, readonly QualityMark[]>;

/** Judges every trial of a run by its own window. A plan without limits judges nothing but clock steps. */
export function runMarks({ plan, trials }: { readonly plan: Plan; readonly trials: readonly TrialLine[] }): RunMarks {
  const cells = new Map(plan.cells.map((cell) => [cell.cell_id, cell]));
  const seeds = new Map(plan.trials.map(({ trial_id, seed }) => [trial_id, seed]));
  const steps = clockSteps(trials);
  const watchesGpu = isGpuWatched(plan);
  const marks = new Map<string, readonly QualityMark[]>();
  for (const trial of trials) {
    const own = trialMarks(trial, {
      plan,
      cell: cells.get(trial.cell_id),
      seed: seeds.get(trial.trial_id),
      watchesGpu,
    });
    const stepped: QualityMark[] = steps.has(trial.trial_id)
      ? [{ reason: "CLOCK_STEP", detail: "a clock was set while it ran, or before it" }]
      : [];
    const all = [...own, ...stepped];
    if (all.length > 0) marks.set(trial.trial_id, all);
  }
  return marks;
}

/** Ids of the polluted trials. */
export function pollutedTrials(marks: RunMarks): ReadonlySet<string> {
  return new Set([...marks].filter(([, own]) => isPolluting(own)).map(([id]) => id));
}

/** ONNX Runtime here computes on processors: a desktop's own use of the card is no disturbance unless the user watches it. */
function isGpuWatched({ telemetry, config }: Plan): boolean {
  const { runtime } = config as { readonly runtime?: { readonly kind?: unknown } };
  const isOnCpu = runtime?.kind === "onnxruntime" || runtime?.kind === "simulated";
  return telemetry?.probe === "nvidia" || telemetry?.probe === "amd" || !isOnCpu;
}
