import { HarnessError } from "../domain/errors.ts";

/** Row-major class scores (logits or probabilities) of labelled items. */
export interface ClassifyInput {
  /** labels.length x classes values. */
  readonly outputs: Float32Array;
  /** Scores in one row, ≥ 1. */
  readonly classes: number;
  readonly labels: Int32Array;
  /** An item is right in the top k when fewer than k scores rank before its label's. Default 5; at most `classes`. */
  readonly topK?: number;
  /** Default: none is made. */
  readonly withConfusion?: boolean;
}

/** One class of the labels. */
export interface ClassScore {
  readonly label: number;
  /** Items with this label. */
  readonly n: number;
  readonly correct: number;
}

/** Counts, not shares: with n = 0 they are 0 of 0, and `reason` says so. */
export interface Classification {
  /** Items, invalid ones among them. */
  readonly n: number;
  /** Why there is nothing to judge; undefined where there is. */
  readonly reason: string | undefined;
  /** Class of the highest score, the lowest index among equals; -1 for a row with NaN. */
  readonly predictions: Int32Array;
  /** 1 where the prediction is the label, an item each. */
  readonly correct: Uint8Array;
  /** Items right. */
  readonly top1: number;
  readonly topK: { readonly k: number; readonly correct: number };
  /** Rows that hold NaN: never right, whatever their label. */
  readonly invalidRows: number;
  /** All classes in order, those without items too. */
  readonly perClass: readonly ClassScore[];
  /** classes x classes counts, row = label, column = prediction; rows with NaN are left out. */
  readonly confusion: Uint32Array | undefined;
}

/**
 * Scores class outputs against labels. Ties go to the lowest class index, in top-1 and top-k alike, so that a constant output earns one
 * class and not all. Infinite scores rank as the numbers they are. RangeError where lengths or k are impossible;
 * CONFIG_DATA_INVALID for a label that the model has no output for.
 */
export function classify({ outputs, classes, labels, topK = 5, withConfusion = false }: ClassifyInput): Classification {
  if (!(Number.isInteger(classes) && classes >= 1)) throw new RangeError(`${classes} classes`);
  if (!(Number.isInteger(topK) && topK >= 1)) throw new RangeError(`top ${topK} of ${classes} classes`);
  const k = Math.min(topK, classes);
  const n = labels.length;
  if (outputs.length !== n * classes) {
    throw new RangeError(`${outputs.length} outputs for ${n} items of ${classes} classes`);
  }

  const predictions = new Int32Array(n);
  const correct = new Uint8Array(n);
  const classN = new Uint32Array(classes);
  const classCorrect = new Uint32Array(classes);
  const confusion = withConfusion ? new Uint32Array(classes * classes) : undefined;
  let top1 = 0;
  let inTopK = 0;
  let invalidRows = 0;
  for (let item = 0; item < n; item++) {
    const label = checkedLabel(labels[item] as number, item, classes);
    const row = item * classes;
    const predicted = highest(outputs, row, classes);
    predictions[item] = predicted;
    classN[label] = (classN[label] as number) + 1;
    if (predicted === -1) {
      invalidRows++;
      continue;
    }
    if (rankOf(outputs, row, classes, label) < k) inTopK++;
    if (predicted === label) {
      correct[item] = 1;
      top1++;
      classCorrect[label] = (classCorrect[label] as number) + 1;
    }
    if (confusion !== undefined) {
      const cell = label * classes + predicted;
      confusion[cell] = (confusion[cell] as number) + 1;
    }
  }
  return {
    n,
    reason: n === 0 ? "there are no items to score" : undefined,
    predictions,
    correct,
    top1,
    topK: { k, correct: inTopK },
    invalidRows,
    perClass: Array.from(classN, (count, label) => ({ label, n: count, correct: classCorrect[label] as number })),
    confusion,
  };
}

function checkedLabel(label: number, item: number, classes: number): number {
  if (label >= 0 && label < classes) return label;
  throw new HarnessError(
    "CONFIG_DATA_INVALID",
    `Item ${item} has the label ${label}, but the model gives scores for the classes 0 to ${classes - 1}.`,
    { hint: "Model and dataset do not belong together, or the classes are in another order (class_names)." },
  );
}

/** Index of the highest of `size` values from `start` on, the first among equals; -1 when one is NaN. */
export function highest(values: Float32Array, start: number, size: number): number {
  let best = 0;
  for (let i = 0; i < size; i++) {
    const value = values[start + i] as number;
    if (Number.isNaN(value)) return -1;
    if (value > (values[start + best] as number)) best = i;
  }
  return best;
}

function rankOf(values: Float32Array, start: number, size: number, index: number): number {
  const own = values[start + index] as number;
  let before = 0;
  for (let i = 0; i < size; i++) {
    const value = values[start + i] as number;
    if (value > own || (value === own && i < index)) before++;
  }
  return before;
}
