// Generated from schemas/parity.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * How far a model's ONNX export answers as the PyTorch model does, on stored inputs.
 */
export interface Parity {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.parity.v1";
  /**
   * ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hardware_fingerprint: string;
  reference: ParityReference;
  candidate: ParityCandidate;
  dataset: ParityItems;
  /**
   * Largest mean absolute error of an output that passes.
   */
  limit: number;
  /**
   * Outputs, in the order of the ONNX file.
   */
  outputs: ParityOutput[];
  /**
   * Batch sizes that were tried.
   */
  batches: BatchConsistency[];
  speed: null | ParitySpeed;
  /**
   * Whether the export may stand for the model.
   */
  verdict: "pass" | "fail";
  /**
   * Why not.
   */
  reasons: string[];
}
/**
 * The PyTorch model.
 */
export interface ParityReference {
  /**
   * As named.
   */
  path: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Which runtime ran it.
   */
  framework: string;
  /**
   * Its version.
   */
  version: string;
  /**
   * What executed it, e.g. CPUExecutionProvider.
   */
  provider: string;
  /**
   * Batch size it is fixed to; null: any, as was tried.
   */
  fixed_batch: number | null;
}
/**
 * The ONNX model.
 */
export interface ParityCandidate {
  /**
   * As named.
   */
  path: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Which runtime ran it.
   */
  framework: string;
  /**
   * Its version.
   */
  version: string;
  /**
   * What executed it, e.g. CPUExecutionProvider.
   */
  provider: string;
  /**
   * Batch size it is fixed to; null: any, as was tried.
   */
  fixed_batch: number | null;
}
/**
 * Inputs of both.
 */
export interface ParityItems {
  /**
   * Dataset.
   */
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  digest: string;
  /**
   * Items used, the first of them.
   */
  count: number;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  indices_digest: string;
}
/**
 * One output of both models.
 */
export interface ParityOutput {
  /**
   * Name in the ONNX file.
   */
  name: string;
  /**
   * Name in the PyTorch model.
   */
  reference_name: string;
  /**
   * Pairs of values.
   */
  values: number;
  /**
   * Mean absolute error.
   */
  mae: number | null;
  /**
   * Largest absolute error.
   */
  max_abs: number | null;
  /**
   * Error that 99 % do not exceed.
   */
  p99_abs: number | null;
  /**
   * Share of items whose largest value is at the same place.
   */
  argmax_agreement: number | null;
  nan: InvalidNan;
  inf: InvalidInf;
  range: OutputRange;
}
/**
 * NaN values.
 */
export interface InvalidNan {
  /**
   * Of the PyTorch model.
   */
  reference: number;
  /**
   * Of the ONNX model.
   */
  candidate: number;
}
/**
 * Infinite values.
 */
export interface InvalidInf {
  /**
   * Of the PyTorch model.
   */
  reference: number;
  /**
   * Of the ONNX model.
   */
  candidate: number;
}
/**
 * Values of the ONNX model.
 */
export interface OutputRange {
  /**
   * Least.
   */
  low: number | null;
  /**
   * Largest.
   */
  high: number | null;
  /**
   * Least and largest that may occur; null: not declared.
   *
   * @minItems 2
   * @maxItems 2
   */
  declared: [number, number] | null;
  /**
   * Values outside of that.
   */
  outside: number;
}
/**
 * The same items at another batch size, against a batch of one.
 */
export interface BatchConsistency {
  /**
   * Batch size.
   */
  batch_size: number;
  /**
   * Of the PyTorch model; null where it does not take the size.
   */
  reference_mae: number | null;
  /**
   * Of the ONNX model; null where it does not take the size.
   */
  candidate_mae: number | null;
}
/**
 * Time of a call, PyTorch over ONNX Runtime, in interleaved blocks.
 */
export interface ParitySpeed {
  speedup: EstimateDoc;
  /**
   * Blocks.
   */
  blocks: number;
  /**
   * Batch size.
   */
  batch_size: number;
  /**
   * Threads.
   */
  threads: number;
  /**
   * Median of the block medians.
   */
  reference_p50_s: number | null;
  /**
   * Median of the block medians.
   */
  candidate_p50_s: number | null;
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
