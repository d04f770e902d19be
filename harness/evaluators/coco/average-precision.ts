import { type CategoryMatches, IGNORED, TRUE_POSITIVE } from "./match.ts";
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, RECALL_POINTS } from "./settings.ts";

export type AreaId = (typeof AREA_RANGES)[number]["id"];

/** Which part of the matches is judged. */
export interface Slice {
  /** Index into IOU_THRESHOLDS. */
  readonly threshold: number;
  readonly area: AreaId;
  /** Detections that count in an image, 1 to 100 (the default). */
  readonly maxDetections?: number;
}

/** One category at one threshold; undefined where it has no box to be found. */
export interface PrecisionRecall {
  /** Mean of the interpolated precision at COCO's 101 recalls, 0..1. */
  readonly averagePrecision: number;
  /** Share of boxes found, 0..1. */
  readonly recall: number;
}

/** Keeps 0/0 from being NaN, as the original does: the distance from 1 to the next larger double. */
const SPACING = Number.EPSILON;

const AREA_INDEX = new Map<string, number>(AREA_RANGES.map(({ id }, index) => [id, index]));

/** Average precision and recall of one category (cocoeval.py, accumulate). */
export function precisionRecall(
  matches: CategoryMatches,
  { threshold, area, maxDetections = MAX_DETECTIONS }: Slice,
): PrecisionRecall | undefined {
  const areaIndex = AREA_INDEX.get(area) as number;
  const images = matches.positives.length / AREA_RANGES.length;
  let positives = 0;
  for (let image = 0; image < images; image++) {
    positives += matches.positives[areaIndex * images + image] as number;
  }
  if (positives === 0) return undefined;
  const { count, rank, state } = matches;
  const plane = (areaIndex * IOU_THRESHOLDS.length + threshold) * count;
  const curve = new PrecisionCurve(count);
  for (let i = 0; i < count; i++) {
    const what = state[plane + i] as number;
    if (what !== IGNORED && (rank[i] as number) < maxDetections) curve.add(what === TRUE_POSITIVE, 1);
  }
  return { averagePrecision: curve.average(positives), recall: curve.right / positives };
}

/**
 * Precision over recall of detections that are added with the surest first. Precision at a recall is the largest at this or any higher
 * recall. It can only peak where a box was found, so only those places are kept.
 */
export class PrecisionCurve {
  /** Weight of the right detections so far. */
  right = 0;
  #wrong = 0;
  #places = 0;
  readonly #found: Float64Array;
  readonly #precision: Float64Array;

  /** `most`: detections that will be added, at most. */
  constructor(most: number) {
    this.#found = new Float64Array(most);
    this.#precision = new Float64Array(most);
  }

  /** Adds a detection that counts `weight` times, > 0. */
  add(isRight: boolean, weight: number): void {
    if (!isRight) {
      this.#wrong += weight;
      return;
    }
    this.right += weight;
    this.#found[this.#places] = this.right;
    this.#precision[this.#places++] = this.right / (this.#wrong + this.right + SPACING);
  }

  /** Mean of the interpolated precision at COCO's 101 recalls, 0..1, of so many boxes to be found. */
  average(boxes: number): number {
    const [places, found, precision] = [this.#places, this.#found, this.#precision];
    for (let i = places - 2; i >= 0; i--) {
      if ((precision[i] as number) < (precision[i + 1] as number)) precision[i] = precision[i + 1] as number;
    }
    let sum = 0;
    let place = 0;
    for (const recall of RECALL_POINTS) {
      while (place < places && (found[place] as number) / boxes < recall) place++;
      if (place === places) break;
      sum += precision[place] as number;
    }
    return sum / RECALL_POINTS.length;
  }
}
