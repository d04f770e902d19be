import type { Dataset } from "../domain/dataset.ts";
import type { DetectionFigures } from "../domain/evaluation.ts";
import type { PlannedDetection } from "../domain/generated/plan-v1.ts";
import type { RowMapping, TrialMeasurement } from "../domain/runtime-port.ts";
import { evaluateDetections } from "../evaluators/coco/evaluate-detections.ts";
import { detectionsOf } from "../evaluators/detection/detection-rows.ts";
import { rowSettings } from "../evaluators/detection/planned-settings.ts";
import { workerModule } from "../platform/worker-module.ts";
import { truthOf } from "./stored-boxes.ts";

/** A detector's outputs become boxes in the process of the trial: raw ones would fill the disk. */
export function rowMapping(detection: PlannedDetection, classes: number): RowMapping {
  const module = workerModule("../evaluators/detection/row-mapper", import.meta.url).href;
  return { module, settings: rowSettings(detection, classes) };
}

/** COCO's figures of one evaluation of all images; undefined for a dataset without boxes. */
export function detectionFigures(
  { allOutputs = new Float32Array(0) }: TrialMeasurement,
  { boxes, classNames }: Dataset,
  detection: PlannedDetection,
): DetectionFigures | undefined {
  if (boxes === undefined) return undefined;
  const found = detectionsOf(allOutputs, boxes.sizes, rowSettings(detection, classNames.length));
  const { scores, categoryAp } = evaluateDetections(truthOf(boxes), found);
  return {
    images: boxes.imageIds.length,
    boxes: boxes.crowd.filter((crowd) => crowd === 0).length,
    detections: found.score.length,
    ap: scores.ap ?? null,
    ap50: scores.ap50 ?? null,
    ap75: scores.ap75 ?? null,
    ap_small: scores.apSmall ?? null,
    ap_medium: scores.apMedium ?? null,
    ap_large: scores.apLarge ?? null,
    ar1: scores.ar1 ?? null,
    ar10: scores.ar10 ?? null,
    ar100: scores.ar100 ?? null,
    per_category: classNames.map((category, index) => ({ category, ap: categoryAp[index] ?? null })),
  };
}
