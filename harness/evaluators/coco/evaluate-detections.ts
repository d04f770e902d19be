import { type AreaId, type PrecisionRecall, precisionRecall, type Slice } from "./average-precision.ts";
import { type CategoryMatches, matchDetections } from "./match.ts";
import { IOU_THRESHOLDS } from "./settings.ts";
import type { Detections, DetectionTruth } from "./truth.ts";

/** COCO's twelve figures for boxes, 0..1; undefined where the set holds no box of the kind (the original prints -1). */
export interface DetectionScores {
  /** Mean over categories and IoU .50:.05:.95, at most 100 detections. The figure called mAP. */
  readonly ap: number | undefined;
  readonly ap50: number | undefined;
  readonly ap75: number | undefined;
  readonly apSmall: number | undefined;
  readonly apMedium: number | undefined;
  readonly apLarge: number | undefined;
  /** Mean recall with at most 1, 10, 100 detections an image and category. */
  readonly ar1: number | undefined;
  readonly ar10: number | undefined;
  readonly ar100: number | undefined;
  readonly arSmall: number | undefined;
  readonly arMedium: number | undefined;
  readonly arLarge: number | undefined;
}

export interface DetectionEvaluation {
  readonly scores: DetectionScores;
  /** AP over IoU .50:.05:.95 by category index; undefined where it has no box. */
  readonly categoryAp: readonly (number | undefined)[];
  /** What became of every detection: enough for any resample of the images. */
  readonly matches: readonly CategoryMatches[];
}

const ALL_THRESHOLDS = [...IOU_THRESHOLDS.keys()];
const AT_50 = [0];
const AT_75 = [5];

/**
 * Judges detections as COCO does: AP over 101 recalls, ten IoU thresholds, at most 100 detections, by size, with crowd regions.
 * Equal to the original evaluation code (pycocotools) within rounding. RangeError for impossible tables.
 */
export function evaluateDetections(truth: DetectionTruth, found: Detections): DetectionEvaluation {
  const matches = matchDetections(truth, found);
  const ap = (thresholds: readonly number[], area: AreaId) =>
    meanOver(matches, thresholds, { area }, (score) => score.averagePrecision);
  const ar = (area: AreaId, maxDetections?: number) =>
    meanOver(
      matches,
      ALL_THRESHOLDS,
      { area, ...(maxDetections === undefined ? {} : { maxDetections }) },
      (score) => score.recall,
    );
  return {
    scores: {
      ap: ap(ALL_THRESHOLDS, "all"),
      ap50: ap(AT_50, "all"),
      ap75: ap(AT_75, "all"),
      apSmall: ap(ALL_THRESHOLDS, "small"),
      apMedium: ap(ALL_THRESHOLDS, "medium"),
      apLarge: ap(ALL_THRESHOLDS, "large"),
      ar1: ar("all", 1),
      ar10: ar("all", 10),
      ar100: ar("all"),
      arSmall: ar("small"),
      arMedium: ar("medium"),
      arLarge: ar("large"),
    },
    categoryAp: matches.map((category) => categoryAveragePrecision(category)),
    matches,
  };
}

function categoryAveragePrecision(matches: CategoryMatches): number | undefined {
  return meanOver([matches], ALL_THRESHOLDS, { area: "all" }, (score) => score.averagePrecision);
}

function meanOver(
  matches: readonly CategoryMatches[],
  thresholds: readonly number[],
  slice: Omit<Slice, "threshold">,
  read: (score: PrecisionRecall) => number,
): number | undefined {
  let sum = 0;
  let count = 0;
  for (const category of matches) {
    for (const threshold of thresholds) {
      const score = precisionRecall(category, { ...slice, threshold });
      if (score === undefined) continue;
      sum += read(score);
      count++;
    }
  }
  return count === 0 ? undefined : sum / count;
}
