import type { RunRecord } from "../aggregate/run-record.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ArrayRef, TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { planDigest } from "../plan/make-plan.ts";
import { sha256 } from "../platform/digest.ts";
import { type Journal, readJournal } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import type { JournalFacts } from "./summarize.ts";

/** Reads a run's plan. STORE_CORRUPT when it is not what its digest says: an edited gate must not decide. */
export async function readPlan(folder: RunFolder): Promise<Plan> {
  const plan = await folder.read<Plan>("plan.json");
  if (planDigest(plan, sha256) === plan.plan_digest) return plan;
  throw corrupt(`${folder.file("plan.json")} does not match its digest: it was changed after it was made`);
}

/** Reads a run back: plan, journal, and every array that decides something, each with its digest checked. */
export async function readRun(folder: RunFolder): Promise<{ record: RunRecord; journal: JournalFacts }> {
  const plan = await readPlan(folder);
  const journal = await readJournal(folder.file("journal.ndjson"));
  if (journal.header.plan !== plan.plan_digest) {
    throw new HarnessError("CONFIG_PLAN_MISMATCH", "plan.json and journal.ndjson belong to different plans", {
      hint: "Restore the plan that the journal was made with.",
    });
  }
  refuseUnplanned(plan, journal);
  const labels = await readLabels(folder, journal, plan);
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

async function readLabels(folder: RunFolder, journal: Journal, { dataset }: Plan): Promise<Int32Array> {
  const labels = await folder.getArray(journal.header.labels);
  if (!(labels instanceof Int32Array) || labels.length !== dataset.count) {
    throw corrupt(`The labels hold ${labels.length} items, the plan ${dataset.count}`);
  }
  const stranger = labels.find((label) => !(label >= 0 && label < dataset.class_names.length));
  if (stranger === undefined) return labels;
  throw corrupt(`The labels hold the class ${stranger}, the plan ${dataset.class_names.length} classes`);
}

/** Outputs of each cell's first kept evaluation: the ones parity reads. */
function firstOutputs(trials: readonly TrialLine[]): ArrayRef[] {
  const byCell = new Map<string, ArrayRef>();
  for (const { cell_id, measured } of trials) {
    if (measured?.outputs && !byCell.has(cell_id)) byCell.set(cell_id, measured.outputs);
  }
  return [...byCell.values()];
}

/** Every line must say of its trial what the plan says, and every trial have run the weights of its variant. */
function refuseUnplanned(plan: Plan, journal: Journal): void {
  const planned = new Map(plan.trials.map((trial) => [trial.trial_id, trial]));
  const variantOf = new Map(plan.cells.map((cell) => [cell.cell_id, cell.variant_id]));
  const made = new Map(journal.variants.map((line) => [line.variant_id, line]));
  for (const line of journal.trials) {
    const trial = planned.get(line.trial_id);
    if (trial === undefined) throw corrupt(`The journal holds the trial ${line.trial_id}, which the plan does not`);
    const isAsPlanned =
      line.seq === trial.seq &&
      line.trial_kind === trial.kind &&
      line.block === trial.block &&
      line.cell_id === trial.cell_id &&
      line.evaluates === trial.evaluates &&
      line.variant_id === variantOf.get(trial.cell_id);
    if (!isAsPlanned) throw corrupt(`The journal's trial ${line.trial_id} is not as it was planned`);
    if ((line.state === "completed") !== (line.measured !== null)) {
      throw corrupt(`The trial ${line.trial_id} is ${line.state}, which its measurements contradict`);
    }
    const ran = line.measured?.model_sha256 ?? null;
    const weights = made.get(line.variant_id)?.sha256 ?? null;
    if (line.measured !== null && ran !== weights) {
      throw corrupt(`The trial ${line.trial_id} ran other weights than those made for ${line.variant_id}`);
    }
  }
}

function corrupt(message: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", message, {
    hint: "Restore the run from a copy, or run the sweep again.",
  });
}
