// Generated from schemas/registry_entry.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One published version of a model: what it is, what was measured, and which verdict let it through. Stored beside the model.
 */
export interface RegistryEntry {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.registry-entry.v1";
  /**
   * When it was published, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Hardware that it was measured on: first 16 hex digits of the SHA-256 of the facts.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advised; lab: they decided.
   */
  execution_lane: "ci" | "lab";
  /**
   * How much device memory was planned for.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * Model of the run.
   */
  model_id: string;
  /**
   * Quant of the run.
   */
  quant_tag: string;
  /**
   * Name in the registry.
   */
  name: string;
  /**
   * Version: v, the time of publishing, UTC, to the millisecond, and four digits of the publication.
   */
  version: string;
  /**
   * Where the model lies in the registry, by the path pattern.
   */
  path: string;
  /**
   * Where the same bytes lie by their digest.
   */
  content_key: string;
  /**
   * SHA-256 of the model's file.
   */
  sha256: string;
  /**
   * Size of the file.
   */
  bytes: number;
  /**
   * Operator set by domain.
   */
  opsets: {
    [k: string]: number;
  };
  /**
   * Inputs.
   */
  inputs: TensorDoc[];
  /**
   * Outputs.
   */
  outputs: TensorDoc[];
  /**
   * Run that decided.
   */
  run_id: string;
  /**
   * Variant of that run.
   */
  variant_id: string;
  /**
   * Its verdict, recomputed from the journal when it was published.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Whether the run recommends this variant among all.
   */
  is_recommended: boolean;
  /**
   * Published although it does not pass.
   */
  forced: boolean;
  /**
   * Why, as given by whoever published it.
   */
  reason: string | null;
  /**
   * SHA-256 of the recomputed gate artifact: policy, every decision, the suite's verdict.
   */
  gate_digest: string;
  /**
   * SHA-256 of the journal.
   */
  journal_sha256: string;
  /**
   * What was measured, with intervals.
   */
  metrics: MetricDoc[];
  provenance: ProvenanceDoc;
}
/**
 * An input or output of the model.
 */
export interface TensorDoc {
  /**
   * Name.
   */
  name: string;
  /**
   * Element type; null where it is no tensor.
   */
  dtype: string | null;
  /**
   * Sides: a number where fixed, a name where not, null where unknown.
   */
  shape: (number | string | null)[] | null;
}
/**
 * A figure of the variant, or of its comparison with the baseline.
 */
export interface MetricDoc {
  /**
   * Metric.
   */
  id: string;
  estimate: EstimateDoc;
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
