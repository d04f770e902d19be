// Generated from schemas/journal.v1.schema.json by scripts/generate-types.mjs. Do not edit.

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
  body: JournalHeader | VariantLine | TrialLine | EndLine;
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
  dtype: "f32" | "i32" | "u8";
  /**
   * Shape.
   */
  shape: number[];
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
   * Outcome.
   */
  state: "ready" | "failed";
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
   * Session creation, s.
   */
  load_s: number;
  warmup: WarmupDone;
  /**
   * One call each, ns, in time order.
   */
  latency_ns: number[];
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
   * Peak resident set.
   */
  peak_rss_bytes: number;
  /**
   * Before the model was loaded.
   */
  rss_before_load_bytes: number;
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
