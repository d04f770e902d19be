// Generated from schemas/kpi-policy.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Limits of the KPI gate; a missing one has its default.
 */
export interface KpiPolicyFile {
  /**
   * Path or URL of this schema.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.kpi-policy.v1";
  /**
   * Largest share of trials that may lack telemetry.
   */
  max_missing_telemetry_rate?: number;
  /**
   * Largest share of polluted trials.
   */
  max_polluted_run_rate?: number;
  /**
   * Smallest share of models with a row on the front.
   */
  min_frontier_success_rate?: number;
  /**
   * Smallest share of trials that equal their cell's mode.
   */
  min_determinism_rate?: number;
  /**
   * Largest share of quantized layers that may be computed in floating point; not judged where absent.
   */
  max_fallback_rate?: number;
  /**
   * Largest share of quantizations by a ladder that may fall back; not judged where absent.
   */
  max_ladder_fallback_rate?: number;
  /**
   * Largest share of canaries and sentinels that may fail; not judged where absent.
   */
  max_canary_failure_rate?: number;
  /**
   * Largest share of variants that may stay undecided; not judged where absent.
   */
  max_inconclusive_rate?: number;
}
