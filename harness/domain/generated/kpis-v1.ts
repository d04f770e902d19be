// Generated from schemas/kpis.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * How far the run itself can be relied on: rates with their counts, recomputed from the journal.
 */
export interface Kpis {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.kpis.v1";
  /**
   * Creation time of the journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Digest of what must be equal for times to be comparable.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * Memory profile.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * Run.
   */
  run_id: string;
  /**
   * Plan.
   */
  plan_digest: string;
  /**
   * Journal.
   */
  journal_sha256: string;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Rows of the summary.
   */
  rows: number;
  stability_kpis: StabilityKpis;
  kpis: KpiTable;
  /**
   * Readings that every trial must have: those of any runtime, and those of the host that the run's canary had.
   */
  declared_telemetry: string[];
}
/**
 * The four that a policy limits, as plain values.
 */
export interface StabilityKpis {
  /**
   * Trials whose outputs equal the cell's mode, of the finished trials of cells with at least two completed; a crash counts against.
   */
  determinism_rate: number | null;
  /**
   * Planned trials that lack a declared reading, of all planned; a trial that failed or was not run lacks them.
   */
  missing_telemetry_rate: number | null;
  /**
   * Trials during which something else had the machine, of the finished trials.
   */
  polluted_run_rate: number | null;
  /**
   * Models with at least one valid quantized row that no other row of the model beats, of all models.
   */
  frontier_success_rate: number | null;
}
/**
 * All, with counts and interval.
 */
export interface KpiTable {
  determinism_rate: KpiDoc;
  missing_telemetry_rate: KpiDoc1;
  polluted_run_rate: KpiDoc2;
  frontier_success_rate: KpiDoc3;
  fallback_rate: KpiDoc4;
  ladder_fallback_rate?: KpiDoc5;
  canary_failure_rate: KpiDoc6;
  inconclusive_rate: KpiDoc7;
}
/**
 * Trials whose outputs equal the cell's mode, of the finished trials of cells with at least two completed; a crash counts against.
 */
export interface KpiDoc {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
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
 * Planned trials that lack a declared reading, of all planned; a trial that failed or was not run lacks them.
 */
export interface KpiDoc1 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Trials during which something else had the machine, of the finished trials.
 */
export interface KpiDoc2 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Models with at least one valid quantized row that no other row of the model beats, of all models.
 */
export interface KpiDoc3 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Quantized layers that are computed in floating point, of the quantized layers.
 */
export interface KpiDoc4 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Quantizations by a profile's ladder that did not keep their first width, of those whose reports were given.
 */
export interface KpiDoc5 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Canaries and sentinels that failed, of those that ran.
 */
export interface KpiDoc6 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
/**
 * Rows that are not decided, of the rows that are compared.
 */
export interface KpiDoc7 {
  /**
   * numerator / denominator; null with a reason.
   */
  value: number | null;
  /**
   * Counted.
   */
  numerator: number;
  /**
   * Of.
   */
  denominator: number;
  /**
   * Exact interval; null where there is no value.
   */
  estimate: null | EstimateDoc;
  /**
   * Why there is no value.
   */
  reason: string | null;
}
