// Generated from schemas/plan.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * baseline: the reference; required: must pass; candidate: may pass.
 */
export type Role = "baseline" | "required" | "candidate";

/**
 * Everything a run will do, decided before it starts.
 */
export interface Plan {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.plan.v1";
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan_digest: string;
  /**
   * Name of the matrix.
   */
  name: string;
  /**
   * True when no real model runs.
   */
  simulated: boolean;
  /**
   * Commit of the working folder; null when it is no checkout.
   */
  commit_sha: string | null;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  config_digest: string;
  /**
   * The resolved config: every value that applies, defaults included.
   */
  config: {};
  /**
   * Where each value came from.
   */
  origins: {
    [k: string]: "flag" | "config" | "default";
  };
  invocation: Invocation;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * How much device memory may be planned for.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * Models.
   */
  models: PlannedModel[];
  /**
   * Variants.
   */
  variants: PlannedVariant[];
  /**
   * Cells.
   */
  cells: PlannedCell[];
  dataset: PlannedDataset;
  /**
   * Null when no recipe needs it.
   */
  calibration: null | PlannedCalibration;
  detection?: PlannedDetection;
  experimental_controls: ExperimentalControls;
  canary: PlannedCanary;
  sidecar: PlannedSidecar;
  row_policy: RowPolicy;
  /**
   * Gates, resolved.
   */
  gates: GateSpecDoc[];
  stop?: PlannedStop;
  /**
   * Flag threshold.
   */
  drop_flag: number;
  /**
   * Every planned trial, in order.
   */
  trials: PlannedTrial[];
  trial_counts: TrialCounts;
  /**
   * Files the run will write, relative to its folder.
   */
  artifacts: string[];
  estimate: PlanEstimate;
  power?: PlanPower;
  /**
   * One line each, e.g. a flag that the config overrides.
   */
  notices: string[];
  /**
   * True when the variants are twins of the baseline, run to test the gates themselves. Such a run decides nothing about variants.
   */
  certification?: true;
  run_quality?: RunQualityControls;
  telemetry?: PlannedTelemetry;
  language?: LanguageControls;
  /**
   * Prepare steps, in order; absent: none.
   */
  steps?: PlannedStep[];
}
/**
 * Where paths start; not part of the digest.
 */
export interface Invocation {
  /**
   * Folder of the config.
   */
  config_dir: string | null;
  /**
   * Root of `data:` paths.
   */
  data_dir: string | null;
  /**
   * MODEL/QUANT given with --only.
   */
  only: string | null;
}
/**
 * A full-precision model.
 */
export interface PlannedModel {
  /**
   * Model id.
   */
  id: string;
  /**
   * As written in the config.
   */
  path: string | null;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string | null;
  /**
   * Size on disk.
   */
  bytes: number | null;
}
/**
 * Base model and recipe, file or tag.
 */
export interface PlannedVariant {
  /**
   * Unique: model/quant.
   */
  variant_id: string;
  /**
   * Model.
   */
  model_id: string;
  /**
   * Quant tag.
   */
  quant_tag: string;
  role: Role;
  /**
   * How it comes to be.
   */
  kind: "recipe" | "external" | "pytorch" | "simulated" | "tag";
  /**
   * Resolved recipe; null unless kind is recipe.
   */
  recipe: {} | null;
  /**
   * File as written, or step:ID/NAME.
   */
  path: string | null;
  /**
   * Declared or measured digest of an external file; null where it is made in the run.
   */
  sha256: string | null;
  /**
   * Settings of the simulated variant.
   */
  simulated: {} | null;
  /**
   * Bits per weight; sorts from more bits to fewer.
   */
  quant_rank: number;
  /**
   * Share by which every timed call is slowed on purpose, by a busy wait. Only certification runs have it; such a run decides nothing.
   */
  handicap?: number;
  tag?: PlannedTag;
  /**
   * Element type of the weights, for the table by framework, e.g. int8.
   */
  dtype?: string;
}
/**
 * What a tag stood for when the plan was made.
 */
export interface PlannedTag {
  /**
   * The provider's name.
   */
  name: string;
  /**
   * GGUF file, as written.
   */
  path: string | null;
  /**
   * Label of the weights.
   */
  quantization: string | null;
  /**
   * Measured, or from size and parameters.
   */
  bits_per_weight: number | null;
  /**
   * Size of the weights.
   */
  bytes: number | null;
}
/**
 * Variant × runtime setting × workload.
 */
