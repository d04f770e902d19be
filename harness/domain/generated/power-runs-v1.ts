// Generated from schemas/power_runs.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Slowdowns injected into the real runtime, and how often the planned number of blocks found them.
 */
export interface PowerRuns {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.power_runs.v1";
  /**
   * One a slowdown.
   */
  runs: PowerRun[];
}
/**
 * One slowdown.
 */
export interface PowerRun {
  /**
   * When the first session began, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Hard fingerprint of the host.
   */
  hardware_fingerprint: string;
  /**
   * What else the machine did meanwhile, in words.
   */
  condition?: string;
  /**
   * Share by which the twins' calls were slowed in the real runtime.
   */
  slowdown: number;
  /**
   * One-sided level of the any-regression gate.
   */
  alpha: number;
  /**
   * Standard deviation of a block's log ratio that the plan assumed: from a pilot just before.
   */
  log_ratio_sd: number;
  /**
   * The same of a pilot whose processes were measured one after the other instead of in turns.
   */
  log_ratio_sd_one_after_other?: number;
  /**
   * Power that was planned for.
   */
  planned_power: number;
  /**
   * Blocks that the plan asked for, and that ran.
   */
  planned_blocks: number;
  /**
   * Blocks that the pilot measured one after the other would have asked for; null: over 200.
   */
  planned_blocks_one_after_other?: number | null;
  /**
   * Sessions run.
   */
  sessions: number;
  /**
   * Sessions that were neither noisy nor aborted; only these count in found.
   */
  sessions_decided: number;
  /**
   * Repetitions in which the slowdown was found.
   */
  found: null | FoundShare;
  /**
   * Median over sessions of the CV of the baseline's block medians, as it then was.
   */
  latency_cv_median: number | null;
  /**
   * CPU seconds over wall seconds of the latency loops, median.
   */
  cpu_share_median: number | null;
  /**
   * Load average at a trial's start, median.
   */
  load1_median: number | null;
  /**
   * SHA-256 of each session's journal, in order.
   */
  journals: string[];
}
/**
 * A share of comparisons, with limits that know of sessions (Korn & Graubard).
 */
export interface FoundShare {
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
