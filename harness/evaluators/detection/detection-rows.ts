import { type PictureSize, placeImage } from "../../domain/image-placement.ts";
import type { Detections } from "../coco/truth.ts";
import { type DetectionSettings, detect, toOriginal } from "./detect.ts";

/** Values of one detection in a row: left, top, right, bottom in pixels of the model's input, score, class. */
const VALUES = 6;
/** Class of places that hold no detection. */
const NONE = -1;

/** Where images lie in the model's input. */
export interface DetectorInput {
  readonly width: number;
  readonly height: number;
  readonly resize: "letterbox" | "stretch";
}

/** Everything that turns a model's output into rows of one size; plain data, so that it can cross a process border. */
export interface DetectionRowSettings extends DetectionSettings {
  readonly classes: number;
  readonly input: DetectorInput;
  /** Detections a row has room for. */
  readonly most: number;
}

/** Values in a row. */
export function rowLength({ most }: Pick<DetectionRowSettings, "most">): number {
  return most * VALUES;
}

/**
 * The output of one image as a row of its detections, the surest first, the rest filled with class -1: what is stored instead of a
 * detector's raw output. An output that holds NaN gives a row of NaN. RangeError when its shape does not fit the head.
 */
export function detectionRow(
  output: Float32Array,
  dims: readonly number[],
  settings: DetectionRowSettings,
): Float32Array {
  const { classes, input, most } = settings;
  const row = new Float32Array(rowLength(settings));
  if (output.some(Number.isNaN)) return row.fill(Number.NaN);
  const shape = { output: dims, inputWidth: input.width, inputHeight: input.height, classes };
  const { count, corners, score, category } = detect(output, settings, shape);
  for (let i = 0; i < most; i++) {
    const at = i * VALUES;
    row[at + 5] = NONE;
    if (i >= count) continue;
    row.set(corners.subarray(4 * i, 4 * i + 4), at);
    row[at + 4] = score[i] as number;
    row[at + 5] = category[i] as number;
  }
  return row;
}

/** Rows as detections in the original images, one row an image, in order; a row of NaN has none. */
export function detectionsOf(
  rows: Float32Array,
  sizes: readonly PictureSize[],
  { input, most, clip = true }: Pick<DetectionRowSettings, "input" | "most" | "clip">,
): Detections & { readonly invalidRows: number } {
  const length = rowLength({ most });
  if (rows.length !== sizes.length * length) {
    throw new RangeError(`${rows.length} values for ${sizes.length} rows of ${length}`);
  }
  const image: number[] = [];
  const category: number[] = [];
  const box: number[] = [];
  const score: number[] = [];
  let invalidRows = 0;
  for (const [index, size] of sizes.entries()) {
    const placement = placeImage(size, { ...input, cropFraction: 1 });
    if (Number.isNaN(rows[index * length])) invalidRows++;
    for (let i = 0; i < most; i++) {
      const at = index * length + i * VALUES;
      const found = rows[at + 5] as number;
      if (!(found >= 0)) break;
      image.push(index);
      category.push(found);
      box.push(...toOriginal(rows.subarray(at, at + 4), 0, { placement, size, clip }));
      score.push(rows[at + 4] as number);
    }
  }
  return {
    image: Int32Array.from(image),
    category: Int32Array.from(category),
    box: Float64Array.from(box),
    score: Float64Array.from(score),
    invalidRows,
  };
}
