import type { CellSamples } from "../aggregate/cell-samples.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import type { DetectionComparison, PrecisionDrop } from "../domain/comparison.ts";
import type { DetectionSet } from "../domain/detection-set.ts";
import type { ArrayRef } from "../domain/generated/journal-v1.ts";
import type { PlannedDetection } from "../domain/generated/plan-v1.ts";
import { type DetectionEvaluation, evaluateDetections } from "../evaluators/coco/evaluate-detections.ts";
import { pairedApDrops, type Replicates } from "../evaluators/coco/paired-replicates.ts";
import { detectionsOf } from "../evaluators/detection/detection-rows.ts";
import { rowSettings } from "../evaluators/detection/planned-settings.ts";
import * as stats from "../stats/index.ts";
import { truthOf } from "./stored-boxes.ts";

/** Resamples of the images behind an interval of average precision. */
export const AP_RESAMPLES = 2000;

/** A detector's COCO figures in one cell, and the comparison with its baseline. */
export interface CellDetection {
  readonly evaluation: DetectionEvaluation;
  readonly comparison: DetectionComparison;
}

/**
 * COCO figures of every cell whose planned evaluations all completed, from the stored rows; undefined for a run without boxes. A cell with a
 * failed evaluation has none: what was not measured decides nothing. Evaluations of a cell whose rows differ count by the one with
 * the lowest mean AP in a variant, the highest in a baseline, so that variation never helps.
 */
export function compareDetections(
  record: RunRecord,
  samples: readonly CellSamples[],
): ReadonlyMap<string, CellDetection> | undefined {
  const { plan, boxes } = record;
  const { detection } = plan;
  if (detection === undefined || boxes === undefined) return undefined;
  const judge = judgeRows(record, boxes, detection);
  const evaluations = new Map(samples.map((sample) => [sample.cell.cell_id, evaluationOf(sample, judge)]));
  const cells = new Map<string, CellDetection>();
  for (const { cell } of samples) {
    const evaluation = evaluations.get(cell.cell_id);
    const baseline = evaluations.get(cell.baseline_cell_id);
    if (evaluation === undefined || baseline === undefined) continue;
    const names = plan.dataset.class_names;
    const comparison = compare(baseline, evaluation, {
      images: plan.dataset.count,
      seed: plan.experimental_controls.seed,
      names,
    });
    cells.set(cell.cell_id, { evaluation, comparison });
  }
  return cells;
}

/** How the intervals were made, for the record. */
export function resamplingMethod(seed: number): string {
  return `${AP_RESAMPLES} paired resamples of the images, BCa, ${stats.RNG_ALGORITHM} seed ${seed}/average-precision`;
}

type Judge = (outputs: ArrayRef) => DetectionEvaluation;

/** Equal rows are judged once. */
function judgeRows(record: RunRecord, boxes: DetectionSet, detection: PlannedDetection): Judge {
  const settings = rowSettings(detection, record.plan.dataset.class_names.length);
  const truth = truthOf(boxes);
  const known = new Map<string, DetectionEvaluation>();
  return (outputs) => {
    const earlier = known.get(outputs.sha256);
    if (earlier !== undefined) return earlier;
    const evaluation = evaluateDetections(truth, detectionsOf(record.floats(outputs), boxes.sizes, settings));
    known.set(outputs.sha256, evaluation);
    return evaluation;
  };
}

function evaluationOf({ finished, cell }: CellSamples, judge: Judge): DetectionEvaluation | undefined {
  const full = finished.filter((trial) => trial.evaluates === "all");
  const outputs = full.flatMap(({ measured }) => measured?.outputs ?? []);
  if (full.length === 0 || outputs.length < full.length) return undefined;
  const evaluations = outputs.map(judge);
  const isBaseline = cell.cell_id === cell.baseline_cell_id;
  const ap = ({ scores }: DetectionEvaluation) => scores.ap ?? 0;
  return evaluations.reduce((kept, next) => ((isBaseline ? ap(next) > ap(kept) : ap(next) < ap(kept)) ? next : kept));
}

function compare(
  baseline: DetectionEvaluation,
  candidate: DetectionEvaluation,
  { images, seed, names }: { readonly images: number; readonly seed: number; readonly names: readonly string[] },
): DetectionComparison {
  const random = stats.rng(seed).derive("average-precision");
  const drops = pairedApDrops(baseline.matches, candidate.matches, {
    images,
    resamples: AP_RESAMPLES,
    draw: (n) => random.below(n),
  });
  return {
    images,
    map: drops.map && precisionDrop(drops.map),
    drop: drops.drop && precisionDrop(drops.drop),
    categories: drops.categories.flatMap((drop, category) =>
      drop === undefined ? [] : [{ name: names[category] as string, drop: precisionDrop(drop) }],
    ),
  };
}

function precisionDrop({ value, sorted, leftOut }: Replicates): PrecisionDrop {
  return { value, sorted, acceleration: stats.accelerationOf(leftOut) };
}
