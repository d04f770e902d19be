import type { PlannedDetection } from "../../domain/generated/plan-v1.ts";
import type { DetectionHead } from "./decode-head.ts";
import type { DetectionRowSettings } from "./detection-rows.ts";

/** A plan's detection, as the code that carries it out takes it. */
export function rowSettings(planned: PlannedDetection, classes: number): DetectionRowSettings {
  return {
    head: headOf(planned),
    suppression: { kind: planned.nms, iou: planned.nms_iou, mostDetections: planned.max_detections },
    minScore: planned.min_score,
    clip: planned.clip,
    classes,
    input: planned.input,
    most: planned.max_detections,
  };
}

function headOf({ head, multi_label, bins, strides, scores }: PlannedDetection): DetectionHead {
  const label = multi_label === undefined ? {} : { multiLabel: multi_label };
  switch (head) {
    case "yolo":
      return { kind: head, ...label };
    case "yolo-dfl":
      return {
        kind: head,
        ...label,
        ...(bins === undefined ? {} : { bins }),
        ...(strides === undefined ? {} : { strides }),
        ...(scores === undefined ? {} : { scores }),
      };
    default:
      return { kind: head };
  }
}
