// Generated from schemas/activation_row.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One line of a calibration file for layer files: one input vector of one layer.
 */
export interface ActivationRow {
  /**
   * Tensor name of the layer that reads it.
   */
  layer: string;
  /**
   * The vector: as many values as a row of the layer's weights.
   *
   * @minItems 1
   */
  values: [number, ...number[]];
  /**
   * Time step or position it was seen at; 0 where absent.
   */
  time?: number;
}
