import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import { planDigest } from "../../harness/plan/make-plan.ts";
import { type Fault, refused, undecided } from "./fault.ts";
import { BASELINE, GOOD, type StoredRun, sha256 } from "./stored-run.ts";

function rewrite(path: string, change: (plan: Plan) => void): void {
  const plan = JSON.parse(readFileSync(join(path, "plan.json"), "utf8")) as Plan;
  change(plan);
  writeFileSync(join(path, "plan.json"), JSON.stringify(plan));
}

function cell(run: StoredRun, id: string): Plan["cells"][number] {
  return run.plan.cells.find(({ cell_id }) => cell_id === id) as Plan["cells"][number];
}

function variant(run: StoredRun, id: string): Plan["variants"][number] {
  return run.plan.variants.find(({ variant_id }) => variant_id === id) as Plan["variants"][number];
}

/** Plans that nobody planned; sealed, so that their digests fit, unless only a file is changed. */
export const PLAN_FAULTS: readonly Fault[] = [
  {
    name: "the plan is gone",
    ending: refused(/no run at/, "STORE_MISSING"),
    files: (path) => rmSync(join(path, "plan.json")),
  },
  {
    name: "the plan is empty",
    ending: refused(/plan.json/),
    files: (path) => writeFileSync(join(path, "plan.json"), ""),
  },
  {
    name: "the plan is cut off",
    ending: refused(/plan.json/),
    files: (path) => writeFileSync(join(path, "plan.json"), readFileSync(join(path, "plan.json")).subarray(0, 2000)),
  },
  {
    name: "a margin was widened after the run",
    ending: refused(/changed after it was made/),
    files: (path) =>
      rewrite(path, (plan) => {
        for (const gate of plan.gates) gate.margin = 0.5;
      }),
  },
  {
    name: "a margin was widened after the run, and the plan's digest redone",
    ending: refused(/belong to different plans/, "CONFIG_PLAN_MISMATCH"),
    files: (path) =>
      rewrite(path, (plan) => {
        for (const gate of plan.gates) gate.margin = 0.5;
        plan.plan_digest = planDigest(plan, sha256);
      }),
  },
  {
    name: "the config in the plan is another one's",
    ending: refused(/changed after it was made/),
    files: (path, run) => {
      rewrite(path, (plan) => {
        plan.config = { ...plan.config, alpha: 0.2 };
        plan.plan_digest = planDigest(plan, sha256);
        run.header.plan = plan.plan_digest;
      });
      run.sealJournal();
    },
  },
  {
    name: "the role of the baseline moved to the required variant",
    ending: refused(/has no baseline|has the role/),
    run: (run) => {
      variant(run, BASELINE).role = "required";
      variant(run, GOOD).role = "baseline";
    },
  },
  {
    name: "the required variant is compared with itself",
    ending: refused(/cell sim\/good8 has no baseline/),
    run: (run) => {
      cell(run, GOOD).baseline_cell_id = GOOD;
    },
  },
  {
    name: "the required variant is compared with a variant that is not there",
    ending: refused(/cell sim\/good8 has no baseline/),
    run: (run) => {
      cell(run, GOOD).baseline_cell_id = "sim/fp16";
    },
  },
  {
    name: "the baseline has another number of threads",
    ending: refused(/compared with another model or setting/),
    run: (run) => {
      cell(run, BASELINE).threads = 8;
    },
  },
  {
    name: "the baseline is another model's",
    ending: refused(/compared with another model or setting/),
    run: (run) => {
      variant(run, BASELINE).model_id = "other";
    },
  },
  {
    name: "two variants have one id",
    ending: refused(/a variant is named twice/),
    run: (run) => run.plan.variants.push({ ...variant(run, GOOD), role: "candidate" }),
  },
  {
    name: "the required variant has no cell",
    ending: refused(/variant sim\/good8 has no cell/),
    run: (run) => {
      run.plan.cells = run.plan.cells.filter(({ cell_id }) => cell_id !== GOOD);
      run.drop(({ cell_id }) => cell_id === GOOD);
    },
  },
  {
    name: "the dataset has no items",
    ending: refused(/no items|plan.json/),
    run: (run) => {
      run.plan.dataset.count = 0;
      run.header.labels = run.putInts(new Int32Array(0));
    },
  },
  {
    name: "the plan is of more items than there are labels",
    ending: refused(/of 3000 items/),
    run: (run) => {
      run.plan.dataset.count = 3000;
    },
  },
  {
    name: "the subset holds one item 200 times",
    ending: refused(/the subset is not one of its items/),
    run: (run) => run.plan.canary.subset.fill(17),
  },
  {
    name: "the subset holds an item that does not exist",
    ending: refused(/the subset is not one of its items/),
    run: (run) => {
      run.plan.canary.subset[0] = 1500;
    },
  },
  {
    name: "trials of the required variant are not planned",
    ending: refused(/a trial too few|not numbered in order/),
    run: (run) => {
      const isGone = (line: { cell_id: string; block: number }) => line.cell_id === GOOD && line.block > 5;
      run.plan.trials = run.plan.trials.filter((trial) => !isGone(trial));
      run.drop(isGone);
      for (const [seq, trial] of run.plan.trials.entries()) trial.seq = seq;
      for (const [seq, line] of run.trials.entries()) line.seq = seq;
      run.plan.trial_counts.total = run.plan.trials.length;
    },
  },
  {
    name: "the plan has no canary",
    ending: refused(/a trial too few|plan.json/),
    run: (run) => {
      run.plan.trials = run.plan.trials.filter((trial) => trial.kind !== "canary");
      run.drop((line) => line.trial_kind === "canary");
      for (const [seq, trial] of run.plan.trials.entries()) trial.seq = seq;
      for (const [seq, line] of run.trials.entries()) line.seq = seq;
    },
  },
  {
    name: "the plan has no gates",
    ending: undecided(/is inconclusive/),
    run: (run) => {
      run.plan.gates = [];
    },
  },
  {
    name: "the plan's gates all advise",
    ending: undecided(/is inconclusive/),
    run: (run) => {
      for (const gate of run.plan.gates) gate.tier = "advisory";
    },
  },
  {
    name: "a gate has no margin",
    ending: refused(/needs a "margin"/),
    run: (run) => {
      run.gate("accuracy_drop").margin = null;
    },
  },
  {
    name: "a gate's margin is negative",
    ending: refused(/margin/),
    run: (run) => {
      run.gate("bytes").margin = -0.1;
    },
  },
  {
    name: "a gate has a margin of 0, which non-inferiority cannot pass",
    ending: refused(/margin of 0, which nothing can pass/),
    run: (run) => {
      run.gate("accuracy_drop").margin = 0;
    },
  },
  {
    name: "a gate has an alpha of .9",
    ending: refused(/alpha/),
    run: (run) => {
      run.gate("accuracy_drop").alpha = 0.9;
    },
  },
  {
    name: "a gate has an alpha of 0",
    ending: refused(/alpha/),
    run: (run) => {
      run.gate("accuracy_drop").alpha = 0;
    },
  },
  {
    name: "a gate is of a metric that does not exist",
    ending: refused(/metric/),
    run: (run) => {
      (run.gate("accuracy_drop") as { metric: string }).metric = "quality.accurracy";
    },
  },
  {
    name: "two gates have one id",
    ending: refused(/a gate is named twice/),
    run: (run) => run.plan.gates.push({ ...run.gate("accuracy_drop"), margin: 0.9 }),
  },
];
