// Generated from schemas/journal.v1.schema.json by scripts/generate-types.mjs. Do not edit.

export type Reading = GaugeDoc | CounterDoc | AbsentDoc;

/**
 * One line of journal.ndjson.
 */
export interface JournalLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan: string;
  body: JournalHeader | StepLine | VariantLine | TrialLine | SidecarLine | EndLine;
  /**
   * Of the canonical JSON of {seq, plan, body}.
   */
  sha256: string;
}
/**
 * First line.
 */
export interface JournalHeader {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.journal.v1";
  kind: "header";
  /**
   * Run.
   */
  run_id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan: string;
  /**
   * ISO 8601 UTC.
   */
  created_at: string;
  host: HostFingerprintDoc;
  /**
   * Versions.
   */
  tool_versions: {
    [k: string]: string;
  };
  /**
   * Seed.
   */
  seed: number;
  /**
   * Generator's algorithm id.
   */
  rng: string;
  labels: ArrayRef;
  boxes?: JournalBoxes;
  order?: ArrayRef;
}
/**
 * Host fingerprint.
 */
export interface HostFingerprintDoc {
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hard: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  soft: string;
  /**
   * What the hashes were made of.
   */
  facts: {};
}
/**
 * A large array in a file named by its digest.
 */
export interface ArrayRef {
  /**
   * Relative path, arrays/<sha256>.<dtype>.
   */
  file: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Element type, little-endian.
   */
  dtype: "f32" | "i32" | "u8" | "f64";
  /**
   * Shape.
   */
  shape: number[];
}
/**
 * Boxes to be found; absent where items have labels.
 */
export interface JournalBoxes {
  image_ids: ArrayRef;
  category_ids: ArrayRef;
  sizes: ArrayRef;
  image: ArrayRef;
  category: ArrayRef;
  box: ArrayRef;
  area: ArrayRef;
  crowd: ArrayRef;
}
/**
 * A prepare step that is done.
 */
export interface StepLine {
  kind: "step";
  /**
   * Step.
   */
  step_id: string;
  /**
   * ok; failed; unavailable: its tool is not here; unsupported: the tool says that it cannot do this; skipped: not needed, or what it needs is not there.
   */
  state: "ok" | "failed" | "unavailable" | "unsupported" | "skipped";
  /**
   * Whether its outputs were taken from the cache.
   */
  cached: boolean;
  /**
   * Digest of everything that goes into it; null where that is not known.
   */
  key: string | null;
  /**
   * As run, secrets left out.
   */
  command: string[];
  /**
   * What the check printed.
   */
  tool_version: string | null;
  /**
   * Seconds of this run; 0 where it was cached or not run.
   */
  wall_s: number;
  /**
   * Seconds that making the outputs took, when they were made.
   */
  made_s: number | null;
  /**
   * Why it is not ok.
   */
  reason: string | null;
  log: null | StepLog;
  /**
   * Files it read.
   */
  inputs: StepInput[];
  /**
   * Files it wrote.
   */
  outputs: StepOutput[];
  /**
   * What changed from input to output model, and what the random input showed.
   */
  warnings: string[];
}
/**
 * What the program printed.
 */
export interface StepLog {
  /**
   * Path in the run's folder.
   */
  file: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
}
/**
 * A file it read.
 */
export interface StepInput {
  /**
   * Name.
   */
  name: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  structure: null | StructureDoc;
}
/**
 * What a model looks like.
 */
export interface StructureDoc {
  /**
   * File format.
   */
  format: "onnx" | "torchscript" | "exported";
  /**
   * Inputs.
   */
  inputs: ValueShape[];
  /**
   * Outputs.
   */
  outputs: ValueShape[];
  /**
   * Nodes of the graph, or modules of a scripted model.
   */
  layers: number | null;
  /**
   * Elements of all initializers, or of parameters and buffers.
   */
  parameters: number | null;
}
/**
 * An input or output.
 */
export interface ValueShape {
  /**
   * Name.
   */
  name: string;
  /**
   * Element type.
   */
  dtype: string | null;
  /**
   * A number a fixed axis, a name or null a free one.
   */
  shape: (number | string | null)[] | null;
}
/**
 * A file it wrote.
 */
