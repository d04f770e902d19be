// Generated from schemas/canary.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Is this machine, model and dataset fit to be measured?
 */
export interface CanaryReport {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.canary.v1";
  /**
   * Run.
   */
  run_id: string;
  /**
   * Creation time of the journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan_digest: string;
  /**
   * -1: before the sweep; else the block whose sentinel it is.
   */
  block: number;
  /**
   * Outcome.
   */
  verdict: "ok" | "noisy" | "failed";
  /**
   * Checks.
   */
  checks: CanaryCheckDoc[];
  /**
   * True when no real model ran.
   */
  simulated: boolean;
}
/**
 * One check of one task.
 */
export interface CanaryCheckDoc {
  /**
   * Baseline cell.
   */
  task: string;
  /**
   * What.
   */
  check: "completed" | "output-identity" | "accuracy" | "latency-cv" | "telemetry" | "samples";
  /**
   * Outcome.
   */
  verdict: "ok" | "noisy" | "failed";
  measured: null | EstimateDoc;
  /**
   * Limit.
   */
  threshold: number | null;
  /**
   * One sentence.
   */
  detail: string;
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
