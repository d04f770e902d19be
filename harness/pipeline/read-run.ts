import { type RunRecord, unpackBits } from "../aggregate/run-record.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ArrayRef, TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Replies } from "../domain/generated/replies-v1.ts";
import { planDigest } from "../plan/make-plan.ts";
import { planProblem } from "../plan/plan-problem.ts";
import { sha256 } from "../platform/digest.ts";
import { type Journal, readJournal } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { journalProblem } from "./journal-problem.ts";
import { readReplies } from "./language/read-replies.ts";
import { replayStop } from "./stop-rule.ts";
import { readBoxes } from "./stored-boxes.ts";
import type { JournalFacts } from "./summarize.ts";

/** Reads a run's plan. STORE_CORRUPT when it is not what its digest says: an edited gate must not decide. */
export async function readPlan(folder: RunFolder): Promise<Plan> {
  const plan = await folder.read<Plan>("plan.json");
  const path = folder.file("plan.json");
  const isWhole =
    planDigest(plan, sha256) === plan.plan_digest && sha256(canonicalJson(plan.config)) === plan.config_digest;
  if (!isWhole) throw corrupt(`${path} does not match its digest: it was changed after it was made`);
  const problem = planProblem(plan);
  if (problem !== undefined) throw corrupt(`${path} cannot have been planned: ${problem}`);
  return plan;
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
  if (journal.torn !== undefined) {
    throw new HarnessError("STORE_CORRUPT", "journal.ndjson ends in the middle of a line, as a crash leaves it", {
      hint: `quantgate sweep --resume ${folder.path} runs the trial of that line again, and what is missing.`,
    });
  }
  const problem = journalProblem(plan, journal);
  if (problem !== undefined) throw corrupt(problem);
  const labels = await readLabels(folder, journal, plan);
  const early = await readEarly(folder, journal, plan, labels);
  await refuseOtherPredictions(folder, journal, labels, early?.order);
  const replyPlan = { plan, order: early?.order };
  const replies = new Map<string, Replies>();
  for (const trial of journal.trials) {
    const found = await readReplies(folder, trial, replyPlan);
    if (found !== undefined) replies.set(trial.trial_id, found);
  }
  const floats = new Map<string, Float32Array>();
  if ((plan.detection === undefined) !== (journal.header.boxes === undefined)) {
    throw corrupt("The journal has boxes and the plan no detection, or the other way round");
  }
  const boxes = journal.header.boxes && (await readBoxes(folder, journal.header.boxes, plan));
  for (const ref of plan.detection === undefined ? firstOutputs(journal.trials) : allOutputs(journal.trials)) {
    const data = await folder.getArray(ref);
    if (data instanceof Float32Array) floats.set(ref.sha256, data);
  }
  return {
    record: {
      plan,
      header: journal.header,
      ...(plan.steps === undefined ? {} : { steps: journal.steps }),
      variants: journal.variants,
      trials: journal.trials,
      sidecars: journal.sidecars,
      labels,
      ...(boxes === undefined ? {} : { boxes }),
      ...(early === undefined ? {} : { early }),
      ...(replies.size === 0 ? {} : { replies }),
      floats: (ref) => floats.get(ref.sha256) ?? new Float32Array(0),
    },
    journal: { sha256: journal.sha256, lines: journal.lines, end: journal.end },
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

/** The items a trial says it has right are those whose prediction is their label. */
async function refuseOtherPredictions(
  folder: RunFolder,
  { trials }: Journal,
  all: Int32Array,
  order: Int32Array | undefined,
): Promise<void> {
  for (const { trial_id, measured, items } of trials) {
    if (!measured?.predictions) continue;
    const stretch = items === undefined ? undefined : order?.subarray(items.from, items.from + items.count);
    const labels = stretch === undefined ? all : stretch.map((item) => all[item] as number);
    const predictions = await folder.getArray(measured.predictions);
    const right = unpackBits(measured.quality.correct_bits, labels.length);
    const isScored = labels.every((label, item) => (predictions[item] === label ? 1 : 0) === right[item]);
    const invalid = Int32Array.from(predictions).filter((prediction) => prediction === -1).length;
    if (isScored && invalid === measured.quality.invalid_rows) continue;
    throw corrupt(`The scores of the trial ${trial_id} are not those of its predictions`);
  }
}

/** The random order of a run that may stop early, and what its stopping rule skipped; every line must be one that the rule asked for. */
async function readEarly(
  folder: RunFolder,
  { header, trials, variants }: Journal,
  plan: Plan,
  labels: Int32Array,
): Promise<RunRecord["early"]> {
  if (plan.stop === undefined) return undefined;
  if (header.order === undefined) throw corrupt("The journal has no item order, which the plan's stopping rule needs");
  const order = await folder.getArray(header.order);
  if (!(order instanceof Int32Array) || sha256(canonicalJson(Array.from(order))) !== plan.stop.order_sha256) {
    throw corrupt("The journal's item order is not the plan's");
  }
  const failed = new Set(variants.filter(({ state }) => state !== "ready").map((line) => line.variant_id));
  const { skipped, stranger } = replayStop({ plan, labels, order, failed }, trials);
  if (stranger !== undefined)
    throw corrupt(`The stopping rule did not ask for the trial ${stranger} as the journal holds it`);
  return { order, skipped };
}

/** Rows of detections of every evaluation: average precision is computed from them. */
function allOutputs(trials: readonly TrialLine[]): ArrayRef[] {
  const byDigest = new Map<string, ArrayRef>();
  for (const { measured } of trials) if (measured?.outputs) byDigest.set(measured.outputs.sha256, measured.outputs);
  return [...byDigest.values()];
}

/** Outputs of each cell's first kept evaluation: the ones parity reads. */
function firstOutputs(trials: readonly TrialLine[]): ArrayRef[] {
  const byCell = new Map<string, ArrayRef>();
  for (const { cell_id, measured } of trials) {
    if (measured?.outputs && !byCell.has(cell_id)) byCell.set(cell_id, measured.outputs);
  }
  return [...byCell.values()];
}

function corrupt(message: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", message, {
    hint: "Restore the run from a copy, or run the sweep again.",
  });
}
