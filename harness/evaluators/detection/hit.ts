import { boxOverlap } from "../coco/box-overlap.ts";
import type { Detections, DetectionTruth } from "../coco/truth.ts";

/** Overlap from which a box counts as found. */
const FOUND = 0.5;
/** In an image without boxes, a detection at least this sure is one too many. */
const SURE = 0.25;

/**
 * Whether the surest detection of each image is right: of the class of a box that it overlaps by half. An image without boxes is right
 * when nothing in it is detected with a score of .25 or more. A yes or no an image, for canaries and repeated runs; AP decides.
 */
export function surestHits(truth: DetectionTruth, found: Detections): Uint8Array {
  const surest = new Int32Array(truth.images).fill(-1);
  for (let row = 0; row < found.image.length; row++) {
    const image = found.image[row] as number;
    const best = surest[image] as number;
    if (best === -1 || (found.score[row] as number) > (found.score[best] as number)) surest[image] = row;
  }
  const hits = new Uint8Array(truth.images);
  const boxes = new Uint32Array(truth.images);
  for (let box = 0; box < truth.image.length; box++) {
    const image = truth.image[box] as number;
    if (truth.crowd[box] === 1) continue;
    boxes[image]!++;
    const row = surest[image] as number;
    if (row === -1 || found.category[row] !== truth.category[box]) continue;
    if (boxOverlap(found.box, row, truth.box, box, false) >= FOUND) hits[image] = 1;
  }
  return hits.map((hit, image) => {
    if (boxes[image] !== 0) return hit;
    const row = surest[image] as number;
    return row === -1 || (found.score[row] as number) < SURE ? 1 : 0;
  });
}
