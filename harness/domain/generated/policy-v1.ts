// Generated from schemas/policy.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Gates to decide a stored run by.
 */
export interface GatePolicy {
  /**
   * Path or URL of this schema.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.policy.v1";
  /**
   * One-sided error rate of every gate that names none.
   */
  alpha?: number;
  /**
   * Changes to the default gates, by id.
   */
  gates: GateConfig[];
  /**
   * Gates to start from: strict, default or exploratory margins (docs/configs.md says what each is sized for).
   */
  gate_preset?: "strict" | "default" | "exploratory";
}
/**
 * Changes the default gate of this id, or adds one.
 */
export interface GateConfig {
  /**
   * Unique name of the gate.
   */
  id: string;
  /**
   * Metric id.
   */
  metric?:
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
  policy?: "non-inferiority" | "any-regression" | "equivalence" | "floor" | "ceiling" | "exact" | "quantile-limit";
  /**
   * Margin δ on the worsening effect; absolute in the metric's unit or relative to the baseline. Null where the policy uses a limit.
   */
  margin?: number | null;
  /**
   * Whether the margin is absolute or a fraction of the baseline.
   */
  margin_kind?: "absolute" | "relative";
  /**
   * Limit of a floor, ceiling or quantile-limit, in the metric's unit. Null elsewhere.
   */
  limit?: number | null;
  /**
   * Quantile of a quantile-limit, e.g. 0.99: that share of the calls must stay within the limit. Null elsewhere.
   */
  quantile?: number | null;
  /**
   * `primary` gates decide, `advisory` gates are reported.
   */
  tier?: "primary" | "advisory";
  /**
   * One-sided error rate of each claim.
   */
  alpha?: number;
  /**
   * False removes the gate.
   */
  enabled?: boolean;
}
