import { measurementProblem } from "../aggregate/measurement-problem.ts";
import { reusedSamples } from "../aggregate/reused-samples.ts";
import type { StepLine, TrialLine, VariantLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { stepReference } from "../domain/step-reference.ts";
import { worstCheck } from "../gate/decide-canary.ts";
import type { Journal } from "../store/journal.ts";
import { canaryChecks, sentinelChecks } from "./canary-checks.ts";

/**
 * Why a journal whose lines are whole cannot be what a run of this plan left, as a sentence; undefined when it can. Checksums prove that
 * nothing changed since; this, that what was written is about the planned trials, the made weights and one measurement each.
 */
export function journalProblem(plan: Plan, journal: Journal): string | undefined {
  return (
    headerProblem(plan, journal) ??
    firstOf(journal.steps, (line) => stepProblem(plan, line)) ??
    firstOf(journal.variants, (line) => variantProblem(plan, journal, line)) ??
    trialsProblem(plan, journal) ??
    endProblem(plan, journal)
  );
}

function headerProblem({ experimental_controls }: Plan, { header }: Journal): string | undefined {
  const { seed, rng } = experimental_controls;
  return header.seed === seed && header.rng === rng
    ? undefined
    : "The journal was drawn from another seed than the plan";
}

function stepProblem({ steps = [] }: Plan, { step_id, state, outputs, reason }: StepLine): string | undefined {
  const planned = steps.find((step) => step.step_id === step_id);
  if (planned === undefined) return `The journal holds the step ${step_id}, which the plan does not`;
  const names = outputs.map(({ name }) => name).join();
  const isWhole = state === "ok" ? names === planned.outputs.map(({ name }) => name).join() : names === "";
  if (!isWhole) return `The step ${step_id} is ${state}, which its outputs contradict`;
  if ((state === "ok") !== (reason === null)) return `The step ${step_id} is ${state}, which its reason contradicts`;
  if (state === "skipped" && planned.needed && !planned.inputs.some(({ sha256 }) => sha256 === null))
    return `The step ${step_id} was skipped, and it needs nothing that was not there`;
  return undefined;
}

/** What a step made for a variant must be what the variant was. */
function variantProblem(plan: Plan, { steps }: Journal, line: VariantLine): string | undefined {
  const { variants, simulated, language } = plan;
  const id = line.variant_id;
  const planned = variants.find((variant) => variant.variant_id === id);
  if (planned === undefined) return `The journal holds the variant ${id}, which the plan does not`;
  if (line.state !== "ready") return undefined;
  if (line.sha256 === null && !simulated && language?.allow_unverified !== true)
    return `The weights of ${id} have no digest, so what ran cannot be verified`;
  if (planned.sha256 !== null && planned.sha256 !== line.sha256) return `The weights of ${id} are not the planned ones`;
  const reference = stepReference(planned.path ?? "");
  if (reference !== undefined) {
    const step = steps.find(({ step_id }) => step_id === reference.step);
    const made = step?.outputs.find(({ name }) => name === reference.output)?.sha256;
    if (made !== line.sha256) return `The weights of ${id} are not those that the step ${reference.step} made`;
  }
  const sizes = [line.bytes_on_disk, line.bytes_packed].filter((bytes) => bytes !== null);
  return sizes.every((bytes) => bytes > 0) ? undefined : `The file of ${id} has ${Math.min(...sizes)} bytes`;
}

function trialsProblem(plan: Plan, journal: Journal): string | undefined {
  const { trials } = journal;
  const late = trials.find((trial, index) => index > 0 && trial.seq <= (trials[index - 1] as TrialLine).seq);
  if (late !== undefined) return `The journal's trial ${late.trial_id} is not in the order in which trials are run`;
  const planned = new Map(plan.trials.map((trial) => [trial.trial_id, trial]));
  const variantOf = new Map(plan.cells.map((cell) => [cell.cell_id, cell.variant_id]));
  const made = new Map(journal.variants.map((line) => [line.variant_id, line]));
  const problem = firstOf(trials, (line) => {
    const trial = planned.get(line.trial_id);
    if (trial === undefined) return `The journal holds the trial ${line.trial_id}, which the plan does not`;
    const isAsPlanned =
      line.seq === trial.seq &&
      line.trial_kind === trial.kind &&
      line.block === trial.block &&
      line.cell_id === trial.cell_id &&
      // What the stopping rule still asked of it is held against the rule itself, when the run is read.
      (line.evaluates === trial.evaluates || (plan.stop !== undefined && line.evaluates === "subset")) &&
      line.variant_id === variantOf.get(trial.cell_id);
    if (!isAsPlanned) return `The journal's trial ${line.trial_id} is not as it was planned`;
    return trialProblem(plan, line, made.get(line.variant_id));
  });
  if (problem !== undefined) return problem;
  const reused = reusedSamples(trials);
  return (
    reused && `The trials ${reused.join(" and ")} hold the very same samples: one measurement was written down twice`
  );
}

/** The trial must have run the weights of its variant, and measured what can be measured. */
function trialProblem(plan: Plan, line: TrialLine, made: VariantLine | undefined): string | undefined {
  const { trial_id, measured, state, failure } = line;
  if ((state === "completed") !== (measured !== null) || (state === "completed" && failure !== null)) {
    return `The trial ${trial_id} is ${state}, which its measurements contradict`;
  }
  if (!(line.wall_s >= 0)) return `The trial ${trial_id} took ${line.wall_s} s`;
  if (measured === null) return undefined;
  if (made?.state !== "ready") return `The trial ${trial_id} ran ${line.variant_id}, which was not made`;
  if (measured.model_sha256 !== made.sha256) {
    return `The trial ${trial_id} ran other weights than those made for ${line.variant_id}`;
  }
  const problem = measurementProblem(measured, plan, line);
  return problem === undefined ? undefined : `The trial ${trial_id} contradicts itself: ${problem}`;
}

/** A run that ended well had a canary that was well, and no sentinel that should have stopped it. */
function endProblem(plan: Plan, { end, trials }: Journal): string | undefined {
  if (end?.state !== "complete") return undefined;
  // Where nothing ran at all there is nothing that a canary would have to allow; that it measured nothing is said of the run.
  if (trials.length === 0) return undefined;
  const canaries = trials.filter((trial) => trial.trial_kind === "canary").length;
  if (canaries !== plan.trial_counts.canary) {
    return `The journal holds ${canaries} of ${plan.trial_counts.canary} canary trials, but says that the run is complete`;
  }
  if (worstCheck(canaryChecks(plan, trials)) !== "ok")
    return "The run's canary fails, but its journal goes on to the end";
  const baselines = new Set(plan.cells.map((cell) => cell.baseline_cell_id));
  const broken = trials.find(
    (line) =>
      line.trial_kind === "trial" &&
      line.state === "completed" &&
      baselines.has(line.cell_id) &&
      worstCheck(sentinelChecks(plan, line, trials)) === "failed",
  );
  return broken && `The baseline breaks in the trial ${broken.trial_id}, but the journal goes on to the end`;
}

function firstOf<T>(values: readonly T[], problem: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = problem(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
