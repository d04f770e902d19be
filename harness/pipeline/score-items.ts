import type { DetectionSet } from "../domain/detection-set.ts";
import type { PlannedDetection } from "../domain/generated/plan-v1.ts";
import { type Classification, classify } from "../evaluators/classify.ts";
import { detectionsOf } from "../evaluators/detection/detection-rows.ts";
import { surestHits } from "../evaluators/detection/hit.ts";
import { rowSettings } from "../evaluators/detection/planned-settings.ts";
import { truthOf } from "./stored-boxes.ts";

/** What a trial's outputs say about each item. */
export type ItemScores = Pick<Classification, "predictions" | "correct" | "top1" | "topK" | "invalidRows">;

export interface ScoredItems {
  readonly labels: Int32Array;
  readonly boxes: DetectionSet | undefined;
  readonly detection: PlannedDetection | undefined;
  readonly classes: number;
}

/**
 * Scores of the chosen items, or of all, whose outputs are given row by row. For detectors an item is right when its surest detection is
 * (evaluators/detection/hit.ts): prediction 0, as its label is, else 1; average precision is computed from the stored rows.
 */
export function scoreItems(
  { labels, boxes, detection, classes }: ScoredItems,
  { outputs, rowSize, items }: { outputs: Float32Array; rowSize: number; items: readonly number[] | undefined },
): ItemScores {
  if (detection === undefined || boxes === undefined) {
    const own = items === undefined ? labels : Int32Array.from(items, (index) => labels[index] as number);
    return classify({ outputs, classes: rowSize, labels: own });
  }
  const chosen = items ?? boxes.imageIds.map((_, index) => index);
  const sizes = chosen.map((index) => boxes.sizes[index] as DetectionSet["sizes"][number]);
  const settings = rowSettings(detection, classes);
  const found = detectionsOf(outputs, sizes, settings);
  // A canary's subset names no image twice, so that places among the chosen can stand for images.
  const place = new Map(chosen.map((index, at) => [index, at]));
  const rows = Array.from(boxes.image.keys()).filter((row) => place.has(boxes.image[row] as number));
  const truth = {
    ...truthOf(boxes),
    images: chosen.length,
    image: Int32Array.from(rows, (row) => place.get(boxes.image[row] as number) as number),
    category: Int32Array.from(rows, (row) => boxes.category[row] as number),
    box: Float64Array.from(rows.flatMap((row) => [...boxes.box.subarray(4 * row, 4 * row + 4)])),
    area: Float64Array.from(rows, (row) => boxes.area[row] as number),
    crowd: Uint8Array.from(rows, (row) => boxes.crowd[row] as number),
  };
  const correct = surestHits(truth, found);
  const predictions = Int32Array.from(correct, (hit, at) =>
    Number.isNaN(outputs[at * rowSize]) ? -1 : hit === 1 ? 0 : 1,
  );
  const right = correct.map((hit, at) => (predictions[at] === -1 ? 0 : hit));
  const top1 = right.reduce((sum, hit) => sum + hit, 0);
  return { predictions, correct: right, top1, topK: { k: 1, correct: top1 }, invalidRows: found.invalidRows };
}
