// Generated from schemas/summary.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * baseline: the reference; required: must pass; candidate: may pass.
 */
export type Role = "baseline" | "required" | "candidate";
/**
 * Top-k.
 */
export type TopKDoc = {
  /**
   * k.
   */
  k: number;
  /**
   * Items.
   */
  correct: number;
} | null;

/**
 * What a run found: one row a cell, with intervals, gates and verdicts.
 */
export interface Summary {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.summary.v1";
  /**
   * Creation time of the journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * How much device memory may be planned for.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Name of the matrix.
   */
  name: string;
  /**
   * Run.
   */
  run_id: string;
  /**
   * How the run ended.
   */
  state: "complete" | "partial" | "canary-abort";
  plan: PlanRef;
  journal: JournalRef;
  provenance: ProvenanceDoc;
  dataset: DatasetDoc;
  stop?: StopDoc;
  host: HostDoc;
  noise: NoiseDoc;
  /**
   * One a cell.
   */
  rows: SummaryRow[];
  suite: SuiteDoc;
  /**
   * Doubts that stop nothing.
   */
  findings: FindingDoc[];
  /**
   * Polluted trials and rows count in frontier and recommendation; absent: they do not.
   */
  allow_polluted_frontier?: boolean;
  preparation?: PreparationDoc;
}
/**
 * Plan.
 */
export interface PlanRef {
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  digest: string;
  /**
   * Relative path.
   */
  path: string;
}
/**
 * Journal.
 */