export interface StepOutput {
  /**
   * Name.
   */
  name: string;
  /**
   * Path in the run's folder.
   */
  file: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Size.
   */
  bytes: number;
  structure: null | StructureDoc;
  /**
   * What one inference on random input gave; null where the file is no model.
   */
  smoke: string | null;
}
/**
 * A variant made ready.
 */
export interface VariantLine {
  kind: "variant";
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * Outcome; unavailable: its tool or runtime is not here; unsupported: a tool says that it cannot make it.
   */
  state: "ready" | "failed" | "unavailable" | "unsupported";
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string | null;
  /**
   * File size.
   */
  bytes_on_disk: number | null;
  /**
   * Size with weights packed at their bit width.
   */
  bytes_packed: number | null;
  kernels: null | KernelCounts;
  /**
   * Layers that are emulated, by name.
   */
  slow_layers: string[];
  /**
   * Layers that run on integer kernels, by name.
   */
  native_layers?: string[];
  /**
   * Quantizable layers.
   */
  layers: number;
  /**
   * Relative path of the manifest.
   */
  manifest: string | null;
  /**
   * Why it failed.
   */
  failure: string | null;
  weights?: WeightsDoc;
}
/**
 * Layers by the kernel that really ran.
 */
export interface KernelCounts {
  /**
   * Integer or fused kernels of the storage type.
   */
  native: number;
  /**
   * Computed in floating point.
   */
  emulated: number;
  /**
   * Left in full precision.
   */
  skipped: number;
}
/**
 * What the provider or the file says of the weights.
 */
export interface WeightsDoc {
  /**
   * The provider's name.
   */
  name: string;
  /**
   * Label.
   */
  quantization: string | null;
  /**
   * Measured over the file's tensors, or size by parameters.
   */
  bits_per_weight: number | null;
  /**
   * Weights.
   */
  parameters: number | null;
  /**
   * Tokens it was trained for.
   */
  context_length: number | null;
}
/**
 * A finished trial.
 */
