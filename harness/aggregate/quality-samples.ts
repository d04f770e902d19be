import type { PairedTable } from "../domain/comparison.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import { unpackBits } from "./run-record.ts";

/** Item scores of one cell over its full evaluations. */
export interface QualitySample {
  /** Items of the dataset. */
  readonly n: number;
  /** Full evaluations that were planned and ran, completed or failed. */
  readonly runs: number;
  readonly failedRuns: number;
  /** True when no run failed and every run has the same right items: scores are 0 or 1, and paired tables apply. */
  readonly isBinary: boolean;
  /** Mean score of each item over the runs, 0..1; a failed run scores 0 for every item. */
  readonly scores: Float64Array;
  readonly topK: { readonly k: number; readonly correct: number } | undefined;
  readonly invalidRows: number;
}

/** Undefined when no full evaluation ran at all. */
export function qualitySample(trials: readonly TrialLine[], itemCount: number): QualitySample | undefined {
  const runs = trials.filter((trial) => trial.trial_kind === "trial" && trial.evaluates === "all");
  if (runs.length === 0) return undefined;
  const scores = new Float64Array(itemCount);
  let failedRuns = 0;
  let invalidRows = 0;
  let topK: QualitySample["topK"];
  const bits = new Set<string>();
  for (const { measured } of runs) {
    if (measured === null || measured.quality.n !== itemCount) {
      failedRuns++;
      continue;
    }
    const { quality } = measured;
    const right = unpackBits(quality.correct_bits, itemCount);
    for (let i = 0; i < itemCount; i++) scores[i] = (scores[i] as number) + (right[i] as number);
    bits.add(quality.correct_bits);
    invalidRows = Math.max(invalidRows, quality.invalid_rows);
    topK ??= { k: quality.top_k, correct: quality.top_k_correct };
  }
  for (let i = 0; i < itemCount; i++) scores[i] = (scores[i] as number) / runs.length;
  return {
    n: itemCount,
    runs: runs.length,
    failedRuns,
    isBinary: failedRuns === 0 && bits.size === 1,
    scores,
    topK,
    invalidRows,
  };
}

/** Items of one class (or all, with `label` undefined), by index. */
export function itemsOf(labels: Int32Array, label?: number): Int32Array {
  const chosen: number[] = [];
  for (let i = 0; i < labels.length; i++) if (label === undefined || labels[i] === label) chosen.push(i);
  return Int32Array.from(chosen);
}

/** Table of two binary samples over the chosen items. */
export function pairedTable(baseline: QualitySample, candidate: QualitySample, items: Int32Array): PairedTable {
  const table = { a: 0, b: 0, c: 0, d: 0 };
  for (const item of items) {
    const base = baseline.scores[item] === 1;
    const cand = candidate.scores[item] === 1;
    table[base ? (cand ? "a" : "b") : cand ? "c" : "d"]++;
  }
  return table;
}

/** Baseline minus candidate score of each chosen item, for samples that are not binary. */
export function scoreDifferences(baseline: QualitySample, candidate: QualitySample, items: Int32Array): Float64Array {
  return Float64Array.from(items, (item) => (baseline.scores[item] as number) - (candidate.scores[item] as number));
}

/** Sum of scores over the chosen items. */
export function totalScore(sample: QualitySample, items: Int32Array): number {
  let sum = 0;
  for (const item of items) sum += sample.scores[item] as number;
  return sum;
}