export interface JournalRef {
  /**
   * Relative path.
   */
  path: string;
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
 * Where it came from.
 */
export interface ProvenanceDoc {
  /**
   * Commit.
   */
  commit_sha: string | null;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  config_digest: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan_digest: string;
  /**
   * Versions.
   */
  tool_versions: {
    [k: string]: string;
  };
  /**
   * Reference given by the caller.
   */
  ref: string | null;
}
/**
 * Evaluation items.
 */
export interface DatasetDoc {
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
 * Present where variants could stop early.
 */
export interface StopDoc {
  mode: "anytime";
  /**
   * What an early verdict speaks of: super-population (more items like these), or finite-set (these items only; a weaker claim that needs fewer of them).
   */
  claim: "super-population" | "finite-set";
}
/**
 * Machine, in words.
 */
export interface HostDoc {
  /**
   * Cores.
   */
  cores: number | null;
  /**
   * Model.
   */
  cpu: string | null;
  /**
   * Instruction sets that matter.
   */
  features: string[];
}
/**
 * In-session noise.
 */
export interface NoiseDoc {
  /**
   * CV of the baseline's block medians.
   */
  latency_cv: null | EstimateDoc;
  /**
   * In-session A/A: relative change between the baseline's even and odd blocks.
   */
  split_half: null | EstimateDoc;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * One cell.
 */
export interface SummaryRow {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Variant.
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
  /**
   * Bits per weight.
   */
  quant_rank: number;
  role: Role;
  /**
   * recipe, external, simulated or tag.
   */
  kind: "recipe" | "external" | "pytorch" | "simulated" | "tag";
  /**
   * Threads.
   */
  threads: number;
  /**
   * Batch size.
   */
  batch_size: number;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  model_sha256: string | null;
  trials: TrialCountsDoc;
  /**
   * Items scored.
   */
  n: number;
  items_used?: ItemsUsedDoc;
  /**
   * Right; null when nothing was evaluated.
   */
  correct: number | null;
  /**
   * Baseline right, variant wrong.
   */
  b: number | null;
  /**
   * The reverse.
   */
  c: number | null;
  /**
   * Share of items right; for detectors, whose items have boxes, the mean average precision (see detection).
   */
  accuracy: null | EstimateDoc;
  top_k: TopKDoc;
  /**
   * Baseline's quality minus the variant's, in the unit of accuracy; + is worse.
   */
  drop: null | EstimateDoc;
  /**
   * Rows with NaN or Inf.
   */
  invalid_rows: number;
  /**
   * Per class.
   */
  per_class: ClassRowDoc[];
  /**
   * Class with the largest drop.
   */
  worst_class: string | null;
  detection?: DetectionRow;
  /**
   * Baseline latency over variant latency.
   */
  speedup: null | EstimateDoc;
  latency: LatencyDoc;
  /**
   * Items a second in the evaluation loop.
   */
  throughput: null | EstimateDoc;
  /**
   * Session creation, s.
   */
  load: null | EstimateDoc;
  /**
   * Peak resident set of the process, bytes.
   */
  peak_memory: null | EstimateDoc;
  /**
   * Variant over baseline.
   */
  peak_memory_ratio: null | EstimateDoc;
  /**
   * File size.
   */
  bytes_on_disk: number | null;
  /**
   * With weights packed.
   */
  bytes_packed: number | null;
  /**
   * Of the baseline's file.
   */
  bytes_ratio: number | null;
  kernels: null | KernelCounts;
  /**
   * Emulated layers.
   */
  slow_layers: string[];
  /**
   * Quantizable layers.
   */
  layers: number | null;
  parity: null | ParityDoc;
  /**
   * Trials whose output digest equals the mode, over trials of cells with two or more.
   */
  determinism_rate: number | null;
  /**
   * Flip rate: share of trials that differ from the mode.
   */
  determinism: null | EstimateDoc;
  /**
   * OK, or doubtful.
   */
  run_quality_status: "ok" | "noisy" | "polluted" | "missing";
  /**
   * Typed reasons: of the row in lower case, of its trials in upper case.
   */
  run_quality_reasons: string[];
  /**
   * Language models only.
   */
  token_metrics_status:
    "OK" | "TOKEN_COUNT_UNAVAILABLE" | "TIMING_UNAVAILABLE" | "TOKEN_AND_TIMING_UNAVAILABLE" | "NOT_APPLICABLE";
  /**
   * null: no sidecar ran.
   */
  hardware_sidecar: null | RowSidecarDoc;
  /**
   * Gates.
   */
  gates: GateResultDoc[];
  /**
   * pass, fail, inconclusive; reference for the baseline.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Why, in words a person reads.
   */
  reasons: string[];
  /**
   * Of language models whose runtime gives probabilities; null for the reference itself and where there are none.
   */
  divergence?: DivergenceDoc | null;
  /**
   * Of language models whose runtime names tokens.
   */
  token_determinism?: TokenDeterminismDoc | null;
  /**
   * Trials with reasons against their run quality, in order; absent in older summaries.
   */
  trial_marks?: TrialMarkDoc[];
  /**
   * Finished trials that are polluted; absent in older summaries.
   */
  polluted_trials?: number;
  machine?: null | RowMachineDoc;
  /**
   * Share of tasks whose instructions of form were followed.
   */
  adherence?: null | EstimateDoc;
  /**
   * Weights of a tag.
   */
  weights?: null | RowWeightsDoc;
  token_metrics?: TokenMetricsDoc;
  /**
   * What runs it: onnxruntime or pytorch; present where a run has both.
   */
  framework?: "onnxruntime" | "pytorch";
  /**
   * Element type of the weights, for the table by framework, e.g. int8.
   */
  dtype?: string;
  absence?: AbsenceDoc;
}
/**
 * Counts.
 */
export interface TrialCountsDoc {
  /**
   * Planned.
   */
  planned: number;
  /**
   * Completed.
   */
  completed: number;
  /**
   * Failed.
   */
  failed: number;
  /**
   * Not run.
   */
  missing: number;
  /**
   * Planned, but not needed: the stopping rule was satisfied before.
   */
  skipped?: number;
}
/**
 * How far a run that may stop early went into its items.
 */
export interface ItemsUsedDoc {
  /**
   * Items evaluated.
   */
  evaluated: number;
  /**
   * Items of the dataset.
   */
  of: number;
  /**
   * evaluated / of.
   */
  share: number;
  /**
   * Items after which every item-based primary gate was settled; null where one still is not.
   */
  settled_at: number | null;
}
/**
 * One class.
 */
export interface ClassRowDoc {
  /**
   * Name.
   */
  class: string;
  /**
   * Items.
   */
  n: number;
  /**
   * Right.
   */
  correct: number;
  /**
   * Baseline only.
   */
  b: number | null;
  /**
   * Candidate only.
   */
  c: number | null;
  drop: null | EstimateDoc;
  /**
   * Drop above the flag.
   */
  flagged: boolean;
}
/**
 * COCO figures of a detector, 0..1; null where there is no box of the kind.
 */
export interface DetectionRow {
  images: number;
  /**
   * Boxes to be found, crowds left out.
   */
  boxes: number;
  /**
   * Mean AP over categories and IoU .50:.05:.95, at most 100 detections a category and image; interval over images.
   */
  map: EstimateDoc | null;
  /**
   * Baseline minus variant; null for the baseline.
   */
  drop: EstimateDoc | null;
  /**
   * AP at IoU .50.
   */
  ap50: number | null;
  /**
   * AP at IoU .75.
   */
  ap75: number | null;
  /**
   * AP of boxes below 32 x 32 pixels.
   */
  ap_small: number | null;
  /**
   * AP of boxes between.
   */
  ap_medium: number | null;
  /**
   * AP of boxes above 96 x 96 pixels.
   */
  ap_large: number | null;
  /**
   * Mean recall with one detection a category and image.
   */
  ar1: number | null;
  /**
   * With ten.
   */
  ar10: number | null;
  /**
   * With a hundred.
   */
  ar100: number | null;
  categories: DetectionCategoryRow[];
  /**
   * The category that drops most.
   */
  worst_category: string | null;
  /**
   * How the intervals were made: resamples, generator and seed.
   */
  method: string;
}
export interface DetectionCategoryRow {
  category: string;
  /**
   * Boxes to be found, crowds left out.
   */
  boxes: number;
  /**
   * AP over IoU .50:.05:.95; null without boxes.
   */
  ap: number | null;
  drop: EstimateDoc | null;
}
/**
 * One call at batch_size, seconds.
 */
export interface LatencyDoc {
  /**
   * Median.
   */
  p50: null | EstimateDoc;
  /**
   * 90th percentile.
   */
  p90: null | EstimateDoc;
  /**
   * 99th percentile.
   */
  p99: null | EstimateDoc;
  /**
   * One a block.
   *
   * Items: Median of the block; null where the trial failed.
   */
  block_medians: (number | null)[];
  /**
   * Samples.
   */
  samples: number;
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
 * Outputs against the baseline's.
 */
export interface ParityDoc {
  /**
   * Rows.
   */
  rows: number;
  /**
   * Max absolute error.
   */
  max_abs: number | null;
  /**
   * Mean absolute error.
   */
  mean_abs: number | null;
  /**
   * 99th percentile.
   */
  p99_abs: number | null;
  /**
   * Mean cosine.
   */
  cosine: number | null;
  /**
   * Signal to quantization noise, dB.
   */
  sqnr_db: number | null;
  /**
   * Share of rows.
   */
  argmax_agreement: number | null;
  /**
   * NaN or Inf values.
   */
  invalid: number;
}
/**
 * The cell's hardware sidecar. It diagnoses and never decides.
 */
export interface RowSidecarDoc {
  /**
   * Relative path of the parsed answer.
   */
  file: string | null;
  /**
   * A program that was run, or the probes' own readings.
   */
  source: "program" | "probes";
  /**
   * What went wrong, in a sentence.
   */
  problem: string | null;
  parse: SidecarParse;
  /**
   * Quantities that both measured.
   */
  comparisons: SidecarComparisonDoc[];
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
 * A quantity that sidecar and harness both measured.
 */
export interface SidecarComparisonDoc {
  /**
   * What.
   */
  quantity: string;
  /**
   * Unit of both.
   */
  unit: string;
  /**
   * By the sidecar.
   */
  sidecar: number | null;
  /**
   * By the harness.
   */
  harness: number | null;
  /**
   * Sidecar by harness.
   */
  ratio: number | null;
  /**
   * Outcome.
   */
  status: "AGREES" | "DIVERGES" | "NOT_COMPARABLE";
  /**
   * Why it diverges or cannot be compared.
   */
  reason: string | null;
}
/**
 * One gate decided.
 */
export interface GateResultDoc {
  /**
   * Gate.
   */
  gate_id: string;
  /**
   * Metric id.
   */
  metric: string;
  /**
   * Policy.
   */
  policy: string;
  /**
   * primary or advisory.
   */
  tier: "primary" | "advisory";
  /**
   * One-sided.
   */
  alpha: number;
  /**
   * Margin, in the unit of the effect.
   */
  margin: number | null;
  /**
   * Whether the margin is absolute or a fraction of the baseline.
   */
  margin_kind: "absolute" | "relative";
  /**
   * Limit.
   */
  limit: number | null;
  /**
   * Quantile of a quantile-limit.
   */
  quantile?: number | null;
  /**
   * The quantity compared with margin or limit; + is worse for margins.
   */
  effect: null | EstimateDoc;
  /**
   * Decision.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * p-value of the claim that the gate is met; null where the gate makes no statistical claim.
   */
  p_pass: number | null;
  /**
   * p-value of the claim that the gate is violated; null where nothing random decides it. A row's FAIL must survive Holm over these.
   */
  p_fail?: number | null;
  /**
   * Largest e-value so far for the claim that the gate is met, at most 1e12; p_pass is 1/e_pass. Early-stopping runs only.
   */
  e_pass?: number | null;
  /**
   * The same for the claim that the gate is violated.
   */
  e_fail?: number | null;
  /**
   * Observations (items, blocks or calls) after which the verdict was reached; null where it was not.
   */
  settled_at?: number | null;
  /**
   * Typed reasons.
   */
  reasons: string[];
  /**
   * e.g. the class.
   */
  detail: string | null;
  needed: null | NeededDoc;
}
/**
 * What would settle it.
 */
export interface NeededDoc {
  /**
   * How many more.
   */
  quantity: number;
  /**
   * Of what.
   */
  unit: "items" | "trials" | "calls";
  /**
   * Wall time.
   */
  seconds: number | null;
}
/**
 * How far the next-token distributions lie from those of the variant with the most bits. Intervals by a bootstrap over prompts.
 */
export interface DivergenceDoc {
  /**
   * Variant with the most bits per weight.
   */
  reference_variant_id: string;
  /**
   * full: whole vocabularies; top-k: lower bounds out of the likeliest tokens.
   */
  source: "full" | "top-k";
  /**
   * Prompts with a position that could be compared.
   */
  prompts: number;
  /**
   * Positions compared.
   */
  positions: number;
  /**
   * Positions whose lists share no token.
   */
  unmatched: number;
  mean: EstimateDoc1;
  median: EstimateDoc2;
  p99: EstimateDoc3;
  top_agreement: EstimateDoc4;
  /**
   * Mean mass of the reference on tokens that both lists name.
   */
  covered_mass: number | null;
  perplexity: PerplexityPairDoc;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc1 {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc2 {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc3 {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc4 {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * Of the tokens that were there; it ranks quants wrongly where it stands alone.
 */
export interface PerplexityPairDoc {
  /**
   * Of the reference.
   */
  reference: number | null;
  /**
   * Of this variant.
   */
  variant: number | null;
}
/**
 * Determinism on token ids. Cold: the whole prompt was processed; warm: part came from the cache; across: one reply of each.
 */
export interface TokenDeterminismDoc {
  cold: PairAgreementDoc;
  warm: PairAgreementDoc;
  across: PairAgreementDoc;
}
/**
 * How often two replies to one prompt have the same tokens.
 */
export interface PairAgreementDoc {
  rate: EstimateDoc5;
  /**
   * Pairs compared.
   */
  pairs: number;
  /**
   * Replies without token ids.
   */
  uncompared: number;
  /**
   * Smallest index of a token, from 0, at which a pair differs.
   */
  first_divergence: number | null;
  /**
   * Median index at which differing pairs part.
   */
  median_divergence: number | null;
  /**
   * Median gap of log-probability where they part, nats.
   */
  median_logprob_gap: number | null;
}
/**
 * A number that decides something: point, two-sided interval at `level`, n and method. A bound that does not exist is null with a reason.
 */
export interface EstimateDoc5 {
  /**
   * Point estimate.
   */
  value: number | null;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval, (0, 1).
   */
  level: number;
  /**
   * Observations behind it.
   */
  n: number;
  /**
   * Named procedure, e.g. tango, hodges-lehmann-wilcoxon.
   */
  method: string;
  /**
   * Why a bound or the value is null.
   */
  reason?: string;
}
/**
 * A trial with reasons against its run quality.
 */
export interface TrialMarkDoc {
  /**
   * Trial.
   */
  trial_id: string;
  /**
   * Block.
   */
  block: number;
  /**
   * Whether it counts as polluted.
   */
  polluted: boolean;
  /**
   * Typed reasons, sorted.
   */
  reasons: string[];
}
/**
 * The machine over the cell's trials, in time order; null where it was not read.
 */
export interface RowMachineDoc {
  /**
   * Wall time of the finished trials together.
   */
  wall_s: number;
  /**
   * Temperature of the hottest device when the first trial began.
   */
  thermal_start_c: number | null;
  /**
   * Temperature of the hottest device when the last trial ended.
   */
  thermal_end_c: number | null;
  /**
   * Highest temperature.
   */
  thermal_peak_c: number | null;
  /**
   * Device memory.
   */
  memory_total_bytes: number | null;
  /**
   * Most device memory in use.
   */
  memory_peak_bytes: number | null;
  /**
   * Energy over the trials.
   */
  energy_j: number | null;
  /**
   * Energy of a trial over the items it worked on (calls that warmed up or were timed, items that were evaluated; of language models its prompts), J, over blocks. Loading and idling are in it. Absent where no energy was read.
   */
  energy_per_item?: null | EstimateDoc;
  /**
   * Mean clock.
   */
  clock_hz: number | null;
  /**
   * Planned order of its first watched trial.
   */
  first_seq: number;
  /**
   * Planned order of its last watched trial.
   */
  last_seq: number;
}
/**
 * What the provider or the file says of the weights.
 */
export interface RowWeightsDoc {
  /**
   * The provider's name.
   */
  name: string;
  /**
   * Label.
   */
  quantization: string | null;
  /**
   * Measured.
   */
  bits_per_weight: number | null;
  /**
   * Weights.
   */
  parameters: number | null;
}
/**
 * Figures of a language model over the cell's trials. Times in seconds, rates a second; medians of block medians, intervals in `estimates`.
 */
export interface TokenMetricsDoc {
  /**
   * Worst of its requests.
   */
  status: "OK" | "TOKEN_COUNT_UNAVAILABLE" | "TIMING_UNAVAILABLE" | "TOKEN_AND_TIMING_UNAVAILABLE";
  throughput: TokenThroughputDoc;
  ttft: TtftDoc;
  /**
   * Time per output token.
   */
  tpot_s: number | null;
  tokens: TokenCountsDoc;
  requests: RequestCountsDoc;
  estimates: TokenEstimatesDoc;
  /**
   * Context as allocated.
   */
  context_tokens?: number | null;
  /**
   * Bytes that did not fit the accelerator.
   */
  offloaded_bytes?: number | null;
  /**
   * Harness and server beside loading and replies, s a trial.
   */
  overhead_s?: number | null;
  /**
   * Median gap between chunks.
   */
  gap_p50_s?: number | null;
  /**
   * 99th percentile of gaps.
   */
  gap_p99_s?: number | null;
}
/**
 * Rates.
 */
export interface TokenThroughputDoc {
  /**
   * Decode rate.
   */
  generation_tokens_per_second: number | null;
  /**
   * Prefill rate.
   */
  prompt_tokens_per_second: number | null;
}
/**
 * Time to first token.
 */
export interface TtftDoc {
  /**
   * With loading.
   */
  cold_s: number | null;
  /**
   * Whole prompt processed, or caching unknown.
   */
  uncached_s: number | null;
  /**
   * Prompt asked just before.
   */
  cached_s: number | null;
}
/**
 * Means a request, and who counted.
 */
export interface TokenCountsDoc {
  /**
   * Prompt.
   */
  prompt: number | null;
  /**
   * Cached.
   */
  cached: number | null;
  /**
   * Generated.
   */
  generated: number | null;
  /**
   * server, tokenizer, estimated, or several.
   */
  source: string | null;
}
/**
 * Requests of the cell's trials.
 */
export interface RequestCountsDoc {
  /**
   * All.
   */
  total: number;
  /**
   * Broke.
   */
  failed: number;
  /**
   * Timed out.
   */
  timed_out: number;
  /**
   * Prompt cut.
   */
  truncated: number;
  /**
   * Asked again later.
   */
  retries: number;
}
/**
 * Over blocks, with intervals.
 */
export interface TokenEstimatesDoc {
  /**
   * s.
   */
  ttft: null | EstimateDoc;
  /**
   * Tokens a second.
   */
  decode: null | EstimateDoc;
  /**
   * Tokens a second.
   */
  prefill: null | EstimateDoc;
}
/**
 * Why the variant was not measured at all; absent where it was made.
 */
export interface AbsenceDoc {
  /**
   * Whether its tool is not here, or says that it cannot make it.
   */
  state: "unavailable" | "unsupported";
  /**
   * Why, in the tool's words.
   */
  reason: string;
}
/**
 * Decision over all rows.
 */
export interface SuiteDoc {
  /**
   * Decision.
   */
  verdict: "pass" | "fail" | "inconclusive";
  /**
   * Exit code of product rules.
   */
  exit_code: 0 | 3 | 4;
  /**
   * Variant to ship.
   */
  ship: string | null;
  /**
   * Candidates whose pass holds after correcting for their number.
   */
  certified: string[];
  /**
   * How the choice among several was made.
   */
  recommendation_rule: string;
  /**
   * Why.
   */
  reasons: string[];
}
/**
 * A coded doubt that stops nothing.
 */
export interface FindingDoc {
  /**
   * Finding code, upper snake case.
   */
  code: string;
  /**
   * What it is about: a cell, variant, block or trial id, or `run`.
   */
  subject: string;
  /**
   * One sentence.
   */
  message: string;
}
/**
 * How the models came to be, and what they were evaluated with; present where the run had prepare steps.
 */
export interface PreparationDoc {
  calibration: null | CalibrationDoc;
  evaluation: EvaluationDoc;
  /**
   * Prepare steps, in order.
   */
  steps: StepDoc[];
}
/**
 * Items that ranges were measured on.
 */
export interface CalibrationDoc {
  /**
   * Dataset.
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
   * SHA-256, 64 lower-case hex digits.
   */
  indices_digest: string;
  /**
   * Range estimator.
   */
  method: string;
  /**
   * Path of the list of items in the run's folder.
   */
  list: string;
}
/**
 * Settings of the evaluation.
 */
export interface EvaluationDoc {
  /**
   * Blocks in which every item is evaluated.
   */
  runs: number;
  /**
   * Batch size of the evaluation loop.
   */
  batch_size: number;
  /**
   * Batch sizes of the latency loop.
   */
  latency_batch_sizes: number[];
  /**
   * Threads.
   */
  threads: number[];
  /**
   * Calls discarded first.
   */
  warmup_iterations: number;
  /**
   * Seed.
   */
  seed: number;
}
/**
 * A prepare step.
 */
export interface StepDoc {
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
