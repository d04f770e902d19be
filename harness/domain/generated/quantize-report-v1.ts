// Generated from schemas/quantize_report.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * SHA-256, 64 lower-case hex digits.
 */
export type Sha256 = string;

/**
 * Every attempt of a fallback ladder, and what was kept.
 */
export interface QuantizeReport {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantize_report.v1";
  source: QuantizeSource;
  /**
   * null for a bare ONNX file without --modality.
   */
  modality: null | ModalityChoice;
  strategy: StrategyChoice;
  profile: ProfileUsed;
  calibration: CalibrationUsed;
  /**
   * True where the first failing attempt ended the ladder.
   */
  fail_fast: boolean;
  /**
   * pass: an attempt kept its minimum; exhausted: none did; stopped: the first did not and --fail-fast was given.
   */
  status: "pass" | "exhausted" | "stopped";
  /**
   * In the order they were made.
   *
   * @minItems 1
   */
  attempts: [QuantizeAttempt, ...QuantizeAttempt[]];
  /**
   * Attempts that failed before the one that was kept.
   */
  fallbacks: number;
  /**
   * null where no attempt could be made.
   */
  result: null | QuantizeArtifact;
  /**
   * Gain of each part of the strategy over the layers of a folder.
   */
  gains: StepGain[];
  /**
   * Layers of a folder; empty for ONNX files, whose layers are in the manifest.
   */
  layers: QuantizedLayerRow[];
  /**
   * Files of the model folder that were copied unchanged.
   */
  carried_over: string[];
  /**
   * Time of the whole.
   */
  seconds: number;
}
/**
 * What was quantized.
 */
export interface QuantizeSource {
  /**
   * File or folder.
   */
  name: string;
  /**
   * Form of the weights.
   */
  kind: "onnx" | "safetensors" | "parquet";
  sha256: Sha256;
  /**
   * Bytes of the weights' files.
   */
  bytes: number;
}
/**
 * What the model works on, and who said so.
 */
export interface ModalityChoice {
  /**
   * Modality.
   */
  value: "text" | "code" | "image" | "audio";
  /**
   * Where it is from.
   */
  origin: "metadata" | "flag";
}
/**
 * How weights are quantized.
 */
export interface StrategyChoice {
  /**
   * Name.
   */
  name: "recipe" | "residual-time" | "gptq-spatial";
  /**
   * Parts switched off by a flag.
   */
  disabled: string[];
}
/**
 * The profile as it was resolved.
 */
export interface ProfileUsed {
  /**
   * Built-in profile it starts from.
   */
  name: string;
  /**
   * Bits of the first attempt.
   */
  bits: number;
  /**
   * Weights that share a scale.
   */
  group_size: number;
  /**
   * Least quality by bits.
   */
  minimum_quality: {
    [k: string]: number;
  };
  /**
   * Metric.
   */
  quality_metric: "task" | "cosine";
  /**
   * Least ratio of the worst layer.
   */
  minimum_layer_sqnr_db: number | null;
  /**
   * Calibration items.
   */
  calibration_samples: number;
  /**
   * Groups of time steps.
   */
  time_groups: number;
  /**
   * Where each value is from.
   */
  origins: {
    [k: string]: "default" | "file" | "environment" | "flag";
  };
}
/**
 * Items that ranges and roundings were learnt from.
 */
export interface CalibrationUsed {
  /**
   * dataset: a config's items; rows: a file of activations; synthetic: seeded normal numbers; none: not needed.
   */
  origin: "dataset" | "rows" | "synthetic" | "none";
  /**
   * Items or rows.
   */
  items: number;
  /**
   * Items or rows that only the quality was measured on.
   */
  held_out: number;
  /**
   * Seed of synthetic or sampled items.
   */
  seed: number | null;
}
/**
 * One step of the ladder: quantized anew and measured anew.
 */
