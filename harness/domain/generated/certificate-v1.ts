// Generated from schemas/certificate.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * A/A certificate of a machine and a config: the baseline against identical and slowed twins of itself, through the real pipeline.
 */
export interface Certificate {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.certificate.v1";
  /**
   * When the first session began, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Hard fingerprint of the host.
   */
  hardware_fingerprint: string;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Name of the matrix.
   */
  name: string;
  /**
   * SHA-256 of the first session's resolved config.
   */
  config_digest: string;
  /**
   * Model.
   */
  model_id: string;
  /**
   * The baseline that was compared with itself.
   */
  quant_tag: string;
  /**
   * Commit of the working folder.
   */
  commit_sha: string | null;
  /**
   * Versions.
   */
  tool_versions: {
    [k: string]: string;
  };
  /**
   * What else the machine did, in words; given by whoever ran it.
   */
  condition: string;
  /**
   * Level of the latency gate.
   */
  alpha: number;
  /**
   * Margin of the latency gate, relative.
   */
  margin: number;
  /**
   * Blocks of a session.
   */
  blocks: number;
  /**
   * Level of the limits.
   */
  limits_level: number;
  /**
   * Sessions: one randomised run each, with one baseline and its twins.
   */
  sessions: {
    /**
     * Sessions run.
     */
    run: number;
    /**
     * Sessions whose latency gates were decided.
     */
    decided: number;
    /**
     * Sessions that were called noisy, so that their gates are inconclusive.
     */
    noisy: number;
    /**
     * Sessions that the canary stopped, or in which trials failed.
     */
    aborted: number;
  };
  /**
   * How comparisons share processes and baselines, and what the limits make of it.
   */
  design: string;
  /**
   * Identical twins a session.
   */
  twins: number;
  /**
   * Slowed twins a session.
   */
  handicapped: number;
  /**
   * Share by which the slowed twins' calls were slowed; null where there were none.
   */
  handicap: number | null;
  /**
   * Error rates of the gates on this machine.
   */
  error_rates: CertifiedRate[];
  /**
   * How often the slowed twins were found by the any-regression gate; null where there were none.
   */
  detection: null | CertifiedShare;
  /**
   * What usual tests make of the same data, identical twins only.
   */
  naive: NaiveRate[];
  /**
   * In-session noise.
   */
  noise: {
    /**
     * Median over sessions of the CV of the baseline's block medians.
     */
    latency_cv_median: number | null;
    /**
     * The largest of them.
     */
    latency_cv_max: number | null;
    /**
     * CPU seconds over wall seconds of the latency loops, median of trials.
     */
    cpu_share_median: number | null;
    /**
     * The tenth percentile.
     */
    cpu_share_p10: number | null;
    /**
     * Share of a trial's time in which some task waited for a CPU, median.
     */
    pressure_share_median: number | null;
    /**
     * Time the hypervisor kept, seconds a second, median.
     */
    steal_share_median: number | null;
    /**
     * Load average at a trial's start, median.
     */
    load1_median: number | null;
  };
  /**
   * Whether latency gates can be relied on here.
   */
  verdict: "fit" | "unfit";
  /**
   * Why it is unfit; empty when fit.
   */
  reasons: string[];
  /**
   * SHA-256 of each session's journal, in order.
   */
  journals: string[];
}
/**
 * An error rate.
 */
export interface CertifiedRate {
  /**
   * The wrong verdict.
   */
  error: "false-fail" | "false-pass";
  /**
   * Policy.
   */
  policy: "any-regression" | "non-inferiority";
  /**
   * identical, or identical with the twin's times longer by exactly the margin.
   */
  truth: string;
  share: CertifiedShare;
  /**
   * The lower limit does not exceed alpha.
   */
  within: boolean;
}
/**
 * A share of comparisons, with limits that know of sessions (Korn & Graubard).
 */
export interface CertifiedShare {
  /**
   * Comparisons.
   */
  comparisons: number;
  /**
   * Comparisons in which it happened.
   */
  count: number;
  /**
   * count / comparisons; null without comparisons.
   */
  rate: number | null;
  /**
   * Lower 99 % limit.
   */
  low: number;
  /**
   * Upper 99 % limit.
   */
  high: number;
  /**
   * Comparisons that independent ones would number for the same precision: those of one session share a baseline.
   */
  effective_n: number;
}
/**
 * False alarms of a usual test.
 */
export interface NaiveRate {
  /**
   * Test.
   */
  test: string;
  share: CertifiedShare;
}
