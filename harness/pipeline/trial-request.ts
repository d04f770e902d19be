import type { Plan, PlannedCell, PlannedTrial } from "../domain/generated/plan-v1.ts";
import type { TrialRequest } from "../domain/runtime-port.ts";
import { rowMapping } from "./detect-items.ts";
import type { PreparedVariant } from "./prepare-variants.ts";

/** What all trials of a run have in common. */
interface Asked {
  readonly plan: Plan;
  readonly itemsPath: string | undefined;
  /** The random item order, where the run may stop early. */
  readonly order?: Int32Array;
}

/** Dataset indices of a trial's stretch of the random order. */
export function itemsOf(
  { order = new Int32Array(0) }: Pick<Asked, "order">,
  { items }: PlannedTrial,
): number[] | undefined {
  return items === undefined ? undefined : Array.from(order.subarray(items.from, items.from + items.count));
}

/** A planned trial as its runtime is asked for it. */
export function trialRequest(
  asked: Asked,
  planned: PlannedTrial,
  cell: PlannedCell,
  variant: PreparedVariant & { state: "ready" },
): TrialRequest {
  const { plan, itemsPath } = asked;
  const controls = plan.experimental_controls;
  const session = controls.session;
  const items = itemsOf(asked, planned);
  return {
    trialId: planned.trial_id,
    cellId: cell.cell_id,
    variantId: cell.variant_id,
    block: planned.block,
    seed: planned.seed,
    ...(variant.model === undefined ? {} : { model: variant.model }),
    ...(itemsPath === undefined ? {} : { itemsPath }),
    ...frameworkOf(plan, cell),
    session: {
      threads: cell.threads,
      optimizationLevel: session.optimization_level,
      cpuMemArena: session.cpu_mem_arena,
      memPattern: session.mem_pattern,
      cpuAffinity: controls.cpu_affinity ?? [],
      sessionConfig: { ...session.session_config, ...variant.sessionConfig },
    },
    latency: {
      batchSize: cell.batch_size,
      warmupIterations: controls.warmup_iterations,
      warmupMs: controls.warmup_ms,
      minSamples: controls.min_samples,
      maxSamples: controls.max_samples,
      timeBudgetMs: controls.time_budget_ms,
      ...(controls.slice_ms === undefined ? {} : { sliceMs: controls.slice_ms }),
      ...handicapOf(plan, cell),
    },
    subset: plan.canary.subset,
    evaluateAll: planned.evaluates === "all",
    ...(items === undefined ? {} : { items }),
    evaluateBatchSize: controls.evaluate_batch_size,
    ...(plan.detection === undefined ? {} : { rows: rowMapping(plan.detection, plan.dataset.class_names.length) }),
    timeoutMs: session.timeout_sec * 1000,
  };
}

function frameworkOf({ variants }: Plan, { variant_id }: PlannedCell): { framework?: "pytorch" } {
  const variant = variants.find((one) => one.variant_id === variant_id);
  return variant?.kind === "pytorch" ? { framework: "pytorch" } : {};
}

/** Certification runs slow some twins on purpose. */
function handicapOf({ variants }: Plan, { variant_id }: PlannedCell): { handicap?: number } {
  const handicap = variants.find((variant) => variant.variant_id === variant_id)?.handicap;
  return handicap === undefined ? {} : { handicap };
}
