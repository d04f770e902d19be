import type { RunRecord } from "../aggregate/run-record.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ArrayRef } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { readJournal } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import type { JournalFacts } from "./summarize.ts";

/** Reads a run back: plan, journal, and every array that decides something, each with its digest checked. */
export async function readRun(folder: RunFolder): Promise<{ record: RunRecord; journal: JournalFacts }> {
  const plan = await folder.read<Plan>("plan.json");
  const journal = await readJournal(folder.file("journal.ndjson"));
  if (journal.header.plan !== plan.plan_digest) {
    throw new HarnessError("CONFIG_PLAN_MISMATCH", "plan.json and journal.ndjson belong to different plans", {
      hint: "Restore the plan that the journal was made with.",
    });
  }
  refuseUnplanned(
    plan,
    journal.trials.map((trial) => trial.trial_id),
  );
  const labels = await folder.getArray(journal.header.labels);
  if (!(labels instanceof Int32Array) || labels.length !== plan.dataset.count) {
    throw new HarnessError("STORE_CORRUPT", `The labels hold ${labels.length} items, the plan ${plan.dataset.count}`, {
      hint: "Restore the run from a copy, or run the sweep again.",
    });
  }
  const floats = new Map<string, Float32Array>();
  for (const ref of firstOutputs(journal.trials)) {
    const data = await folder.getArray(ref);
    if (data instanceof Float32Array) floats.set(ref.sha256, data);
  }
  return {
    record: {
      plan,
      header: journal.header,
      variants: journal.variants,
      trials: journal.trials,
      labels,
      floats: (ref) => floats.get(ref.sha256) ?? new Float32Array(0),
    },
    journal: { sha256: journal.sha256, lines: journal.lines, end: journal.end, wasTorn: journal.torn !== undefined },
  };
}

/** Outputs of each cell's first kept evaluation: the ones parity reads. */
function firstOutputs(
  trials: readonly { cell_id: string; measured: { outputs: ArrayRef | null } | null }[],
): ArrayRef[] {
  const byCell = new Map<string, ArrayRef>();
  for (const { cell_id, measured } of trials) {
    if (measured?.outputs && !byCell.has(cell_id)) byCell.set(cell_id, measured.outputs);
  }
  return [...byCell.values()];
}

function refuseUnplanned(plan: Plan, trialIds: readonly string[]): void {
  const planned = new Set(plan.trials.map((trial) => trial.trial_id));
  const stranger = trialIds.find((id) => !planned.has(id));
  if (stranger === undefined) return;
  throw new HarnessError("STORE_CORRUPT", `The journal holds the trial ${stranger}, which the plan does not`, {
    hint: "Journal and plan do not belong together.",
  });
}
