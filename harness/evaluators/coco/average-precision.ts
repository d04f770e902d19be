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

/**
 * Average precision and recall of one category (cocoeval.py, accumulate). Precision at a recall is the largest at this or any higher
 * recall. It can only peak where a box was found, so only those places are kept.
 */
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
  const found = new Float64Array(count);
  const precision = new Float64Array(count);
  let places = 0;
  let right = 0;
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const what = state[plane + i] as number;
    if (what === IGNORED || (rank[i] as number) >= maxDetections) continue;
    if (what !== TRUE_POSITIVE) {
      wrong++;
      continue;
    }
    right++;
    found[places] = right;
    precision[places++] = right / (wrong + right + SPACING);
  }
  for (let i = places - 2; i >= 0; i--) {
    precision[i] = Math.max(precision[i] as number, precision[i + 1] as number);
  }
  let sum = 0;
  let place = 0;
  for (const recall of RECALL_POINTS) {
    while (place < places && (found[place] as number) / positives < recall) place++;
    if (place === places) break;
    sum += precision[place] as number;
  }
  return { averagePrecision: sum / RECALL_POINTS.length, recall: right / positives };
}
