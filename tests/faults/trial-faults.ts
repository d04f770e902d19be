import type { TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { type Fault, fails, refused, undecided } from "./fault.ts";
import { BASELINE, BLOCKS, GOOD, type Measured, type StoredRun, sha256 } from "./stored-run.ts";

/** A trial that crashed. */
export function failTrial(line: TrialLine): void {
  line.state = "failed";
  line.failure = { code: "RUNTIME_CRASHED", message: "It crashed, as the test has it." };
  line.measured = null;
}

const isTrial = (cell: string, from: number) => (line: TrialLine) => line.cell_id === cell && line.block >= from;

function canaries(run: StoredRun): TrialLine[] {
  return run.trials.filter((line) => line.trial_kind === "canary");
}

/** Trials that failed, are missing, or are not the planned ones. */
export const TRIAL_FAULTS: readonly Fault[] = [
  {
    name: "every trial of the variant failed",
    ending: fails(/accuracy_drop: fail/),
    run: (run) => run.of(GOOD).forEach(failTrial),
  },
  {
    name: "half of the variant's trials failed",
    ending: fails(/determinism: fail/),
    run: (run) => run.of(GOOD).slice(4).forEach(failTrial),
  },
  {
    name: "every trial of every cell failed",
    ending: fails(/nothing was measured/),
    run: (run) => {
      for (const line of run.trials) if (line.trial_kind === "trial") failTrial(line);
    },
  },
  {
    name: "one trial of the baseline failed",
    ending: fails(/the baseline sim\/fp32 fails its own gates/),
    run: (run) => failTrial(run.trial(BASELINE, 5)),
  },
  {
    name: "one trial of the baseline failed, and determinism is not asked for",
    ending: undecided(/latency_ratio: inconclusive failed-trials/),
    run: (run) => failTrial(run.trial(BASELINE, 5)),
    policy: { gates: [{ id: "determinism", enabled: false }] },
  },
  {
    name: "one trial of the variant failed, and determinism is not asked for",
    ending: undecided(/latency_ratio: inconclusive failed-trials/),
    run: (run) => failTrial(run.trial(GOOD, 5)),
    policy: { gates: [{ id: "determinism", enabled: false }] },
  },
  {
    name: "a slow trial was excluded",
    ending: fails(/determinism: fail/),
    run: (run) => Object.assign(run.trial(GOOD, 5), { state: "excluded", measured: null }),
  },
  {
    name: "a completed trial has no measurements",
    ending: refused(/is completed, which its measurements contradict/),
    run: (run) => Object.assign(run.trial(GOOD, 5), { measured: null }),
  },
  {
    name: "a failed trial has measurements",
    ending: refused(/is failed, which its measurements contradict/),
    run: (run) => Object.assign(run.trial(GOOD, 5), { state: "failed" }),
  },
  {
    name: "a completed trial has a failure",
    ending: refused(/is completed, which its measurements contradict/),
    run: (run) => Object.assign(run.trial(GOOD, 5), { failure: { code: "RUNTIME_TIMEOUT", message: "Too slow." } }),
  },
  {
    name: "trials of the variant are missing",
    ending: undecided(/latency_ratio: inconclusive missing-trials/),
    run: (run) => run.drop(isTrial(GOOD, 6)),
  },
  {
    name: "every trial of the variant is missing",
    ending: undecided(/accuracy_drop: inconclusive missing-metric/),
    run: (run) => run.drop(isTrial(GOOD, 0)),
  },
  {
    name: "trials of the baseline are missing",
    ending: undecided(/latency_ratio: inconclusive missing-baseline/),
    run: (run) => run.drop(isTrial(BASELINE, 6)),
  },
  {
    name: "trials of the baseline are missing, and no time is asked for",
    ending: undecided(/accuracy_drop: inconclusive missing-baseline/),
    run: (run) => run.drop(isTrial(BASELINE, 6)),
    policy: { gates: [{ id: "latency_ratio", enabled: false }] },
  },
  {
    name: "every trial of the baseline is missing",
    ending: undecided(/accuracy_drop: inconclusive missing-metric/),
    run: (run) => run.drop(isTrial(BASELINE, 0)),
  },
  {
    name: "the run has fewer blocks than were planned",
    ending: undecided(/latency_ratio: inconclusive missing-trials/),
    run: (run) => run.drop((line) => line.block >= BLOCKS - 2),
  },
  {
    name: "the run holds nothing but canaries",
    ending: fails(/nothing was measured/),
    run: (run) => run.drop((line) => line.trial_kind === "trial"),
  },
  {
    name: "the canary trials are missing",
    ending: refused(/0 of 3 canary trials/),
    run: (run) => run.drop((line) => line.trial_kind === "canary"),
  },
  {
    name: "a canary trial failed, and the run went on",
    ending: refused(/canary fails, but its journal goes on/),
    run: (run) => failTrial(canaries(run)[1] as TrialLine),
  },
  {
    name: "the canary's outputs differ, and the run went on",
    ending: refused(/canary fails, but its journal goes on/),
    run: (run) => {
      (canaries(run)[1] as { measured: Measured }).measured.subset.outputs_sha256 = sha256("other");
    },
  },
  {
    name: "the canary was noisy, and the run went on",
    ending: refused(/canary fails, but its journal goes on/),
    run: (run) => {
      run.plan.canary.latency_cv_threshold = 1e-6;
    },
  },
  {
    name: "the baseline's outputs change in a block, and the run went on",
    ending: refused(/baseline breaks in the trial b003/),
    run: (run) => {
      run.trial(BASELINE, 3).measured.subset.outputs_sha256 = sha256("other");
    },
  },
];