export interface PlannedCell {
  /**
   * Unique.
   */
  cell_id: string;
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * The baseline's cell with the same threads and batch size.
   */
  baseline_cell_id: string;
  /**
   * Intra-op threads.
   */
  threads: number;
  /**
   * Batch size of the latency loop.
   */
  batch_size: number;
  /**
   * Path-safe name, unique.
   */
  slug: string;
}
/**
 * Evaluation items.
 */
export interface PlannedDataset {
  /**
   * Name.
   */
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  digest: string;
  /**
   * Items.
   */
  count: number;
  /**
   * Classes.
   */
  class_names: string[];
  /**
   * What an item is called, in the plural; items where absent.
   */
  item_noun?: string;
}
/**
 * Calibration items.
 */
export interface PlannedCalibration {
  /**
   * Name.
   */
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  digest: string;
  /**
   * Items used.
   */
  count: number;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  indices_digest: string;
  /**
   * Range estimator.
   */
  method: "minmax" | "percentile";
  /**
   * Percentile.
   */
  percentile: number;
}
/**
 * How the model's output becomes boxes; absent where items have labels.
 */
export interface PlannedDetection {
  /**
   * yolo: [4 + classes, anchors], box centers and probabilities; yolo-dfl: [4 x bins + classes, anchors], side distributions and class logits; end-to-end: [rows, 6], final boxes; fastestdet: [5 + classes, rows, columns].
   */
  head: "yolo" | "yolo-dfl" | "end-to-end" | "fastestdet";
  /**
   * yolo, yolo-dfl: every class above min_score is a detection, not the best one of an anchor alone.
   */
  multi_label?: boolean;
  /**
   * yolo-dfl: bins of a side's distribution.
   */
  bins?: number;
  /**
   * yolo-dfl: pixels between anchors of each level.
   *
   * @minItems 1
   */
  strides?: [number, ...number[]];
  /**
   * yolo-dfl: whether class scores still need a sigmoid.
   */
  scores?: "logits" | "probabilities";
  /**
   * Which boxes suppress each other.
   */
  nms: "per-class" | "class-offset" | "agnostic" | "none";
  /**
   * A box is dropped when a surer one overlaps it by more.
   */
  nms_iou: number;
  /**
   * Boxes at or below are dropped.
   */
  min_score: number;
  /**
   * Boxes kept an image, the surest first.
   */
  max_detections: number;
  /**
   * Whether boxes are cut at the image's edges.
   */
  clip: boolean;
  input: PlannedDetectorInput;
}
/**
 * Where an image lies in the model's input.
 */
export interface PlannedDetectorInput {
  /**
   * Pixels.
   */
  width: number;
  /**
   * Pixels.
   */
  height: number;
  resize: "letterbox" | "stretch";
}
/**
 * What is held fixed.
 */
export interface ExperimentalControls {
  /**
   * Seed.
   */
  seed: number;
  /**
   * Generator's algorithm id.
   */
  rng: string;
  session: SessionControls;
  /**
   * Discarded calls.
   */
  warmup_iterations: number;
  /**
   * At least this long.
   */
  warmup_ms: number;
  /**
   * Latency samples.
   */
  min_samples: number;
  /**
   * Latency samples.
   */
  max_samples: number;
  /**
   * Latency loop.
   */
  time_budget_ms: number;
  /**
   * The processes of a block are timed in turns, this long each; absent: one after the other, each at one go.
   */
  slice_ms?: number;
  /**
   * Batch size.
   */
  evaluate_batch_size: number;
  /**
   * Each trial has its own process.
   */
  process_per_trial: boolean;
  /**
   * How trials are ordered.
   */
  order: string;
  /**
   * Processors that the process of a trial may use; empty: any.
   */
  cpu_affinity?: number[];
}
/**
 * Session settings, fixed for the run.
 */
export interface SessionControls {
  /**
   * ONNX Runtime graph optimisation level.
   */
  optimization_level: "disabled" | "basic" | "extended" | "all";
  /**
   * Arena allocator.
   */
  cpu_mem_arena: boolean;
  /**
   * Memory pattern.
   */
  mem_pattern: boolean;
  /**
   * Further session entries.
   */
  session_config: {
    [k: string]: string;
  };
  /**
   * Limit of one trial.
   */
  timeout_sec: number;
}
/**
 * Canary.
 */
