// Generated from schemas/history.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Lines of history.ndjson as one list: one a run, passing or not.
 */
export type HistoryLines = HistoryLine[];

/**
 * One run.
 */
export interface HistoryLine {
  /**
   * Kind and version of this line.
   */
  schema_version: "quantgate.history.v1";
  /**
   * Creation time of the run's journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Run.
   */
  run_id: string;
  /**
   * Test.
   */
  test_id: string;
  /**
   * Revision of the task.
   */
  revision: string;
  /**
   * Hardware that must match.
   */
  hard: string;
  /**
   * Hardware that may differ.
   */
  soft: string;
  /**
   * Commit that was measured; null when it was no checkout.
   */
  commit_sha: string | null;
  /**
   * How the run ended.
   */
  state: "complete" | "partial" | "canary-abort";
  /**
   * Suite verdict.
   */
  verdict: "pass" | "fail" | "inconclusive";
  /**
   * What was measured; a quantity that was not is absent.
   */
  points: HistoryPoint[];
}
/**
 * One quantity of one cell, oriented so that less is better.
 */
export interface HistoryPoint {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * latency.ratio and memory.ratio: ln of the variant over the full-precision cell of the same session. quality.error: share of items that were wrong. size.bytes. latency.p50, s, and memory.peak, bytes: of full-precision cells only.
   */
  metric: "latency.ratio" | "memory.ratio" | "quality.error" | "size.bytes" | "latency.p50" | "memory.peak";
  /**
   * In the metric's unit.
   */
  value: number;
  /**
   * Why a time of this cell cannot be relied on; such points are kept and not analyzed.
   */
  doubt?: "noisy" | "polluted" | "missing";
}
