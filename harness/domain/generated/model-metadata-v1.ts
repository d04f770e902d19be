// Generated from schemas/model_metadata.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * metadata.json of a model folder. Other fields are the model's own business and are carried over unread.
 */
export interface ModelMetadata {
  /**
   * What the model works on; decides the quantization strategy.
   */
  modality: "text" | "code" | "image" | "audio";
  /**
   * Name of the model, for people.
   */
  name?: string;
  [k: string]: unknown;
}
