import type { RunRecord } from "../aggregate/run-record.ts";
import type { Finding } from "../domain/codes.ts";
import type { PreparationDoc } from "../domain/generated/summary-v1.ts";

/** How the models of a run came to be, and what they were evaluated with; undefined where it had no steps. */
export function preparationDoc({ plan, steps = [] }: RunRecord): PreparationDoc | undefined {
  if (plan.steps === undefined) return undefined;
  const { calibration, experimental_controls: controls } = plan;
  const distinct = (values: readonly number[]) => [...new Set(values)];
  return {
    calibration:
      calibration === null
        ? null
        : {
            id: calibration.id,
            digest: calibration.digest,
            count: calibration.count,
            indices_digest: calibration.indices_digest,
            method: calibration.method,
            list: "calibration.txt",
          },
    evaluation: {
      runs: new Set(plan.trials.filter(({ evaluates }) => evaluates !== "subset").map(({ block }) => block)).size,
      batch_size: controls.evaluate_batch_size,
      latency_batch_sizes: distinct(plan.cells.map((cell) => cell.batch_size)),
      threads: distinct(plan.cells.map((cell) => cell.threads)),
      warmup_iterations: controls.warmup_iterations,
      seed: controls.seed,
    },
    steps: steps.map(({ kind: _, key: __, command: ___, ...step }) => step),
  };
}

/** What is doubtful about the steps. */
export function stepFindings({ plan, steps = [] }: RunRecord): Finding[] {
  const needed = new Set(plan.steps?.filter((step) => step.needed).map((step) => step.step_id));
  return steps.flatMap(({ step_id, state, reason, warnings }): Finding[] => {
    if (state === "ok") {
      return warnings.map((message) => ({ code: "MODEL_CHANGED_SHAPE", subject: step_id, message: `${message}.` }));
    }
    if (!needed.has(step_id)) return [];
    return [{ code: "STEP_NOT_OK", subject: step_id, message: `The step is ${state}: ${reason ?? "unknown"}.` }];
  });
}
