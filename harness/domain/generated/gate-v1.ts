// Generated from schemas/gate.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * baseline: the reference; required: must pass; candidate: may pass.
 */
export type Role = "baseline" | "required" | "candidate";

/**
 * The policy, every decision, and the suite's verdict.
 */
export interface GateArtifact {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.gate.v1";
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
   * Run.
   */
  run_id: string;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan_digest: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  journal_sha256: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  policy_digest: string;
  /**
   * Policy.
   */
  gates: GateSpecDoc[];
  /**
   * One a cell.
   */
  results: GateRow[];
  suite: SuiteDoc;
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
 * A row's gates.
 */
export interface GateRow {
  /**
   * Cell.
   */
  cell_id: string;
  role: Role;
  /**
   * pass, fail, inconclusive; reference for the baseline.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Gates.
   */
  gates: GateResultDoc[];
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
