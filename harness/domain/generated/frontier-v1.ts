// Generated from schemas/frontier.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Which quantizations of a model are worth having on this hardware, and which to ship.
 */
export interface Frontier {
  /**
   * Kind and version of this document.
   */
  schema_version: "explorer.frontier.v1";
  /**
   * Time of the newest source, ISO 8601 UTC.
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
   * Model; null where there are several.
   */
  model_id: string | null;
  /**
   * Recommended quantization; null where there is none, or several models.
   */
  quant_tag: string | null;
  provenance: ProvenanceDoc;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  source: FrontierSource;
  policy: FrontierPolicy;
  /**
   * Objectives that were held against each other.
   */
  objectives: ObjectiveDoc[];
  /**
   * Declared objectives that no row has a value of.
   */
  dropped_objectives: DroppedObjective[];
  uncertainty: FrontierUncertainty;
  /**
   * One a model and runtime setting.
   */
  sessions: FrontierSession[];
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
 * The summary that this was made from.
 */
export interface FrontierSource {
  /**
   * Run.
   */
  run_id: string;
  /**
   * Path of the summary, relative to this document.
   */
  summary_path: string;
  /**
   * SHA-256 of the summary's bytes, 64 lower-case hex digits.
   */
  summary_sha256: string;
  /**
   * SHA-256 of the run's journal, 64 lower-case hex digits.
   */
  journal_sha256: string;
}
/**
 * What was asked for.
 */
export interface FrontierPolicy {
  /**
   * Whether polluted rows take part.
   */
  allow_polluted: boolean;
  /**
   * Whether rows that are not valid or fail take part in the front; they are never recommended.
   */
  include_invalid: boolean;
}
/**
 * One thing that the front is about.
 */
export interface ObjectiveDoc {
  /**
   * Metric.
   */
  metric:
    | "quality.accuracy"
    | "latency.call"
    | "latency.ttft"
    | "throughput.items"
    | "throughput.decode"
    | "memory.peak_rss"
    | "size.bytes_on_disk"
    | "energy.item";
  /**
   * Unit of the values.
   */
  unit: "1" | "s" | "B" | "1/s" | "J";
  /**
   * Direction.
   */
  better: "higher" | "lower";
}
/**
 * An objective that was declared and could not be used.
 */
export interface DroppedObjective {
  /**
   * Metric.
   */
  metric:
    | "quality.accuracy"
    | "latency.call"
    | "latency.ttft"
    | "throughput.items"
    | "throughput.decode"
    | "memory.peak_rss"
    | "size.bytes_on_disk"
    | "energy.item";
  /**
   * Why.
   */
  reason: string;
}
/**
 * How the probabilities were made.
 */
export interface FrontierUncertainty {
  /**
   * Named procedure.
   */
  method: string;
  /**
   * Resamples.
   */
  resamples: number;
  /**
   * Algorithm of the generator.
   */
  rng: string;
  /**
   * Seed.
   */
  seed: string;
}
/**
 * One model at one runtime setting.
 */
export interface FrontierSession {
  /**
   * Model.
   */
  model_id: string;
  /**
   * Threads of the runtime.
   */
  threads: number;
  /**
   * Batch size.
   */
  batch_size: number;
  /**
   * Highest precision that is valid, by bits per weight; null where no row is valid.
   */
  baseline_quant: string | null;
  /**
   * Fewest bits per weight among the rows that pass; null where none does.
   */
  minimum_viable_quant: string | null;
  /**
   * Least quality lost per GiB saved among the rows that pass, are smaller than the baseline and lie on the front; null where there is none.
   */
  best_value_quant: string | null;
  /**
   * Quantization to ship; null where none may be.
   */
  recommendation: string | null;
  /**
   * Why this baseline.
   */
  baseline_reason: string;
  /**
   * Why this minimum.
   */
  minimum_viable_reason: string;
  /**
   * Why this best value.
   */
  best_value_reason: string;
  /**
   * Why this recommendation, and the rule by which it was chosen among several.
   */
  recommendation_reason: string;
  /**
   * True where nothing may be recommended, but more data could change that.
   */
  undecided: boolean;
  /**
   * Every row of the session, most bits first.
   */
  quant_rows: QuantRow[];
}
/**
 * One cell, held against the others of its session.
 */
export interface QuantRow {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * Quantization.
   */
  quant_tag: string;
  /**
   * Bits per weight; what orders precisions.
   */
  bits_per_weight: number;
  /**
   * Role in the run.
   */
  role: "baseline" | "required" | "candidate";
  /**
   * Verdict of the row's gates.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Run quality of the row.
   */
  run_quality_status: "ok" | "noisy" | "polluted" | "missing";
  /**
   * Measured in full: every planned trial, every objective, finite outputs.
   */
  valid: boolean;
  /**
   * Takes part in the front.
   */
  eligible: boolean;
  /**
   * Why the row is not valid or not eligible; empty where it is both.
   *
   * Items: Reason code.
   */
  reasons: (
    "NOT_MEASURED" | "TRIALS_INCOMPLETE" | "OBJECTIVE_MISSING" | "OUTPUTS_INVALID" | "POLLUTED" | "VERDICT_FAIL"
  )[];
  /**
   * Measured value of every objective, in the order of the document's objectives.
   */
  objectives: ObjectiveValue[];
  /**
   * No eligible row is as good in every objective and better in one, by the point estimates.
   */
  on_front: boolean;
  /**
   * Share of the resamples in which no eligible row dominates this one; null where it is not eligible or an objective has no spread.
   */
  on_front_probability: number | null;
  /**
   * Eligible rows that dominate this one by the point estimates, or in at least half of the resamples; the likeliest first.
   */
  dominated_by: Dominator[];
  /**
   * Quality of the session's baseline minus this row's; + is worse.
   */
  quality_lost: number | null;
  /**
   * Bytes on disk saved against the session's baseline; negative where the file is larger.
   */
  gib_saved: number | null;
  /**
   * Quality lost per GiB saved; null where nothing was saved or one of the two was not measured.
   */
  vibe_delta: number | null;
  /**
   * Interval of vibe_delta, from that of the quality lost.
   */
  vibe_delta_interval: null | IntervalDoc;
}
/**
 * A row's value in one objective.
 */
export interface ObjectiveValue {
  /**
   * Metric.
   */
  metric:
    | "quality.accuracy"
    | "latency.call"
    | "latency.ttft"
    | "throughput.items"
    | "throughput.decode"
    | "memory.peak_rss"
    | "size.bytes_on_disk"
    | "energy.item";
  /**
   * Point estimate, in the objective's unit.
   */
  value: number | null;
  /**
   * Lower bound of the interval that the summary gives.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level of the interval; 1 for a quantity that is exact.
   */
  level: number | null;
  /**
   * Why the value is null.
   */
  reason?: string;
}
/**
 * A row that is as good in every objective and better in one.
 */
export interface Dominator {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Quantization.
   */
  quant_tag: string;
  /**
   * Whether it dominates by the point estimates.
   */
  by_point_estimates: boolean;
  /**
   * Share of the resamples in which it dominates.
   */
  probability: number | null;
}
/**
 * A two-sided interval.
 */
export interface IntervalDoc {
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
  /**
   * Two-sided level, (0, 1).
   */
  level: number;
}
