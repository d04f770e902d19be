import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type {
  Plan,
  PlannedCalibration,
  PlannedDataset,
  PlannedModel,
  PlannedStep,
} from "../domain/generated/plan-v1.ts";
import { RNG_ALGORITHM } from "../stats/rng.ts";
import { estimatePlan, ITEM_S, type TrialPriors } from "./estimate.ts";
import { expandCells, expandVariants, slug, type VariantFacts } from "./expand-cells.ts";
import { planDetection } from "./plan-detection.ts";
import { planRandom } from "./plan-random.ts";
import { planStop } from "./plan-stop.ts";
import { type PowerPriors, planPower } from "./power.ts";
import { refuseImpossibleNumbers, refuseSlices } from "./refuse-config.ts";
import type { ConfigResolution, QuantConfig, ResolvedConfig } from "./resolve-config.ts";
import { resolveGates } from "./resolve-gates.ts";
import { schedule } from "./schedule.ts";

/** What the pipeline found out by reading files; the planner itself reads nothing. */
export interface PlanFacts {
  readonly models: readonly PlannedModel[];
  readonly variant: (modelId: string, quant: QuantConfig) => VariantFacts;
  readonly dataset: PlannedDataset;
  readonly calibration: PlannedCalibration | null;
  /** Prepare steps; absent: none. */
  readonly steps?: (variants: Plan["variants"]) => readonly PlannedStep[];
  readonly commitSha: string | null;
  readonly invocation: { readonly config_dir: string | null; readonly data_dir: string | null };
  readonly only?: string;
  /** The variants are twins of the baseline: the run tests the gates, and decides nothing about variants. */
  readonly isCertification?: boolean;
  /** Seconds a trial of a cell took in an earlier run of this matrix, if there is one. */
  readonly priors?: TrialPriors;
  /** Spreads that an earlier run of this matrix showed. */
  readonly powerPriors?: PowerPriors;
  readonly sha256: (text: string) => string;
}

/** Parts of a plan that decide neither what is run nor how it is judged. */
const CIRCUMSTANCES = ["plan_digest", "commit_sha", "origins", "invocation", "estimate", "power", "notices"] as const;

type Circumstance = (typeof CIRCUMSTANCES)[number];

/**
 * Config and facts → plan. Pure: equal input gives an equal plan. The digest covers everything that decides what is run and
 * how it is judged; not the commit, the estimate, the notices, the origins and where paths start.
 */
export function makePlan({ config, origins, notices }: ConfigResolution, facts: PlanFacts): Plan {
  const detection = planDetection(config);
  const { gates, problems } = resolveGates({
    changes: config.gates,
    alpha: config.alpha,
    lane: config.execution_lane,
    preset: config.gate_preset,
    isDetection: detection !== undefined,
    isLanguage: config.language !== undefined,
  });
  if (problems.length > 0) {
    throw new HarnessError("CONFIG_INVALID", `Config: ${problems.join("; ")}`, { hint: "See docs/configs.md, gates." });
  }
  refuseImpossibleNumbers(config);
  const variants = expandVariants(config, facts.variant, facts.only);
  refuseSlices(config, variants);
  const cells = expandCells(config, variants);
  const steps = facts.steps?.(variants) ?? [];
  const random = planRandom(config.seed);
  const evaluateRuns = Math.min(config.evaluate_runs, config.runs_per_quant);
  const stop = planStop(config, facts.dataset.count, random, facts.sha256);
  const blocks = stop?.max_blocks ?? config.runs_per_quant;
  const trials = schedule({
    cells,
    blocks,
    chunkEnds: stop?.chunk_ends,
    evaluateRuns,
    canaryRuns: config.canary.runs,
    random,
  });
  const subsetSize = Math.min(config.canary.items, facts.dataset.count);
  const simulated = config.runtime.kind === "simulated";
  const decides: Omit<Plan, Circumstance> = {
    schema_version: "quantgate.plan.v1",
    name: config.name,
    simulated,
    ...(facts.isCertification ? { certification: true as const } : {}),
    config_digest: facts.sha256(canonicalJson(config)),
    config: { ...config },
    execution_lane: config.execution_lane,
    vram_profile: config.vram_profile,
    models: facts.models.filter(({ id }) => variants.some((variant) => variant.model_id === id)),
    variants,
    cells,
    dataset: facts.dataset,
    calibration: facts.calibration,
    ...(config.prepare === undefined ? {} : { steps: [...steps] }),
    ...(detection === undefined ? {} : { detection }),
    experimental_controls: {
      seed: config.seed,
      rng: RNG_ALGORITHM,
      session: {
        optimization_level: config.runtime.optimization_level,
        cpu_mem_arena: config.runtime.cpu_mem_arena,
        mem_pattern: config.runtime.mem_pattern,
        session_config: config.runtime.session_config,
        timeout_sec: config.runtime.timeout_sec,
      },
      warmup_iterations: config.warmup.iterations,
      warmup_ms: config.warmup.min_ms,
      // A reply is one call: a trial over tasks times as many as there are.
      min_samples: config.language === undefined ? config.latency.min_samples : 1,
      max_samples: config.language === undefined ? config.latency.max_samples : facts.dataset.count,
      time_budget_ms: config.latency.time_budget_ms,
      ...(config.latency.slice_ms === undefined ? {} : { slice_ms: config.latency.slice_ms }),
      evaluate_batch_size: config.evaluate_batch_size,
      cpu_affinity: config.runtime.cpu_affinity,
      process_per_trial: !simulated && config.language === undefined,
      order: "randomized blocks, one uniform permutation a block",
    },
    canary: {
      runs: config.canary.runs,
      subset: random.permutation("subset", facts.dataset.count).slice(0, subsetSize),
      latency_cv_threshold: config.canary.latency_cv_threshold,
      min_samples: config.canary.min_samples,
      min_accuracy:
        config.canary.min_accuracy ??
        (detection !== undefined || config.language !== undefined
          ? 0
          : betterThanGuessing(facts.dataset.class_names.length)),
    },
    ...(config.language === undefined ? {} : { language: languageControls(config.language, config.runtime.kind) }),
    run_quality: config.run_quality,
    telemetry: { ...config.telemetry, cool_down: config.telemetry.cool_down ?? null },
    sidecar: config.sidecar,
    row_policy: {
      failed_trial:
        stop === undefined
          ? "scores 0 in determinism, and every planned item counts as wrong where no trial of the cell evaluated it"
          : "scores 0 in determinism, and the items it was to evaluate count as wrong",
      missing_metric: "its gates are inconclusive, never a pass",
      polluted_row: "marked, and kept out of the recommendation",
    },
    gates,
    ...(stop === undefined ? {} : { stop }),
    drop_flag: config.drop_flag,
    trials,
    trial_counts: {
      canary: trials.filter((trial) => trial.kind === "canary").length,
      per_cell: blocks,
      total: trials.length,
    },
    artifacts: [
      ...artifactPaths(variants.filter((v) => v.kind === "recipe" || v.kind === "external").map((v) => v.variant_id)),
      ...(variants.some((v) => v.kind === "pytorch") ? ["torch/"] : []),
      ...(detection === undefined ? [] : ["image-ids.txt"]),
      ...(config.prepare === undefined ? [] : ["steps/"]),
      ...(config.prepare === undefined || facts.calibration === null ? [] : ["calibration.txt"]),
      ...(config.telemetry.probe === "none" ? [] : ["telemetry/"]),
      ...(config.sidecar.profile === "none" ? [] : ["sidecar/"]),
    ],
  };
  const estimate = estimatePlan({ plan: decides, priors: facts.priors });
  return {
    ...decides,
    plan_digest: facts.sha256(canonicalJson(decides)),
    commit_sha: facts.commitSha,
    origins,
    invocation: { ...facts.invocation, only: facts.only ?? null },
    estimate,
    power: powerOf(decides, estimate.seconds, facts.powerPriors),
    notices:
      stop !== undefined && origins["evaluate_runs"] === "config"
        ? [...notices, "evaluate_runs has no effect where variants may stop early: each item is evaluated once"]
        : notices,
  };
}

