/**
 * Labelled boxes of a set of images, in columns, one row an annotation. Boxes are `x, y, width, height` in pixels of the original image,
 * the left upper corner first, as COCO stores them.
 */
export interface DetectionTruth {
  /** Images in the set; those without a box count too. Order decides between equal scores: ascending image ids, as the original does. */
  readonly images: number;
  readonly categories: number;
  /** Index of the image, 0 ≤ i < images. */
  readonly image: Int32Array;
  /** Index of the category, 0 ≤ i < categories. */
  readonly category: Int32Array;
  /** 4 values a row. */
  readonly box: Float64Array;
  /** Pixels: of the segmentation where there is one, so not width x height. Decides the size class. */
  readonly area: Float64Array;
  /** 1: a crowd region. It is neither found nor missed, and may swallow any number of detections. */
  readonly crowd: Uint8Array;
}

/** What a detector found in the same images, in columns, one row a detection. Rows of equal score keep their order. */
export interface Detections {
  readonly image: Int32Array;
  readonly category: Int32Array;
  /** 4 values a row: x, y, width, height in pixels of the original image. */
  readonly box: Float64Array;
  /** Finite; larger is surer. */
  readonly score: Float64Array;
}

/** RangeError unless the columns agree in length, indices lie in range, boxes and scores are finite and no side is negative. */
export function requireDetectionTables(truth: DetectionTruth, found: Detections): void {
  requireTable("truth", truth, truth);
  requireTable("detections", found, truth);
  requireEach("truth area", truth.area, truth.image.length, (area) => area >= 0 && Number.isFinite(area));
  requireEach("truth crowd", truth.crowd, truth.image.length, (crowd) => crowd === 0 || crowd === 1);
  requireEach("detections score", found.score, found.image.length, Number.isFinite);
}

type Table = Pick<Detections, "image" | "category" | "box">;

function requireTable(name: string, table: Table, size: Pick<DetectionTruth, "images" | "categories">): void {
  const rows = table.image.length;
  requireEach(`${name} image`, table.image, rows, (index) => index >= 0 && index < size.images);
  requireEach(`${name} category`, table.category, rows, (index) => index >= 0 && index < size.categories);
  requireEach(`${name} box`, table.box, 4 * rows, Number.isFinite);
  for (let row = 0; row < rows; row++) {
    if ((table.box[4 * row + 2] as number) < 0 || (table.box[4 * row + 3] as number) < 0) {
      throw new RangeError(`${name} row ${row} has a box with a negative side`);
    }
  }
}

function requireEach(
  name: string,
  values: Int32Array | Float64Array | Uint8Array,
  length: number,
  holds: (value: number) => boolean,
): void {
  if (values.length !== length) throw new RangeError(`${name}: ${values.length} values, expected ${length}`);
  for (let i = 0; i < length; i++) {
    if (!holds(values[i] as number)) throw new RangeError(`${name} ${i} is ${values[i]}`);
  }
}