export interface TrialLine {
  kind: "trial";
  /**
   * Planned order.
   */
  seq: number;
  /**
   * Unique.
   */
  trial_id: string;
  /**
   * canary or trial.
   */
  trial_kind: "canary" | "trial";
  /**
   * Block.
   */
  block: number;
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * Items evaluated.
   */
  evaluates: "all" | "subset" | "items";
  items?: ItemRange;
  /**
   * Outcome.
   */
  state: "completed" | "failed" | "excluded";
  /**
   * ISO 8601 UTC.
   */
  started_at: string;
  /**
   * Seconds, start-up included.
   */
  wall_s: number;
  failure: null | TrialFailure;
  measured: null | MeasuredDoc;
  telemetry?: TrialTelemetry;
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
 * Why it failed.
 */
export interface TrialFailure {
  /**
   * Error code.
   */
  code: string;
  /**
   * One sentence.
   */
  message: string;
}
/**
 * What a completed trial measured.
 */
export interface MeasuredDoc {
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  model_sha256: string | null;
  /**
   * Session creation or loading, s; null where a server had loaded the model before.
   */
  load_s: number | null;
  warmup: WarmupDone;
  /**
   * One call each, ns, in time order.
   */
  latency_ns: number[];
  /**
   * Samples of each slice, adding up to all, where the processes of a block were timed in turns.
   */
  latency_slices?: number[];
  throughput: ThroughputDoc;
  memory: MemoryDoc;
  quality: QualityDoc;
  subset: SubsetDoc;
  /**
   * Digest of all outputs; null when only the subset was evaluated.
   */
  outputs_sha256: string | null;
  predictions: null | ArrayRef;
  outputs: null | ArrayRef;
  host: TrialHostDoc;
  /**
   * Share by which every timed call was slowed on purpose. Never part of a real result.
   */
  handicap?: number;
  controls?: ControlsSeen;
  language?: LanguageDoc;
}
/**
 * Discarded calls.
 */
export interface WarmupDone {
  /**
   * Calls.
   */
  iterations: number;
  /**
   * s.
   */
  seconds: number;
}
/**
 * Evaluation loop.
 */
export interface ThroughputDoc {
  /**
   * Items a second.
   */
  items_per_second: number;
  /**
   * Items.
   */
  items: number;
  /**
   * s.
   */
  seconds: number;
  /**
   * Batch size.
   */
  batch_size: number;
}
/**
 * Memory of the trial's process.
 */
export interface MemoryDoc {
  /**
   * Peak resident set; null where a server does not tell.
   */
  peak_rss_bytes: number | null;
  /**
   * Before the model was loaded; null where the model is loaded by a server.
   */
  rss_before_load_bytes: number | null;
}
/**
 * Scores of the evaluated items.
 */
export interface QualityDoc {
  /**
   * Items evaluated.
   */
  n: number;
  /**
   * Right.
   */
  correct: number;
  /**
   * k of top_k_correct.
   */
  top_k: number;
  /**
   * Label among the k best.
   */
  top_k_correct: number;
  /**
   * Rows with NaN or Inf; never right.
   */
  invalid_rows: number;
  /**
   * Base64: bit i (LSB first) is item i of the evaluated order.
   */
  correct_bits: string;
}
/**
 * The fixed subset.
 */
export interface SubsetDoc {
  /**
   * Items.
   */
  n: number;
  /**
   * Right.
   */
  correct: number;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  outputs_sha256: string;
}
/**
 * The machine during the trial; null where the platform gives no reading.
 */
export interface TrialHostDoc {
  /**
   * CPU seconds of the process in the latency loop.
   */
  loop_cpu_s: number | null;
  /**
   * Wall seconds of the loop.
   */
  loop_wall_s: number;
  /**
   * Context switches.
   */
  involuntary_switches: number | null;
  /**
   * Hypervisor steal, s.
   */
  steal_s: number | null;
  /**
   * Pressure-stall some-cpu, s.
   */
  cpu_pressure_s: number | null;
  /**
   * Load average.
   */
  load1: number | null;
  /**
   * Monotonic.
   */
  wall_s: number;
  /**
   * By the system clock.
   */
  system_clock_s: number;
  /**
   * Time that all processors together worked during the trial.
   */
  cpu_busy_s?: number | null;
  /**
   * Processor time of the trial's process, start-up included.
   */
  own_cpu_s?: number | null;
  /**
   * Processor time of the harness during the trial.
   */
  harness_cpu_s?: number | null;
  /**
   * Processors that cpu_busy_s sums over.
   */
  cpus?: number | null;
}
/**
 * Experimental controls as the trial's own process found them; null where they could not be seen.
 */
export interface ControlsSeen {
  /**
   * Seed it was given.
   */
  seed: number;
  /**
   * Intra-op threads: those that ended with the session, and the caller.
   */
  threads: number | null;
  /**
   * Processors it may use.
   */
  cpu_affinity: number[] | null;
}
/**
 * Replies of a language model.
 */
export interface LanguageDoc {
  /**
   * Context as allocated.
   */
  context_tokens: number | null;
  /**
   * Bytes that did not fit the accelerator.
   */
  offloaded_bytes: number | null;
  /**
   * Loading and the first reply's time to its first token, s.
   */
  cold_ttft_s: number | null;
  /**
   * Time to first token of a prompt asked just before, s.
   */
  cached_ttft_s: number | null;
  /**
   * What the trial took beside loading and replies, s.
   */
  overhead_s: number;
  adherence: AdherenceDoc;
  replies: ArrayRef;
  /**
   * One a prompt, in the order they were asked.
   */
  requests: RequestDoc[];
  repeats?: RepeatsDoc;
}
/**
 * Instructions of form, of the tasks that have any.
 */
export interface AdherenceDoc {
  /**
   * Tasks with such instructions.
   */
  n: number;
  /**
   * Of those, followed.
   */
  kept: number;
  /**
   * Base64: bit i (LSB first) is item i of the evaluated order, set where it has instructions.
   */
  asked_bits: string;
  /**
   * The same, set where they were followed.
   */
  kept_bits: string;
}
/**
 * Figures of one prompt. Times in seconds from when it was sent.
 */
export interface RequestDoc {
  /**
   * Item of the dataset.
   */
  item: number;
  /**
   * Outcome.
   */
  state: "completed" | "failed" | "timed-out";
  /**
   * Error code of a failure.
   */
  code: string | null;
  /**
   * Which figures there are.
   */
  status: "OK" | "TOKEN_COUNT_UNAVAILABLE" | "TIMING_UNAVAILABLE" | "TOKEN_AND_TIMING_UNAVAILABLE";
  /**
   * Whether the prompt was cached.
   */
  ttft_kind: "uncached" | "cached" | "unknown";
  /**
   * First content or reasoning.
   */
  ttft_s: number | null;
  /**
   * End of the reply.
   */
  total_s: number | null;
  /**
   * Cached ones included.
   */
  prompt_tokens: number | null;
  /**
   * Of those, taken from the cache.
   */
  cached_tokens: number | null;
  /**
   * Generated.
   */
  tokens: number | null;
  /**
   * Who counted.
   */
  count_source: "server" | "tokenizer" | "estimated" | null;
  /**
   * (n - 1) / (last - first), from 32 tokens on.
   */
  decode_tps: number | null;
  /**
   * Processed prompt tokens a second, from 64 on where none was cached.
   */
  prefill_tps: number | null;
  /**
   * (total - TTFT) / (n - 1).
   */
  tpot_s: number | null;
  /**
   * Why it ended.
   */
  finish: string | null;
  /**
   * The prompt was cut.
   */
  truncated: boolean;
  /**
   * Times the server asked to come back later.
   */
  retries: number;
  /**
   * Chunks with content.
   */
  chunks: number;
  /**
   * Median gap between chunks.
   */
  gap_p50_s: number | null;
  /**
   * 99th percentile of the gaps.
   */
  gap_p99_s: number | null;
  /**
   * Why the server's counts cannot be true.
   */
  count_problem: string | null;
  /**
   * The server's own figures, in its own units.
   */
  server: {
    [k: string]: number;
  };
}
/**
 * Prompts asked a second time, untimed; their answers lie with the replies. Absent in older journals.
 */
export interface RepeatsDoc {
  /**
   * Prompts asked again.
   */
  requests: number;
  /**
   * Of those, answered.
   */
  completed: number;
  /**
   * Of those, with tokens out of the cache.
   */
  cached: number;
  /**
   * Of those, with log-probabilities.
   */
  with_logprobs: number;
  /**
   * What they took together.
   */
  seconds: number;
}
/**
 * What the probes read while the trial ran.
 */
export interface TrialTelemetry {
  /**
   * Begin of the window on the machine's monotonic clock.
   */
  start_ns: string;
  /**
   * End of the window.
   */
  end_ns: string;
  /**
   * One a backend.
   */
  probes: ProbeWindowDoc[];
}
/**
 * Readings of one probe.
 */
export interface ProbeWindowDoc {
  /**
   * What was read.
   */
  backend: "nvidia" | "amd" | "cpu";
  /**
   * Samples within the window.
   */
  samples: number;
  file: null | TelemetryRef;
  /**
   * Codes of what made readings missing or doubtful, sorted.
   */
  problems: string[];
  /**
   * Devices.
   */
  devices: DeviceWindowDoc[];
}
/**
 * Samples of the window and their neighbors, as the probe wrote them.
 */
export interface TelemetryRef {
  /**
   * Relative path, telemetry/<sha256>.ndjson.
   */
  file: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Lines.
   */
  lines: number;
}
/**
 * Readings of one device over the window.
 */
export interface DeviceWindowDoc {
  /**
   * E.g. gpu0 or cpu.
   */
  id: string;
  /**
   * Kind.
   */
  kind: "gpu" | "mig" | "cpu";
  /**
   * Identity.
   */
  uuid: string | null;
  /**
   * Model.
   */
  name: string | null;
  /**
   * Samples within.
   */
  samples: number;
  /**
   * By name, in base units.
   */
  readings: {
    [k: string]: Reading;
  };
  /**
   * Share of the samples in which each reason held the clocks down; null where it was never told.
   */
  clock_reasons: {
    [k: string]: number;
  } | null;
}
/**
 * A value that goes up and down, over the window.
 */
export interface GaugeDoc {
  kind: "gauge";
  /**
   * Samples with a value.
   */
  n: number;
  /**
   * Samples without.
   */
  gaps: number;
  /**
   * First.
   */
  first: number;
  /**
   * Last.
   */
  last: number;
  /**
   * Least.
   */
  least: number;
  /**
   * Most.
   */
  peak: number;
  /**
   * Mean.
   */
  mean: number;
}
/**
 * A value that only grows, over the window.
 */
export interface CounterDoc {
  kind: "counter";
  /**
   * Samples within.
   */
  n: number;
  /**
   * Growth between the window's ends.
   */
  change: number;
  /**
   * How much of the window the samples reach over.
   */
  covered_s: number;
}
/**
 * No value.
 */
export interface AbsentDoc {
  kind: "absent";
  /**
   * Why.
   */
  reason: string;
}
/**
 * A cell's hardware sidecar.
 */
export interface SidecarLine {
  kind: "sidecar";
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * A program that was run, or the probes' own readings.
   */
  source: "program" | "probes";
  /**
   * Relative path of the parsed answer.
   */
  file: string | null;
  /**
   * How long it took.
   */
  wall_s: number;
  /**
   * What went wrong, in a sentence.
   */
  problem: string | null;
  parse: SidecarParse;
}
/**
 * What a hardware sidecar said, in canonical keys. It diagnoses and never decides.
 */
export interface SidecarParse {
  /**
   * Kind and version of this document.
   */
  schema_version: "sidecar.parse.v1";
  /**
   * Whose requirements held.
   */
  profile: "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Memory of the device.
   */
  vram_total_mb: number | null;
  /**
   * Most memory of the device that was in use.
   */
  vram_used_mb: number | null;
  /**
   * Time to the first token.
   */
  ttft_ms: number | null;
  /**
   * Prompt tokens a second.
   */
  prefill_tps: number | null;
  /**
   * Generated tokens a second.
   */
  decode_tps: number | null;
  /**
   * Temperature at the first sample.
   */
  thermal_start_c: number | null;
  /**
   * Temperature at the last sample, another than the first.
   */
  thermal_end_c: number | null;
  /**
   * Time to launch a kernel.
   */
  kernel_launch_ms: number | null;
  /**
   * Time to load the model.
   */
  model_load_ms: number | null;
  /**
   * Traffic over PCI Express, 10^9 bits a second.
   */
  pcie_throughput_gbps: number | null;
  /**
   * Time to warm up CUDA graphs.
   */
  cuda_graph_warmup_ms: number | null;
  /**
   * Clock of the device.
   */
  gpu_clock_mhz: number | null;
  /**
   * Power.
   */
  power_draw_watts: number | null;
  /**
   * Share of the fan's nominal maximum.
   */
  fan_speed_percent: number | null;
  /**
   * Keys that do not apply here, sorted; they are null and not missing.
   */
  not_applicable: (
    | "cuda_graph_warmup_ms"
    | "decode_tps"
    | "fan_speed_percent"
    | "gpu_clock_mhz"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "power_draw_watts"
    | "prefill_tps"
    | "thermal_end_c"
    | "thermal_start_c"
    | "ttft_ms"
    | "vram_total_mb"
    | "vram_used_mb"
  )[];
  /**
   * The worst that is the case.
   */
  sidecar_parse_status: "OK" | "OPTIONAL_FIELD_MISSING" | "NOT_APPLICABLE" | "REQUIRED_FIELD_MISSING" | "PARSE_ERROR";
  /**
   * What is wrong, sorted: missing:KEY, invalid:KEY, unit:KEY, conflict:KEY or payload:unreadable.
   */
  sidecar_parse_errors: string[];
}
/**
 * The run is complete.
 */
export interface EndLine {
  kind: "end";
  /**
   * How it ended.
   */
  state: "complete" | "canary-abort";
  /**
   * Why it was aborted.
   */
  reason: string | null;
}
