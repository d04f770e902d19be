import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { checkTask } from "../gate/decide-canary.ts";

/** Checks of every baseline cell over its canary trials. */
export function canaryChecks(plan: Plan, trials: readonly TrialLine[]): CanaryReport["checks"] {
  const tasks = plan.cells.filter((cell) => cell.cell_id === cell.baseline_cell_id);
  return tasks.flatMap(({ cell_id }) =>
    checkTask({
      task: cell_id,
      trials: trials.filter((trial) => trial.trial_kind === "canary" && trial.cell_id === cell_id),
      canary: plan.canary,
      reference: undefined,
    }),
  );
}

/** Checks of one trial of a baseline cell in a block, beside the outputs that the canary found. */
export function sentinelChecks(plan: Plan, line: TrialLine, trials: readonly TrialLine[]): CanaryReport["checks"] {
  const reference = trials.find((trial) => trial.cell_id === line.cell_id && trial.trial_kind === "canary");
  return checkTask({
    task: line.cell_id,
    trials: [line],
    canary: plan.canary,
    reference: reference?.measured?.subset.outputs_sha256,
  });
}