export interface QuantizeAttempt {
  /**
   * Bits of a weight.
   */
  bits: number;
  /**
   * Recipe or strategy that made it.
   */
  recipe: string;
  /**
   * pass: kept its minimum; fail: measured and below a minimum; error: could not be made or measured.
   */
  status: "pass" | "fail" | "error";
  /**
   * Why it does not pass; null where it does.
   */
  reason: string | null;
  /**
   * What quality is.
   */
  quality_metric: "task" | "cosine";
  /**
   * Share of the original's quality that was kept; null where it was not measured.
   */
  quality: number | null;
  /**
   * Least quality asked for at this width.
   */
  minimum: number;
  /**
   * Mean cosine of the outputs with the original's, always reported; a diagnostic unless it is the metric.
   */
  cosine: number | null;
  /**
   * Layer with the least signal-to-noise ratio; null where nothing was rounded.
   */
  worst_layer: null | WorstLayer;
  /**
   * Size of the artifact on disk.
   */
  bytes: number | null;
  /**
   * Digest of the artifact.
   */
  sha256: null | Sha256;
  /**
   * Time to make and to measure it.
   */
  seconds: number;
}
/**
 * The layer whose weights lost most.
 */
export interface WorstLayer {
  /**
   * Layer.
   */
  name: string;
  /**
   * Signal-to-noise ratio of its weights.
   */
  sqnr_db: number;
  /**
   * Least ratio asked for; null = no limit.
   */
  minimum_db: number | null;
}
/**
 * The artifact that was kept: the first that passes, else the best.
 */
export interface QuantizeArtifact {
  /**
   * File or folder, relative to this report.
   */
  path: string;
  sha256: Sha256;
  /**
   * Bits of a weight.
   */
  bits: number;
  /**
   * Size.
   */
  bytes: number;
  /**
   * Bytes of the source by bytes of the artifact.
   */
  compression_ratio: number;
  /**
   * As in its attempt.
   */
  quality: number | null;
  /**
   * False where it is only the best of those that failed.
   */
  passes: boolean;
}
/**
 * A step over all layers where it was measured.
 */
export interface StepGain {
  /**
   * Part of the strategy.
   */
  step: "residual-codes" | "time-scales" | "gptq" | "spatial-groups";
  /**
   * Layers where it was applied.
   */
  layers: number;
  /**
   * Layers where both forms were measured.
   */
  measured: number;
  /**
   * Median of with_db - without_db over the measured layers.
   */
  median_gain_db: number | null;
  /**
   * Bytes it cost.
   */
  added_bytes: number;
}
/**
 * What one layer of a folder became, in the artifact that was kept.
 */
export interface QuantizedLayerRow {
  /**
   * Tensor.
   */
  name: string;
  /**
   * Its shape.
   */
  shape: number[];
  /**
   * Bits of a weight; null where the tensor was carried over as it is.
   */
  bits: number | null;
  /**
   * Bytes of codes, scales and activation scales, or of the tensor that was carried over.
   */
  bytes: number;
  /**
   * Signal-to-noise ratio of the weights; null where nothing was rounded.
   */
  sqnr_db: number | null;
  /**
   * Cosine of the layer's outputs with the original's on rows that calibration did not see.
   */
  cosine: number | null;
  /**
   * Where its activations came from; synthetic ones are seeded normal numbers and say nothing about real inputs.
   */
  calibration: "measured" | "synthetic" | null;
  /**
   * What each part of the strategy gained on this layer.
   */
  steps: StrategyStep[];
  /**
   * Why the tensor was carried over; null where it was quantized.
   */
  kept_reason: string | null;
  /**
   * True where an earlier, interrupted run had already made it.
   */
  reused: boolean;
}
/**
 * A part of the strategy, measured with and without it on the same layer.
 */
export interface StrategyStep {
  /**
   * Part of the strategy.
   */
  step: "residual-codes" | "time-scales" | "gptq" | "spatial-groups";
  /**
   * False where it was disabled, does not apply, or does not pay.
   */
  applied: boolean;
  /**
   * Signal-to-noise ratio without it: of the weights (residual codes), of the activations (time scales), of the layer's outputs (gptq, spatial groups).
   */
  without_db: number | null;
  /**
   * The same with it.
   */
  with_db: number | null;
  /**
   * Bytes it costs beyond the plain form; null where that was not measured.
   */
  added_bytes: number | null;
  /**
   * Why it was not applied; null where it was.
   */
  reason: string | null;
}
