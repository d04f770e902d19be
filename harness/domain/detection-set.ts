import type { PictureSize } from "./image-placement.ts";

/** Boxes to be found in the images of a dataset. Rows of the boxes are in the order of the annotations file. */
export interface DetectionSet {
  /** Ids of the images, ascending, in the order of the dataset's items. */
  readonly imageIds: readonly number[];
  /** Ids of the categories, ascending; a model's class i is the i-th of them. */
  readonly categoryIds: readonly number[];
  /** Original size of each image. */
  readonly sizes: readonly PictureSize[];
  /** Index of the image of each box. */
  readonly image: Int32Array;
  /** Index of the category of each box. */
  readonly category: Int32Array;
  /** 4 values a box: x, y, width, height in pixels of the original image. */
  readonly box: Float64Array;
  /** Pixels; of the segmentation where there is one. */
  readonly area: Float64Array;
  /** 1: a crowd region. */
  readonly crowd: Uint8Array;
}