export interface PlannedCanary {
  /**
   * Baseline runs before the sweep.
   */
  runs: number;
  /**
   * Indices of the fixed subset.
   */
  subset: number[];
  /**
   * Threshold.
   */
  latency_cv_threshold: number;
  /**
   * Samples.
   */
  min_samples: number;
  /**
   * Accuracy the baseline must reach on the subset.
   */
  min_accuracy: number;
}
/**
 * Hardware sidecar.
 */
export interface PlannedSidecar {
  /**
   * Whose keys.
   */
  profile: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Command line; null: the probes' own readings.
   */
  template?: string | null;
  /**
   * Limit of one run.
   */
  timeout_sec?: number;
  profiles?: SidecarProfilesDoc;
}
/**
 * Requirements in place of the built-in ones.
 */
export interface SidecarProfilesDoc {
  nvidia?: SidecarProfileDoc;
  amd?: SidecarProfileDoc;
  cpu_only?: SidecarProfileDoc;
}
/**
 * Keys that a profile asks for; a key in neither list does not apply.
 */
export interface SidecarProfileDoc {
  /**
   * Keys it must have.
   */
  required: (
    | "vram_total_mb"
    | "vram_used_mb"
    | "ttft_ms"
    | "prefill_tps"
    | "decode_tps"
    | "thermal_start_c"
    | "thermal_end_c"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "cuda_graph_warmup_ms"
    | "gpu_clock_mhz"
    | "power_draw_watts"
    | "fan_speed_percent"
  )[];
  /**
   * Keys it may have.
   */
  optional: (
    | "vram_total_mb"
    | "vram_used_mb"
    | "ttft_ms"
    | "prefill_tps"
    | "decode_tps"
    | "thermal_start_c"
    | "thermal_end_c"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "cuda_graph_warmup_ms"
    | "gpu_clock_mhz"
    | "power_draw_watts"
    | "fan_speed_percent"
  )[];
}
/**
 * What happens to doubtful rows.
 */
export interface RowPolicy {
  /**
   * A failed trial.
   */
  failed_trial: string;
  /**
   * A metric without samples.
   */
  missing_metric: string;
  /**
   * A polluted row.
   */
  polluted_row: string;
}
/**
 * One rule that a variant must meet, relative to its baseline or to a limit.
 */
export interface GateSpecDoc {
  /**
   * Unique name of the gate.
   */
  id: string;
  /**
   * Metric id.
   */
  metric:
    | "quality.accuracy"
    | "quality.class_accuracy"
    | "quality.map"
    | "quality.category_ap"
    | "latency.call"
    | "size.bytes_on_disk"
    | "memory.peak_rss"
    | "determinism.rate"
    | "throughput.items"
    | "quality.adherence"
    | "latency.ttft"
    | "throughput.decode"
    | "throughput.prefill";
  /**
   * How the interval becomes a verdict (docs: statistics).
   */
  policy: "non-inferiority" | "any-regression" | "equivalence" | "floor" | "ceiling" | "exact" | "quantile-limit";
  /**
   * Margin δ on the worsening effect; absolute in the metric's unit or relative to the baseline. Null where the policy uses a limit.
   */
  margin: number | null;
  /**
   * Whether the margin is absolute or a fraction of the baseline.
   */
  margin_kind: "absolute" | "relative";
  /**
   * Limit of a floor, ceiling or quantile-limit, in the metric's unit. Null elsewhere.
   */
  limit: number | null;
  /**
   * Quantile of a quantile-limit, e.g. 0.99: that share of the calls must stay within the limit. Null elsewhere.
   */
  quantile?: number | null;
  /**
   * `primary` gates decide, `advisory` gates are reported.
   */
  tier: "primary" | "advisory";
  /**
   * One-sided error rate of each claim.
   */
  alpha: number;
}
/**
 * The stopping rule of `stop: anytime`; absent where every planned trial is run.
 */
export interface PlannedStop {
  mode: "anytime";
  /**
   * What an early verdict speaks of: super-population (more items like these), or finite-set (these items only; a weaker claim that needs fewer of them).
   */
  claim: "super-population" | "finite-set";
  /**
   * How items are ordered.
   */
  order: string;
  /**
   * SHA-256 of the order as canonical JSON; the order itself is an array of the journal.
   */
  order_sha256: string;
  /**
   * Items evaluated after each block, counted from the start of the order; the last is all of them.
   *
   * @minItems 1
   */
  chunk_ends: [number, ...number[]];
  /**
   * Items evaluated at most, a cell.
   */
  max_items: number;
  /**
   * Blocks run at most.
   */
  max_blocks: number;
  /**
   * Blocks of a cell whose times no primary gate judges.
   */
  block_limit_without_gate: number;
  /**
   * No cell stops before.
   */
  min_blocks: number;
  /**
   * The rule in words.
   */
  rule: string;
}
/**
 * One planned repetition.
 */
