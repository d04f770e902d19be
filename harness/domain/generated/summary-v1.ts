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
   * recipe, external or simulated.
   */
  kind: "recipe" | "external" | "simulated";
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
   * Accuracy.
   */
  accuracy: null | EstimateDoc;
  top_k: TopKDoc;
  /**
   * Baseline accuracy minus variant accuracy; + is worse.
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
   * Typed reasons.
   */
  run_quality_reasons: string[];
  /**
   * Language models only.
   */
  token_metrics_status: "NOT_APPLICABLE";
  /**
   * No sidecar ran.
   */
  hardware_sidecar: null;
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
