import type { ItemSequence } from "../domain/comparison.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import { unpackBits } from "./run-record.ts";

/** Stretches of the random item order that one cell evaluated. */
export interface EvaluatedItems {
  /** By first position: right items of the stretch, one byte each; undefined where the trial failed. */
  readonly stretches: ReadonlyMap<number, { readonly count: number; readonly right: Uint8Array | undefined }>;
  readonly topK: { readonly k: number; readonly correct: number } | undefined;
  readonly invalidRows: number;
}

/** What a cell's finished trials evaluated of the random order. */
export function evaluatedItems(finished: readonly TrialLine[]): EvaluatedItems {
  const stretches = new Map<number, { count: number; right: Uint8Array | undefined }>();
  let invalidRows = 0;
  let topK: EvaluatedItems["topK"];
  for (const { evaluates, items, measured } of finished) {
    if (evaluates !== "items" || items === undefined) continue;
    const { from, count } = items;
    if (measured === null || measured.quality.n !== count) {
      stretches.set(from, { count, right: undefined });
      continue;
    }
    const { quality } = measured;
    stretches.set(from, { count, right: unpackBits(quality.correct_bits, count) });
    invalidRows += quality.invalid_rows;
    topK = { k: quality.top_k, correct: (topK?.correct ?? 0) + quality.top_k_correct };
  }
  return { stretches, topK, invalidRows };
}

/**
 * Items that both arms evaluated, in the random order. A stretch that failed in the candidate counts as all wrong: it does not vanish.
 * One that failed in the baseline is left out for both, so that nothing becomes easier to beat; the order stays random, as a crash
 * does not choose its items.
 */
export function itemSequence(
  baseline: EvaluatedItems,
  candidate: EvaluatedItems,
  { labels, order }: { readonly labels: Int32Array; readonly order: Int32Array },
): ItemSequence {
  const before: number[] = [];
  const after: number[] = [];
  const classes: number[] = [];
  for (const from of [...candidate.stretches.keys()].sort((x, y) => x - y)) {
    const { count, right } = candidate.stretches.get(from) as { count: number; right: Uint8Array | undefined };
    const reference = baseline.stretches.get(from);
    if (reference?.right === undefined || reference.count !== count) continue;
    for (let i = 0; i < count; i++) {
      before.push(reference.right[i] as number);
      after.push(right?.[i] ?? 0);
      classes.push(labels[order[from + i] as number] as number);
    }
  }
  return { baseline: Uint8Array.from(before), candidate: Uint8Array.from(after), labels: Int32Array.from(classes) };
}
