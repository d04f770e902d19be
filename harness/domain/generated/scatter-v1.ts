// Generated from schemas/scatter.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Points of the frontier plot, for a plotting program.
 */
export interface Scatter {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.scatter.v1";
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
   * Run.
   */
  run_id: string;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * SHA-256 of the summary's bytes, 64 lower-case hex digits.
   */
  summary_sha256: string;
  /**
   * Whether rows that do not take part in the front are among the points.
   */
  include_invalid: boolean;
  /**
   * Rows left out because they do not take part.
   */
  hidden: number;
  x: AxisDoc;
  y: AxisDoc1;
  /**
   * One a cell that has both values.
   */
  points: ScatterPoint[];
}
/**
 * Horizontal axis.
 */
export interface AxisDoc {
  /**
   * Metric.
   */
  metric: string;
  /**
   * What the axis says.
   */
  label: string;
  /**
   * Unit.
   */
  unit: string;
  /**
   * Direction.
   */
  better: "higher" | "lower";
}
/**
 * Vertical axis.
 */
export interface AxisDoc1 {
  /**
   * Metric.
   */
  metric: string;
  /**
   * What the axis says.
   */
  label: string;
  /**
   * Unit.
   */
  unit: string;
  /**
   * Direction.
   */
  better: "higher" | "lower";
}
/**
 * One cell.
 */
export interface ScatterPoint {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Model.
   */
  model_id: string;
  /**
   * Quantization.
   */
  quant_tag: string;
  /**
   * Threads.
   */
  threads: number;
  /**
   * Batch size.
   */
  batch_size: number;
  /**
   * Bits per weight.
   */
  bits_per_weight: number;
  /**
   * Role.
   */
  role: "baseline" | "required" | "candidate";
  /**
   * Verdict.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Takes part in the front.
   */
  eligible: boolean;
  /**
   * Lies on the front.
   */
  on_front: boolean;
  /**
   * Is the recommendation of its session.
   */
  recommended: boolean;
  /**
   * Bytes on disk.
   */
  bytes: number | null;
  x: Coordinate;
  y: Coordinate;
}
/**
 * A value with its interval.
 */
export interface Coordinate {
  /**
   * Point estimate.
   */
  value: number;
  /**
   * Lower bound.
   */
  low: number | null;
  /**
   * Upper bound.
   */
  high: number | null;
}
