import { HarnessError } from "../domain/errors.ts";
import type {
  DetectionConfig,
  ExternalQuantConfig,
  MatrixConfig,
  ModelConfig,
  PrepareStepConfig,
  PytorchQuantConfig,
  RecipeQuantConfig,
  SimulatedQuantConfig,
  TagQuantConfig,
} from "../domain/generated/config-v1.ts";
import { DEFAULTS, LANGUAGE_DEFAULTS } from "./defaults.ts";

export type Origin = "flag" | "config" | "default";
export type QuantConfig =
  | (RecipeQuantConfig & { kind: "recipe" })
  | ExternalQuantConfig
  | PytorchQuantConfig
  | SimulatedQuantConfig
  | TagQuantConfig;
type Filled<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** A config with every default filled in. */
export interface ResolvedConfig
  extends Omit<
    Filled<MatrixConfig>,
    | "$schema"
    | "quants"
    | "models"
    | "runtime"
    | "warmup"
    | "latency"
    | "canary"
    | "run_quality"
    | "telemetry"
    | "sidecar"
    | "calibration"
    | "detection"
    | "data_dir"
    | "language"
    | "frontier"
    | "stop"
    | "prepare"
    | "python"
  > {
  readonly models: ModelConfig[];
  readonly quants: QuantConfig[];
  readonly runtime: Filled<NonNullable<MatrixConfig["runtime"]>>;
  readonly warmup: Filled<NonNullable<MatrixConfig["warmup"]>>;
  readonly latency: Filled<Omit<NonNullable<MatrixConfig["latency"]>, "slice_ms">> & { readonly slice_ms?: number };
  readonly canary: Filled<NonNullable<MatrixConfig["canary"]>>;
  readonly run_quality: Filled<NonNullable<MatrixConfig["run_quality"]>>;
  readonly stop: Filled<NonNullable<MatrixConfig["stop"]>>;
  readonly telemetry: Filled<Omit<NonNullable<MatrixConfig["telemetry"]>, "cool_down">> & {
    /** Absent: the run does not wait between blocks. */
    readonly cool_down?: Filled<NonNullable<NonNullable<MatrixConfig["telemetry"]>["cool_down"]>>;
  };
  readonly sidecar: Filled<NonNullable<MatrixConfig["sidecar"]>>;
  readonly detection?: DetectionConfig;
  /** Present where there are steps. */
  readonly prepare?: PrepareStepConfig[];
  /** Present where the config names one. */
  readonly python?: string;
  readonly calibration?: Filled<NonNullable<MatrixConfig["calibration"]>>;
  /** Present where the items are tasks for language models. */
  readonly language?: LanguageSettings;
  /** Present where anything about it was asked for. */
  readonly frontier?: Filled<NonNullable<MatrixConfig["frontier"]>>;
}

type LanguageConfig = NonNullable<MatrixConfig["language"]>;
type Optional = "url" | "command" | "api_key_env";
export type LanguageSettings = Filled<Omit<LanguageConfig, Optional>> & Pick<LanguageConfig, Optional>;

type ResolvedFrontier = NonNullable<ResolvedConfig["frontier"]>;

/** Values given on the command line; undefined = not given. */
export interface ConfigFlags {
  readonly modelIds?: readonly string[] | undefined;
  readonly quantTags?: readonly string[] | undefined;
  /** Path of a task bank, absolute. */
  readonly taskBank?: string | undefined;
  /** Detectors: the first so many image ids. */
  readonly maxImages?: number | undefined;
  /** Detectors: path of a list of image ids, absolute. */
  readonly imageIdsList?: string | undefined;
  readonly runs?: number | undefined;
  readonly seed?: number | undefined;
  readonly executionLane?: "ci" | "lab" | undefined;
  readonly vramProfile?: "safe" | "balanced" | "stress" | undefined;
  readonly canaryRuns?: number | undefined;
  readonly canaryLatencyVarianceThreshold?: number | undefined;
  readonly sidecarTemplate?: string | undefined;
  readonly sidecarTimeoutSec?: number | undefined;
  /** Names the hardware, for the probes too. */
  readonly sidecarProfile?: "nvidia" | "amd" | "cpu_only" | "auto" | "none" | undefined;
  /** Out of the file of --sidecar-profiles-config. */
  readonly sidecarProfiles?: NonNullable<MatrixConfig["sidecar"]>["profiles"] | undefined;
  readonly allowPollutedFrontier?: boolean | undefined;
}

export interface ConfigResolution {
  readonly config: ResolvedConfig;
  readonly origins: Record<string, Origin>;
  readonly notices: string[];
}

/**
 * Flag over config over default, with each value's origin. The one exception: `models` and `quants` of a config win over
 * the flags, which callers pass as placeholders; a notice says so.
 */
