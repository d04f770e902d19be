// Generated from schemas/profile.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * A deployment profile: how few bits to try first, and what quality each width must keep. What is left out comes from the built-in profile named by `extends`.
 */
export interface ProfileConfig {
  /**
   * Path or URL of this schema, for editors.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.profile.v1";
  /**
   * Built-in profile that the other fields change.
   */
  extends?: "edge" | "local" | "cloud";
  /**
   * Bits of a weight at the first attempt; the ladder goes on with the wider of 2, 4, 8.
   */
  bits?: 2 | 4 | 8;
  /**
   * Weights that share a scale along the reduced axis, in layer files and in MatMul blocks.
   */
  group_size?: 16 | 32 | 64 | 128 | 256;
  /**
   * Least quality that an attempt must keep, by bits, as a share of the original's (1 = as good).
   */
  minimum_quality?: {
    /**
     * At 2 bits.
     */
    "2"?: number;
    /**
     * At 4 bits.
     */
    "4"?: number;
    /**
     * At 8 bits.
     */
    "8"?: number;
  };
  /**
   * task: accuracy on the tuning items as a share of the original's; cosine: mean cosine of the outputs with the original's. Layer files have no task and are judged by cosine.
   */
  quality_metric?: "task" | "cosine";
  /**
   * Least signal-to-noise ratio of the weights of the worst layer; null sets no limit.
   */
  minimum_layer_sqnr_db?: number | null;
  /**
   * Calibration items, or rows of activations a layer.
   */
  calibration_samples?: number;
  /**
   * Groups of time steps (or positions) that get an activation scale of their own.
   */
  time_groups?: number;
}
