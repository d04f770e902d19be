// Generated from schemas/thermal_stability.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * How a machine's heat changes what it measures, over repeated runs.
 */
export interface ThermalStability {
  /**
   * Kind and version of this document.
   */
  schema_version: "explorer.thermal_stability.v1";
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
  thresholds: ThermalThresholdsDoc;
  /**
   * Whether heat builds up from run to run, or within one.
   */
  heat_soak_detected: boolean;
  /**
   * Polluted runs by runs; null without a run.
   */
  polluted_run_rate: number | null;
  /**
   * Runs that did not start cool by runs; null without a run.
   */
  cooldown_failure_rate: number | null;
  /**
   * Outcome.
   */
  verdict?: "stable" | "unstable" | "inconclusive";
  /**
   * What to do.
   */
  recommendation: string;
  /**
   * Runs in the order they were made.
   */
  points: ThermalPointDoc[];
  estimates?: ThermalEstimates;
  /**
   * Summaries it was made from, in the order of the points; absent where the runs were made by the command itself.
   */
  sources?: ThermalSource[];
  /**
   * Row that was looked at, MODEL/QUANT; null or absent: the whole run.
   */
  only?: string | null;
  /**
   * Waits between the blocks of a constant load.
   */
  cool_downs?: CoolDownDoc[];
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
export interface ThermalThresholdsDoc {
  /**
   * A run that starts hotter was not cooled down.
   */
  cooldown_target_c: number;
  /**
   * A run that ends this hot is polluted.
   */
  polluted_thermal_threshold_c: number;
  /**
   * Rises of the start temperature in a row that are one sign of heat soak.
   */
  monotonic_window: number;
  /**
   * Smallest rise over the runs that counts.
   */
  minimum_rise_c?: number;
  /**
   * Smallest relative slowdown that counts.
   */
  minimum_slowdown?: number;
}
/**
 * A run.
 */
export interface ThermalPointDoc {
  /**
   * From 0.
   */
  run_index: number;
  /**
   * Its summary.
   */
  summary_path: string;
  /**
   * Time its work took.
   */
  total_latency: number | null;
  /**
   * Temperature at its first sample.
   */
  thermal_start_c: number | null;
  /**
   * Temperature at its last sample.
   */
  thermal_end_c: number | null;
  /**
   * End less start.
   */
  thermal_delta_c: number | null;
  /**
   * Too hot, throttled, or polluted in its summary.
   */
  polluted: boolean;
  /**
   * Whether it started cool; a start that is missing is not.
   */
  cooldown_ok: boolean;
  /**
   * Sorted.
   */
  reasons: (
    | "COOLDOWN_INSUFFICIENT"
    | "LATENCY_MISSING"
    | "POLLUTED_IN_SUMMARY"
    | "SLOWER_THAN_COOLEST"
    | "THERMAL_END_MISSING"
    | "THERMAL_START_MISSING"
    | "THERMAL_THRESHOLD_EXCEEDED"
    | "THROTTLED"
  )[];
  trace?: null | ThermalTraceDoc;
}
/**
 * A run under constant load.
 */
export interface ThermalTraceDoc {
  /**
   * What the rate did.
   */
  verdict: "stable" | "heat-soak" | "throttled" | "recovered" | "slowed" | "inconclusive";
  /**
   * Sorted.
   */
  reasons: (
    | "CLOCK_DROP"
    | "DIP"
    | "INTERVAL_SPANS_LIMIT"
    | "RATE_FALLING"
    | "RATE_UNUSABLE"
    | "SUSTAINED_LOSS"
    | "TEMPERATURE_MISSING"
    | "THROTTLED"
    | "THROTTLED_AT_END"
    | "TOO_SHORT"
    | "WARMER"
  )[];
  /**
   * Samples.
   */
  n: number;
  /**
   * Length.
   */
  duration_s: number;
  burst_rate: EstimateDoc;
  sustained_rate: EstimateDoc;
  loss: null | EstimateDoc;
  /**
   * Largest loss of two neighboring stretches.
   */
  deepest_loss: number | null;
  rate_slope_per_min: EstimateDoc;
  temperature_slope_c_per_min: EstimateDoc;
  /**
   * Sustained less first temperature.
   */
  rise_c: number | null;
  /**
   * Share of samples in which heat held the clocks down.
   */
  throttled_share: number | null;
  correlation: ThermalCorrelation;
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
 * Kendall's tau of the rate with another reading.
 */
export interface ThermalCorrelation {
  /**
   * With temperature.
   */
  temperature: number | null;
  /**
   * With the clock.
   */
  clock: number | null;
  /**
   * With throttling.
   */
  throttled: number | null;
}
/**
 * The numbers above with their intervals.
 */
export interface ThermalEstimates {
  polluted_run_rate: null | EstimateDoc;
  cooldown_failure_rate: null | EstimateDoc;
  start_temperature_slope: EstimateDoc;
  latency_slope: EstimateDoc;
}
/**
 * A summary.
 */
export interface ThermalSource {
  /**
   * Relative to the artifact.
   */
  path: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
}
/**
 * A wait.
 */
export interface CoolDownDoc {
  /**
   * How it ended.
   */
  state: "cooled" | "settled" | "gave-up" | "unknown";
  /**
   * Wait.
   */
  waited_s: number;
  /**
   * Temperature at its begin.
   */
  from_c: number | null;
  /**
   * Temperature at its end.
   */
  to_c: number | null;
}