export interface PlannedTrial {
  /**
   * Order, from 0.
   */
  seq: number;
  /**
   * Unique.
   */
  trial_id: string;
  /**
   * canary: before the sweep; trial: in a block.
   */
  kind: "canary" | "trial";
  /**
   * Block; -1 for canaries.
   */
  block: number;
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Items evaluated; items: the stretch in `items`, unless the stopping rule has no need of it any more.
   */
  evaluates: "all" | "subset" | "items";
  items?: ItemRange;
  /**
   * Seed of the trial.
   */
  seed: number;
}
/**
 * A stretch of the random item order.
 */
export interface ItemRange {
  /**
   * Position of the first item, from 0.
   */
  from: number;
  /**
   * Items.
   */
  count: number;
}
/**
 * Counts.
 */
export interface TrialCounts {
  /**
   * Canary trials.
   */
  canary: number;
  /**
   * Trials of each cell.
   */
  per_cell: number;
  /**
   * All.
   */
  total: number;
}
/**
 * What it will take; not part of the digest.
 */
export interface PlanEstimate {
  /**
   * Wall time.
   */
  seconds: number;
  /**
   * Disk.
   */
  disk_bytes: number;
  /**
   * Where the estimate comes from.
   */
  basis: string;
}
/**
 * What the planned numbers can show; not part of the digest.
 */
export interface PlanPower {
  /**
   * Where the assumed spreads come from.
   */
  basis: string;
  /**
   * Assumed share of items on which an identical variant and its baseline differ.
   */
  discordance: number;
  /**
   * Assumed standard deviation of a block's log ratio of latency.
   */
  log_ratio_sd: number;
  /**
   * One a gate that can err by chance.
   */
  gates: GatePower[];
  /**
   * Probability that an identical variant passes the primary gates whose power is known, as if they were independent; null where none is.
   */
  suite_p_pass: number | null;
  /**
   * What to know about these figures.
   */
  notes: string[];
}
/**
 * Power of one gate.
 */
export interface GatePower {
  /**
   * Gate.
   */
  gate_id: string;
  /**
   * primary or advisory.
   */
  tier: "primary" | "advisory";
  /**
   * What n counts.
   */
  unit: "items" | "trials" | "calls";
  /**
   * Planned.
   */
  n: number;
  /**
   * Probability that a variant exactly as good as its baseline passes.
   */
  p_pass_identical: number | null;
  /**
   * Smallest true worsening, in the unit of the margin, that fails with a probability of 80 %.
   */
  detectable: number | null;
  for_80: null | PowerNeed;
  for_90: null | PowerNeed;
  /**
   * Why a figure is missing.
   */
  reason: string | null;
}
/**
 * What would reach a power.
 */
export interface PowerNeed {
  /**
   * Items, trials or calls in all.
   */
  n: number;
  /**
   * Wall time of all of them.
   */
  seconds: number | null;
}
/**
 * When host readings say that a trial was starved; absent in older plans, whose blocks are not judged.
 */
export interface RunQualityControls {
  /**
   * A trial is starved when the CPU seconds of its latency loop fall below this share of the loop's wall seconds; 0 never.
   */
  min_cpu_share: number;
  /**
   * A trial is starved when the hypervisor kept more than this many seconds a second, summed over cores.
   */
  max_steal_share: number;
  /**
   * A trial is starved when some task waited for a CPU during more than this share of it; 1 never.
   */
  max_pressure_share: number;
  /**
   * Time gates are inconclusive (polluted) when more than this share of a pair's blocks has a starved trial; 1 never.
   */
  max_starved_blocks: number;
  /**
   * A trial is polluted when other programs used more than this share of all processors while it ran (HIGH_CPU_SATURATION); 1 never.
   */
  max_foreign_cpu_share?: number;
  /**
   * A trial is polluted when more than this many foreign tasks a processor were ready to run, on average (HIGH_SYSTEM_LOAD).
   */
  max_runnable_share?: number;
  /**
   * A trial is polluted when the harness and its probes used more than this many processors' worth of time beside it (HIGH_ORCHESTRATION_OVERHEAD).
   */
  max_orchestration_share?: number;
  /**
   * A trial is polluted when heat held the clocks down for more than this share of it (THERMAL_THROTTLE); 1 never.
   */
  max_throttled_share?: number;
  /**
   * A trial is polluted when a processor or card reached this temperature (HIGH_TEMPERATURE).
   */
  max_temperature_c?: number;
  /**
   * A trial is polluted when other processes held more than this much device memory (FOREIGN_GPU_LOAD), where the run watches a graphics card.
   */
  max_foreign_gpu_bytes?: number;
  /**
   * A trial is polluted when some task waited for memory for more than this share of it (MEMORY_PRESSURE); 1 never.
   */
  max_memory_pressure_share?: number;
  /**
   * A trial is polluted when less than this share of the machine's memory was free for use (MEMORY_PRESSURE); 0 never.
   */
  min_available_memory_share?: number;
  /**
   * A row is polluted when more than this share of its trials is; a polluted row is not recommended.
   */
  max_polluted_trials?: number;
}
/**
 * Probes beside the trials; absent in older plans, which had none.
 */
