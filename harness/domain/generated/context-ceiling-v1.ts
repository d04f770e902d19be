// Generated from schemas/context_ceiling.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Up to which context length a model can be used on this machine.
 */
export interface ContextCeiling {
  /**
   * Kind and version of this document.
   */
  schema_version: "explorer.context_ceiling.v1";
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
   * Model.
   */
  model_id: string;
  /**
   * Quantization.
   */
  quant_tag: string;
  provenance: ProvenanceDoc;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Runtime that ran it.
   */
  runtime: string;
  thresholds: ContextThresholds;
  /**
   * Largest length that passes, as do all shorter ones; null where none does.
   */
  safe_context_ceiling: number | null;
  ceiling: CeilingInterval;
  /**
   * What to do.
   */
  recommendation: string;
  kv_memory: KvMemory;
  /**
   * Lengths, ascending.
   */
  points: ContextPoint[];
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
 * Limits that held.
 */
export interface ContextThresholds {
  /**
   * Least adherence.
   */
  adherence_min: number;
  /**
   * Longest time to the first token.
   */
  ttft_ceiling_ms: number;
  /**
   * Least decode rate.
   */
  decode_floor_tps: number;
  /**
   * Least recall by the recall at the shortest length, which the lower limit must reach.
   */
  recall_relative_min: number;
  /**
   * Least recall at the shortest length; below it recall says nothing about length.
   */
  recall_floor: number;
  /**
   * Two-sided level of intervals; the lower limit alone errs half as often as 1 - level.
   */
  level: number;
}
/**
 * What lies between safe and certainly too long.
 */
export interface CeilingInterval {
  /**
   * Largest length up to which every one passes and none is undecided.
   */
  low: number | null;
  /**
   * Smallest length that fails and is not undecided; null where none does.
   */
  high: number | null;
  /**
   * Which demand is the first not to be met; null where none was found.
   */
  limited_by: "load" | "acceptance" | "recall" | "usability" | "form" | null;
}
/**
 * Predicted and measured growth of memory with length.
 */
export interface KvMemory {
  /**
   * 2 x layers x kv_heads x head_dim x bytes_per_value.
   */
  predicted_bytes_per_token: number | null;
  /**
   * Slope of the server's memory over the lengths (Theil-Sen).
   */
  measured_bytes_per_token: EstimateDoc | null;
  /**
   * Measured by predicted.
   */
  ratio: number | null;
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
 * One length, judged.
 */
export interface ContextPoint {
  /**
   * Length, tokens.
   */
  context: number;
  /**
   * Share of recall answers that are codes and nothing else.
   */
  adherence_score: number | null;
  /**
   * Recall of the shortest length minus recall here.
   */
  degradation_from_baseline: number | null;
  /**
   * Median time to the first token, nothing cached.
   */
  ttft_ms: number | null;
  /**
   * Median decode rate.
   */
  decode_tps: number | null;
  /**
   * Whether anything could be measured.
   */
  valid: boolean;
  /**
   * Whether nothing is against it.
   */
  passed: boolean;
  /**
   * What is against it.
   *
   * Items: Code.
   */
  reasons: (
    | "INVALID_ROW"
    | "ADHERENCE_BELOW_MIN"
    | "TTFT_MISSING"
    | "TTFT_ABOVE_CEILING"
    | "DECODE_TPS_MISSING"
    | "DECODE_TPS_BELOW_FLOOR"
    | "TRUNCATED"
    | "RECALL_BELOW_MIN"
    | "NOT_LOADED"
    | "OFFLOADED"
  )[];
  /**
   * Summary it was judged from, relative to this file.
   */
  summary_path: string;
  /**
   * Digest of that file.
   */
  summary_sha256: string;
  /**
   * Whether a limit lies inside an interval, so that more data could turn the verdict.
   */
  undecided: boolean;
  /**
   * What became of a prompt that fills the length; unknown: the server says no counts.
   */
  acceptance: "whole" | "truncated" | "refused" | "unknown";
  /**
   * Tokens of that prompt as counted.
   */
  prompt_tokens: number | null;
  /**
   * With its interval, over seeds.
   */
  adherence: EstimateDoc | null;
  /**
   * Share of codes recalled; the lower limit decides.
   */
  recall: EstimateDoc | null;
  /**
   * Recall at each place in the text.
   */
  recall_by_depth: DepthRecall[];
  /**
   * Median, ms; the interval's limits are order statistics.
   */
  ttft: EstimateDoc | null;
  /**
   * Median, tokens a second; the interval's limits are order statistics.
   */
  decode: EstimateDoc | null;
}
/**
 * One place.
 */
export interface DepthRecall {
  /**
   * Place.
   */
  depth: number;
  /**
   * Codes recalled.
   */
  recalled: number;
  /**
   * Codes asked for.
   */
  asked: number;
}
