import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { checkTask, worstCheck } from "../gate/decide-canary.ts";

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

/** What the canary found before the sweep. */
export function canaryReport(plan: Plan, runId: string, trials: readonly TrialLine[]): CanaryReport {
  const own = trials.filter((trial) => trial.trial_kind === "canary");
  return reportOf(plan, { runId, at: own.at(-1)?.started_at ?? "", block: -1, checks: canaryChecks(plan, trials) });
}

/** What the sentinel of a block found. */
export function sentinelReport(plan: Plan, runId: string, line: TrialLine, trials: readonly TrialLine[]): CanaryReport {
  const { started_at: at, block } = line;
  return reportOf(plan, { runId, at, block, checks: sentinelChecks(plan, line, trials) });
}

/** A stored report made again from the journal; undefined where the journal has no such sentinel. */
export function canaryAgain(
  plan: Plan,
  { run_id, block, checks }: CanaryReport,
  trials: readonly TrialLine[],
): CanaryReport | undefined {
  if (block < 0) return canaryReport(plan, run_id, trials);
  const line = trials.find(
    (trial) => trial.trial_kind === "trial" && trial.block === block && trial.cell_id === checks[0]?.task,
  );
  return line && sentinelReport(plan, run_id, line, trials);
}

function reportOf(
  plan: Plan,
  found: {
    readonly runId: string;
    readonly at: string;
    readonly block: number;
    readonly checks: CanaryReport["checks"];
  },
): CanaryReport {
  return {
    schema_version: "quantgate.canary.v1",
    run_id: found.runId,
    generated_at: found.at,
    plan_digest: plan.plan_digest,
    simulated: plan.simulated,
    block: found.block,
    verdict: worstCheck(found.checks),
    checks: found.checks,
  };
}