export function resolveConfig(raw: MatrixConfig, flags: ConfigFlags): ConfigResolution {
  const origins: Record<string, Origin> = {};
  const notices: string[] = [];
  const pick = <T>(name: string, flag: T | undefined, config: T | undefined, fallback: T): T => {
    origins[name] = flag !== undefined ? "flag" : config !== undefined ? "config" : "default";
    return flag ?? config ?? fallback;
  };
  const group = <T extends object>(name: string, config: object | undefined, fallback: T, flag: Partial<T> = {}): T => {
    const entries = Object.keys(fallback).map((key) => {
      const k = key as keyof T;
      return [key, pick(`${name}.${key}`, flag[k], (config as T | undefined)?.[k], fallback[k])];
    });
    return Object.fromEntries(entries) as T;
  };
  const given = <T>(
    name: string,
    option: string,
    config: readonly T[] | undefined,
    flag: readonly T[] | undefined,
  ): T[] => {
    if (config !== undefined && flag !== undefined) notices.push(`${option} is ignored: the config declares ${name}`);
    origins[name] = config !== undefined ? "config" : "flag";
    return [...(config ?? flag ?? [])];
  };

  const dataset = datasetOf(raw, flags);
  const isLanguage = dataset.kind === "task-bank";
  const defaults = isLanguage ? { ...DEFAULTS, ...LANGUAGE_DEFAULTS } : DEFAULTS;
  const quants = given("quants", "--quant-tags", raw.quants, flags.quantTags).map((quant) =>
    isLanguage && typeof quant === "string" ? { id: quant, kind: "tag" as const } : normalizeQuant(quant),
  );
  const models = given(
    "models",
    "--model-id",
    raw.models,
    flags.modelIds?.map((value) => (isLanguage ? tagModelFromFlag(value) : modelFromFlag(value))),
  );
  const config: ResolvedConfig = {
    schema_version: raw.schema_version,
    name: raw.name,
    models,
    quants,
    dataset,
    ...(raw.detection === undefined ? {} : { detection: raw.detection }),
    ...(raw.prepare === undefined ? {} : { prepare: [...raw.prepare] }),
    ...(raw.python === undefined ? {} : { python: raw.python }),
    ...(raw.calibration === undefined
      ? {}
      : {
          calibration: {
            dataset: raw.calibration.dataset,
            ...group("calibration", raw.calibration, { ...DEFAULTS.calibration } as {
              count: number;
              method: "minmax" | "percentile";
              percentile: number;
            }),
          },
        }),
    runtime: group("runtime", raw.runtime, defaults.runtime as unknown as ResolvedConfig["runtime"]),
    runs_per_quant: pick("runs_per_quant", flags.runs, raw.runs_per_quant, defaults.runs_per_quant),
    evaluate_runs: pick("evaluate_runs", undefined, raw.evaluate_runs, defaults.evaluate_runs),
    evaluate_batch_size: pick("evaluate_batch_size", undefined, raw.evaluate_batch_size, defaults.evaluate_batch_size),
    batch_sizes: pick("batch_sizes", undefined, raw.batch_sizes as number[] | undefined, [
      ...DEFAULTS.batch_sizes,
    ]) as ResolvedConfig["batch_sizes"],
    seed: pick("seed", flags.seed, raw.seed, DEFAULTS.seed),
    warmup: group("warmup", raw.warmup, { ...DEFAULTS.warmup } as ResolvedConfig["warmup"]),
    latency: {
      ...group("latency", raw.latency, { ...DEFAULTS.latency } as ResolvedConfig["latency"]),
      ...(raw.latency?.slice_ms === undefined ? {} : { slice_ms: raw.latency.slice_ms }),
    },
    canary: group("canary", raw.canary, { ...defaults.canary } as ResolvedConfig["canary"], {
      ...(flags.canaryRuns === undefined ? {} : { runs: flags.canaryRuns }),
      ...(flags.canaryLatencyVarianceThreshold === undefined
        ? {}
        : { latency_cv_threshold: flags.canaryLatencyVarianceThreshold }),
    }),
    run_quality: group("run_quality", raw.run_quality, { ...DEFAULTS.run_quality } as ResolvedConfig["run_quality"]),
    telemetry: telemetryOf(raw, flags, group),
    gates: pick("gates", undefined, raw.gates, []),
    gate_preset: pick("gate_preset", undefined, raw.gate_preset, DEFAULTS.gate_preset),
    stop: group("stop", raw.stop, { ...DEFAULTS.stop } as ResolvedConfig["stop"]),
    alpha: pick("alpha", undefined, raw.alpha, DEFAULTS.alpha),
    drop_flag: pick("drop_flag", undefined, raw.drop_flag, DEFAULTS.drop_flag),
    execution_lane: pick("execution_lane", flags.executionLane, raw.execution_lane, DEFAULTS.execution_lane),
    vram_profile: pick("vram_profile", flags.vramProfile, raw.vram_profile, DEFAULTS.vram_profile),
    ...(raw.frontier === undefined && flags.allowPollutedFrontier === undefined
      ? {}
      : {
          frontier: group<ResolvedFrontier>(
            "frontier",
            raw.frontier,
            structuredClone(DEFAULTS.frontier) as unknown as ResolvedFrontier,
            {
              ...(flags.allowPollutedFrontier === undefined ? {} : { allow_polluted: flags.allowPollutedFrontier }),
            },
          ),
        }),
    sidecar: sidecarOf(raw, flags, group),
    task_revision: pick("task_revision", undefined, raw.task_revision, DEFAULTS.task_revision),
  };
  if (!isLanguage) return { config, origins, notices };
  const settings = group("language", raw.language, { ...LANGUAGE_DEFAULTS.language } as unknown as LanguageSettings);
  const { url, command, api_key_env } = raw.language ?? {};
  const language = {
    ...settings,
    ...(url === undefined ? {} : { url }),
    ...(command === undefined ? {} : { command }),
    ...(api_key_env === undefined ? {} : { api_key_env }),
  };
  return { config: { ...config, language }, origins, notices };
}

