import type { PictureSize, Placement } from "../../domain/image-placement.ts";
import type { Candidates } from "./candidates.ts";
import { type DetectionHead, decodeHead, type HeadShape } from "./decode-head.ts";
import { type Suppression, suppress } from "./suppress.ts";

/** How a detector's output becomes boxes; part of the config, recorded with every result. */
export interface DetectionSettings {
  readonly head: DetectionHead;
  readonly suppression: Suppression;
  /** Candidates with a score at or below are dropped. Precision at low recall-cost needs a small one; .001 is usual. */
  readonly minScore: number;
  /** Whether boxes end at the image's edges. Default true; the figures of some detectors are without. */
  readonly clip?: boolean;
}

/** Final boxes of one image, the surest first, in pixels of the model's input. */
export function detect(
  output: Float32Array,
  { head, suppression, minScore }: DetectionSettings,
  shape: HeadShape,
): Candidates {
  return suppress(decodeHead(head, output, { shape, minScore }), suppression);
}

/**
 * A box of the model's input (left, top, right, bottom) in pixels of the original image, as x, y, width, height. `placement` is where
 * the image lies in the input; `clip` cuts the box at the image's edges.
 */
export function toOriginal(
  corners: ArrayLike<number>,
  row: number,
  { placement, size, clip }: { readonly placement: Placement; readonly size: PictureSize; readonly clip: boolean },
): readonly [number, number, number, number] {
  const along = (value: number, offset: number, scaled: number, full: number) => {
    const place = ((value - offset) * full) / scaled;
    return clip ? Math.min(full, Math.max(0, place)) : place;
  };
  const x = (side: number) => along(corners[4 * row + side] as number, placement.left, placement.width, size.width);
  const y = (side: number) => along(corners[4 * row + side] as number, placement.top, placement.height, size.height);
  const [left, top, right, bottom] = [x(0), y(1), x(2), y(3)];
  return [left, top, Math.max(0, right - left), Math.max(0, bottom - top)];
}
