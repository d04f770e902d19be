import type { Plan } from "../domain/generated/plan-v1.ts";

/** Mean wall seconds of a trial, per cell, as an earlier run measured them. */
export type TrialPriors = Readonly<Record<string, { readonly all?: number; readonly subset?: number }>>;

/** Process start, session creation and teardown of one trial, s: .26-.46 s were measured on the reference machine. */
const START_UP_S = 0.45;
/** Evaluation of one item where no earlier run says better, s. Only the plan's estimate hangs on it. */
export const ITEM_S = 0.0005;
/** Making one variant, s. */
const VARIANT_S = 2;

/** Wall time and disk of a plan; states what the figure rests on. */
export function estimatePlan(options: {
  readonly plan: Pick<
    Plan,
    "trials" | "experimental_controls" | "canary" | "dataset" | "models" | "variants" | "simulated"
  >;
  readonly priors?: TrialPriors | undefined;
}): Plan["estimate"] {
  const { plan, priors = {} } = options;
  const controls = plan.experimental_controls;
  const fixed = START_UP_S + (controls.warmup_ms + controls.time_budget_ms) / 1000;
  let known = 0;
  let seconds = 0;
  for (const trial of plan.trials) {
    const { evaluates, items: range } = trial;
    // A stretch of items costs what a trial of the subset does, and its items.
    const prior = priors[trial.cell_id]?.[evaluates === "items" ? "subset" : evaluates];
    if (prior !== undefined) known++;
    const more = evaluates === "all" ? plan.dataset.count : (range?.count ?? 0);
    const priorMore = evaluates === "items" ? more * ITEM_S : 0;
    const items = plan.canary.subset.length + more;
    seconds += prior !== undefined ? prior + priorMore : plan.simulated ? 0 : fixed + items * ITEM_S;
  }
  const recipes = plan.variants.filter((variant) => variant.kind === "recipe" && variant.recipe !== null).length;
  if (!plan.simulated) seconds += recipes * VARIANT_S;
  const modelBytes = plan.models.reduce((sum, model) => sum + (model.bytes ?? 0), 0);
  const outputs = plan.variants.length * plan.dataset.count * (plan.dataset.class_names.length + 1) * 4;
  const diskBytes =
    modelBytes * Math.max(1, plan.variants.length / Math.max(1, plan.models.length)) +
    outputs +
    plan.trials.length * 6000;
  const basis =
    known === 0
      ? `defaults: ${START_UP_S} s a process, ${ITEM_S * 1000} ms an item`
      : `${known} of ${plan.trials.length} trials as measured in the last run, the rest by defaults`;
  return { seconds: Math.round(seconds * 10) / 10, disk_bytes: Math.round(diskBytes), basis };
}
