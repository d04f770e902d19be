import { PrecisionCurve } from "./average-precision.ts";
import { type CategoryMatches, IGNORED, TRUE_POSITIVE } from "./match.ts";
import { AREA_RANGES, IOU_THRESHOLDS } from "./settings.ts";

/** How often each image counts, by index, ≥ 0. */
export type ImageWeights = ArrayLike<number>;

/** AP over IoU .50:.05:.95 by category, undefined where no box is to be found, and their mean. */
export interface CategoryAps {
  readonly map: number | undefined;
  readonly categories: readonly (number | undefined)[];
}

/** Matches laid out for many evaluations with other weights of the images; gives the same figures as evaluateDetections. */
export function resampler(matches: readonly CategoryMatches[]): (weights: ImageWeights) => CategoryAps {
  const prepared = matches.map(prepare);
  return (weights) => {
    const categories = prepared.map((category) => weightedAp(category, weights));
    const known = categories.filter((ap) => ap !== undefined);
    return {
      map: known.length === 0 ? undefined : known.reduce((sum, ap) => sum + ap, 0) / known.length,
      categories,
    };
  };
}

/** Detections of one category that count at one threshold, the surest first. */
interface Outcomes {
  readonly image: Int32Array;
  readonly isRight: Uint8Array;
}

interface PreparedCategory {
  /** Images that have boxes to be found, and how many. */
  readonly boxImages: Int32Array;
  readonly boxCounts: Int32Array;
  readonly thresholds: readonly Outcomes[];
}

function prepare({ count, image, state, positives }: CategoryMatches): PreparedCategory {
  const images = positives.length / AREA_RANGES.length;
  const boxImages = Int32Array.from({ length: images }, (_, i) => i).filter((i) => (positives[i] as number) > 0);
  return {
    boxImages,
    boxCounts: boxImages.map((i) => positives[i] as number),
    thresholds: Array.from(IOU_THRESHOLDS, (_, threshold) => {
      // The first size class is that of all sizes.
      const own = state.subarray(threshold * count, (threshold + 1) * count);
      const counting = Int32Array.from({ length: count }, (_, i) => i).filter((i) => own[i] !== IGNORED);
      return {
        image: counting.map((i) => image[i] as number),
        isRight: Uint8Array.from(counting, (i) => (own[i] === TRUE_POSITIVE ? 1 : 0)),
      };
    }),
  };
}

function weightedAp({ boxImages, boxCounts, thresholds }: PreparedCategory, weights: ImageWeights): number | undefined {
  let boxes = 0;
  for (let i = 0; i < boxImages.length; i++) {
    boxes += (boxCounts[i] as number) * (weights[boxImages[i] as number] as number);
  }
  if (boxes === 0) return undefined;
  let sum = 0;
  for (const outcomes of thresholds) sum += interpolated(outcomes, boxes, weights);
  return sum / thresholds.length;
}

function interpolated({ image, isRight }: Outcomes, boxes: number, weights: ImageWeights): number {
  const curve = new PrecisionCurve(image.length);
  for (let i = 0; i < image.length; i++) {
    const weight = weights[image[i] as number] as number;
    if (weight > 0) curve.add(isRight[i] === 1, weight);
  }
  return curve.average(boxes);
}