/** A task bank named on the command line takes the place of the config's dataset. */
function datasetOf(raw: MatrixConfig, flags: ConfigFlags): MatrixConfig["dataset"] {
  const { taskBank } = flags;
  if (taskBank === undefined) return chosenImages(raw.dataset, flags);
  const kept = raw.dataset.kind === "task-bank" ? raw.dataset : {};
  return { ...kept, kind: "task-bank", path: taskBank };
}

/** Which images of a dataset with boxes are used; the same for every variant. CONFIG_USAGE for other datasets. */
function chosenImages(
  dataset: MatrixConfig["dataset"],
  { maxImages, imageIdsList }: ConfigFlags,
): MatrixConfig["dataset"] {
  if (maxImages === undefined && imageIdsList === undefined) return dataset;
  if (dataset.kind !== "coco") {
    const flag = maxImages === undefined ? "--image-ids-list" : "--max-images";
    throw new HarnessError("CONFIG_USAGE", `${flag} needs a dataset of kind coco, not ${dataset.kind}`, {
      hint: 'Other datasets have "limit" in the config.',
    });
  }
  return {
    ...dataset,
    ...(maxImages === undefined ? {} : { limit: maxImages }),
    ...(imageIdsList === undefined ? {} : { image_ids: imageIdsList }),
  };
}

/** `--model-id qwen2.5-coder:7b` names a model of a provider, whose quants are tags of that name. */
function tagModelFromFlag(value: string): ModelConfig {
  return { id: value.replaceAll(/[^A-Za-z0-9._:@+-]/g, "-"), template: `${value}-{quant_ollama}` };
}

type Group = <T extends object>(name: string, config: object | undefined, fallback: T, flag?: Partial<T>) => T;

/** Simulated trials have no machine to read, and trials in turns cannot be read one by one: probes watch them only when asked to. */
function telemetryOf(raw: MatrixConfig, flags: ConfigFlags, group: Group): ResolvedConfig["telemetry"] {
  const { cool_down, ...own } = raw.telemetry ?? {};
  const isUnread = raw.runtime?.kind === "simulated" || raw.latency?.slice_ms !== undefined;
  const probe = isUnread ? "none" : DEFAULTS.telemetry.probe;
  const fallback = { ...DEFAULTS.telemetry, probe } as Omit<ResolvedConfig["telemetry"], "cool_down">;
  const flag = flags.sidecarProfile === undefined ? {} : { probe: flags.sidecarProfile };
  const telemetry = group("telemetry", own, fallback, flag);
  return cool_down === undefined
    ? telemetry
    : { ...telemetry, cool_down: group("telemetry.cool_down", cool_down, { ...DEFAULTS.cool_down }) };
}

/** Who gives a command line and no profile wants it read: by what the answer says of itself. */
function sidecarOf({ sidecar }: MatrixConfig, flags: ConfigFlags, group: Group): ResolvedConfig["sidecar"] {
  const template = flags.sidecarTemplate ?? sidecar?.template ?? undefined;
  const profile = template === undefined ? DEFAULTS.sidecar.profile : "auto";
  return group("sidecar", sidecar, { ...DEFAULTS.sidecar, profile } as ResolvedConfig["sidecar"], {
    ...(flags.sidecarTemplate === undefined ? {} : { template: flags.sidecarTemplate }),
    ...(flags.sidecarTimeoutSec === undefined ? {} : { timeout_sec: flags.sidecarTimeoutSec }),
    ...(flags.sidecarProfile === undefined ? {} : { profile: flags.sidecarProfile }),
    ...(flags.sidecarProfiles === undefined ? {} : { profiles: flags.sidecarProfiles }),
  });
}

function normalizeQuant(quant: NonNullable<MatrixConfig["quants"]>[number]): QuantConfig {
  if (typeof quant === "string") return { id: quant, kind: "recipe", recipe: quant };
  if (quant.kind !== undefined && quant.kind !== "recipe") return quant;
  return { ...quant, kind: "recipe", recipe: quant.recipe ?? quant.id };
}

/** `--model-id path/to/my-model.onnx` names a file; its base name becomes the id. */
function modelFromFlag(value: string): ModelConfig {
  const base = value.split(/[/\\:]/).at(-1) ?? value;
  return { id: base.replace(/\.onnx$/i, "").replaceAll(/[^A-Za-z0-9._@+-]/g, "-"), path: value };
}
