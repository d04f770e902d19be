// Generated from schemas/recipe.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * A recipe of one's own: a named one with changes. For `quantize --recipe FILE` and `recipe` in a config's quants; JSON or YAML.
 */
export interface RecipeFile {
  /**
   * Path or URL of this schema, for editors.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.recipe.v1";
  /**
   * Named recipe that the other fields change.
   */
  extends: string;
  /**
   * Name of the result, also in file names; default: the file's own, without its ending.
   */
  id?: string;
  weights?: RecipeWeights;
  activations?: RecipeActivations;
  /**
   * Adds to each bias the mean error that quantization gave the layer's output.
   */
  bias_correction?: boolean;
  /**
   * Evens out the ranges of consecutive layers' channels first.
   */
  equalize?: boolean;
  /**
   * Operators whose quantizers share one range: a Concat's inputs and output, an Add's inputs.
   */
  align?: ("Concat" | "Add")[];
  /**
   * Layers left in float32. Layer names; `*` stands for any characters, `@first` and `@last` for the first and last weighted layer.
   */
  skip?: string[];
  /**
   * Other weights for some layers.
   */
  overrides?: RecipeOverride[];
  /**
   * Session config entries that the result must run with.
   */
  session?: {
    [k: string]: string;
  };
}
/**
 * Changes to the weights.
 */
export interface RecipeWeights {
  /**
   * Bits a weight takes.
   */
  bits?: number;
  /**
   * Weights that share a scale: all of the tensor, those of an output channel, or `block_size` of them along the reduced axis (MatMul and Gemm).
   */
  granularity?: "tensor" | "channel" | "block";
  /**
   * Weights of a block; only with granularity `block`.
   */
  block_size?: 16 | 32 | 64 | 128 | 256;
  /**
   * Zero point 0. Asymmetric weights are uint8.
   */
  symmetric?: boolean;
  /**
   * false: levels lie evenly on both sides of zero and none on it, for 2 to 7 bits held in int8.
   */
  zero_level?: boolean;
  /**
   * Element type in the file. Fewer bits in int8 keep integer kernels; int4 and int2 are emulated; packed blocks have the MatMulNBits kernel.
   */
  storage?: "int8" | "uint8" | "int4" | "int2" | "packed";
  /**
   * max: the largest weight sets the scale; mse: the scale of least squared error.
   */
  scale?: "max" | "mse";
  /**
   * nearest: each weight alone; gptq: column by column against the inputs the layer meets; adaround: the same, and up or down chosen once more by gradient where that loses less.
   */
  rounding?: "nearest" | "gptq" | "adaround";
}
/**
 * Changes to the activations.
 */
export interface RecipeActivations {
  /**
   * Element type.
   */
  type?: "uint8" | "int8";
  /**
   * Zero in the middle of the range, which keeps a Relu from being absorbed.
   */
  symmetric?: boolean;
  /**
   * How ranges are found on the calibration items; dynamic finds them at every run, for MatMul and Gemm.
   */
  calibration?: "minmax" | "percentile" | "entropy" | "mse" | "moving_average" | "dynamic";
  /**
   * Share of values inside the range; only with percentile.
   */
  percentile?: number;
}
/**
 * Other weights for the layers whose names match; the last that matches wins.
 */
export interface RecipeOverride {
  /**
   * Layer names; `*` stands for any characters, `@first` and `@last` for the first and last weighted layer.
   */
  layers: string[];
  weights: RecipeWeights1;
}
/**
 * What differs for these layers.
 */
export interface RecipeWeights1 {
  /**
   * Bits a weight takes.
   */
  bits?: number;
  /**
   * Weights that share a scale: all of the tensor, those of an output channel, or `block_size` of them along the reduced axis (MatMul and Gemm).
   */
  granularity?: "tensor" | "channel" | "block";
  /**
   * Weights of a block; only with granularity `block`.
   */
  block_size?: 16 | 32 | 64 | 128 | 256;
  /**
   * Zero point 0. Asymmetric weights are uint8.
   */
  symmetric?: boolean;
  /**
   * false: levels lie evenly on both sides of zero and none on it, for 2 to 7 bits held in int8.
   */
  zero_level?: boolean;
  /**
   * Element type in the file. Fewer bits in int8 keep integer kernels; int4 and int2 are emulated; packed blocks have the MatMulNBits kernel.
   */
  storage?: "int8" | "uint8" | "int4" | "int2" | "packed";
  /**
   * max: the largest weight sets the scale; mse: the scale of least squared error.
   */
  scale?: "max" | "mse";
  /**
   * nearest: each weight alone; gptq: column by column against the inputs the layer meets; adaround: the same, and up or down chosen once more by gradient where that loses less.
   */
  rounding?: "nearest" | "gptq" | "adaround";
}
