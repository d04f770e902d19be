import type {
  CanaryConfig,
  CoolDownConfig,
  LatencyConfig,
  RunQualityConfig,
  RuntimeConfig,
  SidecarConfig,
  StopConfig,
  TelemetryConfig,
  WarmupConfig,
} from "../domain/generated/config-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { FRONTIER_OBJECTIVES } from "../domain/metric.ts";

/** Values that apply where the config says nothing. docs/configs.md is generated from here. */
export const DEFAULTS = {
  runs_per_quant: 10,
  evaluate_runs: 2,
  evaluate_batch_size: 32,
  batch_sizes: [1],
  seed: 1,
  alpha: 0.05,
  gate_preset: "default",
  stop: { mode: "fixed", claim: "super-population" },
  drop_flag: 0.05,
  execution_lane: "lab",
  vram_profile: "safe",
  task_revision: "1",
  runtime: {
    kind: "onnxruntime",
    threads: [1],
    optimization_level: "all",
    cpu_mem_arena: true,
    mem_pattern: true,
    session_config: {},
    timeout_sec: 120,
    cpu_affinity: [],
  },
  warmup: { iterations: 10, min_ms: 50 },
  latency: { min_samples: 20, max_samples: 1000, time_budget_ms: 200 },
  canary: { runs: 3, items: 200, latency_cv_threshold: 0.25, min_samples: 5, min_accuracy: null },
  // Starved for certain, not merely disturbed: randomised blocks carry ordinary load, and a median of calls outlives interruptions.
  run_quality: {
    min_cpu_share: 0.2,
    max_steal_share: 0.5,
    max_pressure_share: 1,
    max_starved_blocks: 0.5,
    // A desktop at rest uses a few percent; another program on both cores of two leaves a trial a third of them.
    max_foreign_cpu_share: 0.25,
    max_runnable_share: 0.75,
    max_orchestration_share: 0.25,
    max_throttled_share: 0.05,
    // Chips cut their clocks at 90 to 105 °C.
    max_temperature_c: 95,
    // A desktop session holds about that much of a card.
    max_foreign_gpu_bytes: 2 ** 30,
    max_memory_pressure_share: 0.1,
    min_available_memory_share: 0.02,
    max_polluted_trials: 0.5,
  },
  telemetry: { probe: "auto", rate_hz: 5, devices: [] },
  detection: { nms: "per-class", nms_iou: 0.7, min_score: 0.001, max_detections: 300, clip: true },
  calibration: { count: 1000, method: "minmax", percentile: 99.99 },
  frontier: { objectives: [...FRONTIER_OBJECTIVES], allow_polluted: false },
  sidecar: { profile: "none", template: null, timeout_sec: 120, profiles: {} },
  cool_down: { target_c: null, cap_sec: 300 },
  prepare: { timeout_sec: 3600, optional: false },
} as const satisfies {
  runtime: Required<RuntimeConfig>;
  warmup: Required<WarmupConfig>;
  latency: Required<Omit<LatencyConfig, "slice_ms">>;
  canary: Required<CanaryConfig>;
  run_quality: Required<RunQualityConfig>;
  stop: Required<StopConfig>;
  telemetry: Required<Omit<TelemetryConfig, "cool_down">>;
  sidecar: Required<SidecarConfig>;
  cool_down: Required<CoolDownConfig>;
  [key: string]: unknown;
};

/** What applies instead where the items are tasks for language models: a reply takes seconds, and tasks are few. */
export const LANGUAGE_DEFAULTS = {
  runs_per_quant: 5,
  evaluate_runs: 10_000,
  evaluate_batch_size: 1,
  runtime: { ...DEFAULTS.runtime, kind: "llama-server", timeout_sec: 3600 },
  // A reply is short: the time of a token varies more than that of a long loop.
  canary: { runs: 2, items: 8, latency_cv_threshold: 0.5, min_samples: 1, min_accuracy: 0 },
  language: {
    route: "native",
    context_tokens: 4096,
    threads: 0,
    gpu_layers: null,
    load_timeout_sec: 300,
    request_timeout_sec: 120,
    stall_timeout_sec: 60,
    temperature: 0,
    repeat: "subset",
    top_logprobs: 20,
    allow_unverified: false,
  },
} as const;

/** Gates that every sweep has unless its config changes or removes them by id. */
export const DEFAULT_GATES: readonly GateSpecDoc[] = [
  {
    id: "accuracy_drop",
    metric: "quality.accuracy",
    policy: "non-inferiority",
    margin: 0.01,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "worst_class_drop",
    metric: "quality.class_accuracy",
    policy: "non-inferiority",
    margin: 0.05,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "latency_ratio",
    metric: "latency.call",
    policy: "non-inferiority",
    margin: 0.05,
    margin_kind: "relative",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "bytes",
    metric: "size.bytes_on_disk",
    policy: "exact",
    margin: 0,
    margin_kind: "relative",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "determinism",
    metric: "determinism.rate",
    policy: "exact",
    margin: 0,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "peak_memory",
    metric: "memory.peak_rss",
    policy: "non-inferiority",
    margin: 0.1,
    margin_kind: "relative",
    limit: null,
    tier: "advisory",
    alpha: DEFAULTS.alpha,
  },
];

const LANGUAGE_GATE = { margin_kind: "absolute", limit: null, tier: "primary", alpha: DEFAULTS.alpha } as const;

/**
 * Gates of sweeps over tasks. Margins are wide because banks are small: on 64 tasks without a disagreement the upper limit of a drop is
 * 4 points. A group of 16 tasks cannot show that it lost less than 15.
 */
export const LANGUAGE_GATES: readonly GateSpecDoc[] = [
  { ...LANGUAGE_GATE, id: "success_drop", metric: "quality.accuracy", policy: "non-inferiority", margin: 0.1 },
  {
    ...LANGUAGE_GATE,
    id: "adherence_drop",
    metric: "quality.adherence",
    policy: "non-inferiority",
    margin: 0.15,
    tier: "advisory",
  },
  {
    ...LANGUAGE_GATE,
    id: "worst_group_drop",
    metric: "quality.class_accuracy",
    policy: "non-inferiority",
    margin: 0.25,
    tier: "advisory",
  },
  {
    ...LANGUAGE_GATE,
    id: "ttft_ratio",
    metric: "latency.ttft",
    policy: "non-inferiority",
    margin: 0.15,
    margin_kind: "relative",
  },
  {
    ...LANGUAGE_GATE,
    id: "decode_ratio",
    metric: "throughput.decode",
    policy: "non-inferiority",
    margin: 0.1,
    margin_kind: "relative",
  },
  { ...LANGUAGE_GATE, id: "bytes", metric: "size.bytes_on_disk", policy: "exact", margin: 0, margin_kind: "relative" },
  { ...LANGUAGE_GATE, id: "determinism", metric: "determinism.rate", policy: "exact", margin: 0, tier: "advisory" },
  {
    ...LANGUAGE_GATE,
    id: "peak_memory",
    metric: "memory.peak_rss",
    policy: "non-inferiority",
    margin: 0.1,
    margin_kind: "relative",
    tier: "advisory",
  },
];