export interface PlannedTelemetry {
  /**
   * Which.
   */
  probe: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Samples a second.
   */
  rate_hz: number;
  /**
   * Cards; empty: all.
   */
  devices: string[];
  cool_down: null | PlannedCoolDown;
}
/**
 * Waiting between blocks; null: none.
 */
export interface PlannedCoolDown {
  /**
   * Cool enough.
   */
  target_c: number | null;
  /**
   * Longest wait.
   */
  cap_sec: number;
}
/**
 * How language models are asked; present where the items are tasks.
 */
export interface LanguageControls {
  /**
   * Adapter.
   */
  runtime: "ollama" | "llama-server" | "openai" | "lmstudio" | "node-llama-cpp" | "command" | "simulated";
  /**
   * Address.
   */
  url: string | null;
  /**
   * Program and arguments.
   */
  command: string[] | null;
  /**
   * Way to complete.
   */
  route: "native" | "openai";
  /**
   * Environment variable of the API key.
   */
  api_key_env: string | null;
  /**
   * Context to allocate.
   */
  context_tokens: number;
  /**
   * Threads; 0: the server chooses.
   */
  threads: number;
  /**
   * Layers on the accelerator.
   */
  gpu_layers: number | null;
  /**
   * s.
   */
  load_timeout_sec: number;
  /**
   * s.
   */
  request_timeout_sec: number;
  /**
   * s.
   */
  stall_timeout_sec: number;
  /**
   * Sampling temperature.
   */
  temperature: number;
  /**
   * Log-probabilities at each token.
   */
  top_logprobs: number;
  /**
   * Weights without a digest may run.
   */
  allow_unverified: boolean;
  /**
   * Tasks asked a second time; absent in older plans: none.
   */
  repeat?: "subset" | "all" | "none";
}
/**
 * A program that makes models before the variants are prepared.
 */
export interface PlannedStep {
  /**
   * Unique name.
   */
  step_id: string;
  /**
   * As written, names not filled in.
   */
  command: string[];
  /**
   * Says whether the tool is there.
   */
  check: string[] | null;
  /**
   * Files it reads.
   */
  inputs: PlannedStepInput[];
  /**
   * Files it writes.
   */
  outputs: PlannedStepOutput[];
  /**
   * Environment variables set for it.
   */
  env: {
    [k: string]: string;
  };
  /**
   * Environment variables with secrets that it may see. Their values are cut out of its log, and are in no artifact and no key.
   */
  secrets?: string[];
  /**
   * What makes the tool available.
   */
  install: string | null;
  /**
   * Limit.
   */
  timeout_sec: number;
  /**
   * Whether the run goes on without it.
   */
  optional: boolean;
  /**
   * What must be kept from the first input model to the first output model.
   */
  same: string[];
  /**
   * Whether it reads the calibration items.
   */
  uses_calibration: boolean;
  /**
   * Whether a planned variant needs it; others are skipped.
   */
  needed: boolean;
}
/**
 * A file it reads.
 */
export interface PlannedStepInput {
  /**
   * Name.
   */
  name: string;
  /**
   * As written.
   */
  path: string;
  /**
   * SHA-256; null where an earlier step makes it.
   */
  sha256: string | null;
}
/**
 * A file it writes.
 */
export interface PlannedStepOutput {
  /**
   * Name.
   */
  name: string;
  /**
   * File name.
   */
  file: string;
}
