// Generated from schemas/coco_annotations.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * The parts of a COCO annotations file (instances_*.json) that evaluation of boxes reads; whatever else it holds is left alone.
 */
export interface CocoAnnotations {
  /**
   * @minItems 1
   */
  images: [CocoImage, ...CocoImage[]];
  annotations: CocoBox[];
  /**
   * @minItems 1
   */
  categories: [CocoCategory, ...CocoCategory[]];
}
export interface CocoImage {
  /**
   * Unique in the file.
   */
  id: number;
  /**
   * Relative to the folder of images.
   */
  file_name: string;
  /**
   * Pixels.
   */
  width: number;
  /**
   * Pixels.
   */
  height: number;
}
export interface CocoBox {
  image_id: number;
  category_id: number;
  /**
   * x, y, width, height in pixels.
   *
   * @minItems 4
   * @maxItems 4
   */
  bbox: [number, number, number, number];
  /**
   * Pixels; of the segmentation where there is one.
   */
  area: number;
  /**
   * 1: a crowd region; default 0.
   */
  iscrowd?: 0 | 1;
}
export interface CocoCategory {
  /**
   * Unique in the file.
   */
  id: number;
  name: string;
}
