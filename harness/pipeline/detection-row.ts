import type { DetectionRow } from "../domain/generated/summary-v1.ts";
import { precisionEffect } from "../gate/detection-gate.ts";
import { effectDoc } from "../gate/effect.ts";
import { type CellDetection, resamplingMethod } from "./compare-detections.ts";

export interface DetectionRowOptions {
  /** Of the categories, in their order. */
  readonly names: readonly string[];
  readonly level: number;
  readonly isBaseline: boolean;
  readonly seed: number;
}

/** COCO figures of a summary row, with the intervals that the gates used. */
export function detectionRow(
  { evaluation, comparison }: CellDetection,
  { names, level, isBaseline, seed }: DetectionRowOptions,
): DetectionRow {
  const { scores, categoryAp, matches } = evaluation;
  const { images, map, drop } = comparison;
  const drops = new Map(comparison.categories.map((category) => [category.name, category.drop]));
  const categories = names.map((category, index) => {
    const own = drops.get(category);
    const positives = matches[index]?.positives.subarray(0, images) ?? new Int32Array(0);
    return {
      category,
      boxes: positives.reduce((sum, boxes) => sum + boxes, 0),
      ap: categoryAp[index] ?? null,
      drop: own === undefined || isBaseline ? null : effectDoc(precisionEffect(own, images, level)),
    };
  });
  const worst = categories.reduce(
    (kept, next) => ((next.drop?.value ?? Number.NEGATIVE_INFINITY) > (kept?.drop?.value ?? 0) ? next : kept),
    undefined as (typeof categories)[number] | undefined,
  );
  return {
    images,
    boxes: categories.reduce((sum, { boxes }) => sum + boxes, 0),
    map: map === undefined ? null : effectDoc(precisionEffect(map, images, level)),
    drop: drop === undefined || isBaseline ? null : effectDoc(precisionEffect(drop, images, level)),
    ap50: scores.ap50 ?? null,
    ap75: scores.ap75 ?? null,
    ap_small: scores.apSmall ?? null,
    ap_medium: scores.apMedium ?? null,
    ap_large: scores.apLarge ?? null,
    ar1: scores.ar1 ?? null,
    ar10: scores.ar10 ?? null,
    ar100: scores.ar100 ?? null,
    categories,
    worst_category: worst?.category ?? null,
    method: resamplingMethod(seed),
  };
}