function languageControls(
  { url, command, api_key_env, ...rest }: NonNullable<ResolvedConfig["language"]>,
  runtime: ResolvedConfig["runtime"]["kind"],
): NonNullable<Plan["language"]> {
  if (runtime === "onnxruntime") throw new RangeError("onnxruntime runs no language models");
  return {
    ...rest,
    runtime,
    url: url ?? null,
    command: command === undefined ? null : [...command],
    api_key_env: api_key_env ?? null,
  };
}

/** The digest that belongs to a plan, e.g. one read back: of everything but its circumstances. */
export function planDigest(plan: Plan, sha256: (text: string) => string): string {
  const entries = Object.entries(plan).filter(([key]) => !(CIRCUMSTANCES as readonly string[]).includes(key));
  return sha256(canonicalJson(Object.fromEntries(entries)));
}

/** Power of the plan's gates; times from its estimate, spread evenly over its blocks. */
function powerOf(
  plan: Omit<Plan, Circumstance>,
  seconds: number,
  priors: PowerPriors | undefined,
): NonNullable<Plan["power"]> {
  const blocks = plan.trial_counts.per_cell;
  const perBlock = plan.simulated || blocks === 0 ? undefined : seconds / blocks;
  const evaluations = plan.trials.filter((trial) => trial.evaluates === "all").length;
  // In stretches each item is evaluated once in each cell.
  const passes = plan.stop === undefined ? evaluations : plan.cells.length;
  return planPower({
    gates: plan.gates,
    items: plan.dataset.count,
    classes: plan.dataset.class_names.length,
    blocks,
    secondsPerItem: plan.simulated ? undefined : passes * ITEM_S,
    secondsPerBlock: perBlock,
    priors,
    stopsEarly: plan.stop !== undefined,
  });
}

/** Twice the accuracy of guessing, but no more than half way from there to 1. */
function betterThanGuessing(classes: number): number {
  const guess = 1 / Math.max(classes, 2);
  return Math.min(2 * guess, (1 + guess) / 2);
}

function artifactPaths(variantIds: readonly string[]): string[] {
  const perVariant = variantIds.flatMap((id) => {
    const name = slug(id);
    return [`onnx/${name}.onnx`, `onnx/${name}.manifest.json`, `smoke/${name}.json`];
  });
  return [
    "plan.json",
    "journal.ndjson",
    "summary.json",
    "gate.json",
    "kpis.json",
    "frontier.json",
    "scatter.json",
    "provenance.json",
    "summary.md",
    "report.md",
    "report.html",
    "canary.json",
    "logs/",
    "arrays/",
    ...perVariant,
  ];
}
