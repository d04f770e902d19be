// Generated from schemas/quantized_layers.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * How the tensors of a quantized model folder are read back; kept as text in the safetensors file's metadata.
 */
export interface QuantizedLayers {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantized_layers.v1";
  /**
   * By the name of the original tensor. Its weights are the sum over its books of scale x (first + step x code).
   */
  layers: {
    [k: string]: StoredLayer;
  };
}
/**
 * One quantized tensor: NAME.codes.I and NAME.scales.I a book, NAME.act_scales.
 */
export interface StoredLayer {
  /**
   * Shape of the original; output channels first.
   *
   * @minItems 2
   */
  shape: [number, number, ...number[]];
  /**
   * Columns of a row that share a scale.
   */
  group_size: number;
  /**
   * True: columns are taken tap by tap of the kernel before groups are cut.
   */
  spatial: boolean;
  /**
   * Code books; codes are packed without gaps, the first in the lowest bits.
   *
   * @minItems 1
   * @maxItems 2
   */
  books: [StoredBook] | [StoredBook, StoredBook];
  /**
   * First time step of every group of activation scales but the first.
   */
  time_bounds: number[];
}
/**
 * A code book.
 */
export interface StoredBook {
  /**
   * Bits of a code.
   */
  bits: number;
  /**
   * Level of code 0, in scales.
   */
  first: number;
  /**
   * Levels between codes, in scales.
   */
  step: number;
}
