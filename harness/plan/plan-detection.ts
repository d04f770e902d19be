import { HarnessError } from "../domain/errors.ts";
import type { GateSpecDoc, PlannedDetection } from "../domain/generated/plan-v1.ts";
import { DEFAULTS } from "./defaults.ts";
import type { ResolvedConfig } from "./resolve-config.ts";

/**
 * How boxes are made of a detector's output; undefined where items have labels. CONFIG_INVALID where dataset and detection do not belong
 * together, or the run may stop early: mean AP is no mean over items, so no e-process over items judges it.
 */
export function planDetection({ dataset, detection, stop }: ResolvedConfig): PlannedDetection | undefined {
  if (dataset.kind !== "coco") {
    if (detection === undefined) return undefined;
    throw invalid(
      `"detection" needs a dataset with boxes, not one of kind ${dataset.kind}`,
      'Use a dataset of kind "coco".',
    );
  }
  if (detection === undefined) {
    throw invalid(
      "The dataset has boxes, and nothing says how the model's output becomes boxes",
      'Add "detection" with the model\'s "head": yolo, yolo-dfl, end-to-end or fastestdet.',
    );
  }
  if (stop.mode === "anytime") {
    throw invalid(
      "Detectors cannot stop early: their mean average precision is no mean over images",
      'Set stop to {"mode": "fixed"}.',
    );
  }
  const isFinal = detection.head === "end-to-end";
  return {
    ...detection,
    nms: detection.nms ?? (isFinal ? "none" : DEFAULTS.detection.nms),
    nms_iou: detection.nms_iou ?? DEFAULTS.detection.nms_iou,
    min_score: detection.min_score ?? DEFAULTS.detection.min_score,
    max_detections: detection.max_detections ?? DEFAULTS.detection.max_detections,
    clip: detection.clip ?? DEFAULTS.detection.clip,
    input: { width: dataset.width, height: dataset.height, resize: dataset.resize ?? "letterbox" },
  };
}

/** The preset's gates on labels become gates on average precision, with the same margins. */
export function detectionGates(gates: readonly GateSpecDoc[]): GateSpecDoc[] {
  return gates.map((gate): GateSpecDoc => {
    if (gate.id === "accuracy_drop") return { ...gate, id: "map_drop", metric: "quality.map" };
    // A category with few boxes swings by many points from image to image: it is shown, and decides only where a config says so.
    if (gate.id === "worst_class_drop") {
      return { ...gate, id: "worst_category_drop", metric: "quality.category_ap", tier: "advisory" };
    }
    return gate;
  });
}

function invalid(message: string, hint: string): HarnessError {
  return new HarnessError("CONFIG_INVALID", message, { hint });
}
