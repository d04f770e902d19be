/** COCO's own parameters for boxes (cocoeval.py, class Params). */

/** Equal steps from `start` to `stop`, computed as numpy.linspace does, so that borderline cases fall to the same side. */
function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  const values = Float64Array.from({ length: count }, (_, i) => i * step + start);
  values[count - 1] = stop;
  return values;
}

/** A detection matches a box from this overlap on: .50, .55, ... .95. */
export const IOU_THRESHOLDS: Float64Array = linspace(0.5, 0.95, 10);

/** Recalls at which precision is read: 0, .01, ... 1. */
export const RECALL_POINTS: Float64Array = linspace(0, 1, 101);

/** Size classes by area in pixels, both ends included. */
export const AREA_RANGES = [
  { id: "all", low: 0, high: 1e10 },
  { id: "small", low: 0, high: 32 ** 2 },
  { id: "medium", low: 32 ** 2, high: 96 ** 2 },
  { id: "large", low: 96 ** 2, high: 1e10 },
] as const;

/** Detections of a category that count in an image, the surest first. */
export const MAX_DETECTIONS = 100;
