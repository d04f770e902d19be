import type { PairedScores } from "../domain/comparison.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import { pairedTable } from "../stats/paired-table.ts";
import { unpackBits } from "./run-record.ts";

/** Item scores of one cell over its full evaluations. */
export interface QualitySample {
  /** Items of the dataset. */
  readonly n: number;
  /** Full evaluations that were planned and ran, completed or failed. */
  readonly runs: number;
  readonly failedRuns: number;
  /** Mean score of each item over the runs, 0..1; a failed run scores 0 for every item. */
  readonly scores: Float64Array;
  /**
   * The same over the completed runs alone: what others are compared with. A baseline whose run failed must not become easier to
   * beat. Undefined when no run completed.
   */
  readonly reference: Float64Array | undefined;
  readonly topK: { readonly k: number; readonly correct: number } | undefined;
  readonly invalidRows: number;
  /** Instructions of form; absent where the items have none. */
  readonly adherence?: AdherenceSample;
}

/** Mean adherence of the items that have instructions of form; a failed run scores 0. */
export interface AdherenceSample {
  /** Dataset indices of those items. */
  readonly items: readonly number[];
  /** By dataset index, as in {@link QualitySample}. */
  readonly scores: Float64Array;
  readonly reference: Float64Array | undefined;
}

/** Undefined when no full evaluation ran at all. */
export function qualitySample(trials: readonly TrialLine[], itemCount: number): QualitySample | undefined {
  const runs = trials.filter((trial) => trial.trial_kind === "trial" && trial.evaluates === "all");
  if (runs.length === 0) return undefined;
  const sums = new Float64Array(itemCount);
  let failedRuns = 0;
  let invalidRows = 0;
  let topK: QualitySample["topK"];
  for (const { measured } of runs) {
    if (measured === null || measured.quality.n !== itemCount) {
      failedRuns++;
      continue;
    }
    const { quality } = measured;
    const right = unpackBits(quality.correct_bits, itemCount);
    for (let i = 0; i < itemCount; i++) sums[i] = (sums[i] as number) + (right[i] as number);
    invalidRows = Math.max(invalidRows, quality.invalid_rows);
    topK ??= { k: quality.top_k, correct: quality.top_k_correct };
  }
  const completed = runs.length - failedRuns;
  const adherence = adherenceSample(runs, itemCount, completed);
  return {
    n: itemCount,
    runs: runs.length,
    failedRuns,
    scores: sums.map((sum) => sum / runs.length),
    reference: completed === 0 ? undefined : sums.map((sum) => sum / completed),
    topK,
    invalidRows,
    ...(adherence === undefined ? {} : { adherence }),
  };
}

function adherenceSample(
  runs: readonly TrialLine[],
  itemCount: number,
  completed: number,
): AdherenceSample | undefined {
  const asked = new Set<number>();
  const sums = new Float64Array(itemCount);
  for (const { measured } of runs) {
    const adherence = measured?.language?.adherence;
    if (adherence === undefined || measured?.quality.n !== itemCount) continue;
    const wanted = unpackBits(adherence.asked_bits, itemCount);
    const kept = unpackBits(adherence.kept_bits, itemCount);
    for (let i = 0; i < itemCount; i++) {
      if (wanted[i] === 1) asked.add(i);
      sums[i] = (sums[i] as number) + (kept[i] as number);
    }
  }
  if (asked.size === 0) return undefined;
  return {
    items: [...asked].sort((x, y) => x - y),
    scores: sums.map((sum) => sum / runs.length),
    reference: completed === 0 ? undefined : sums.map((sum) => sum / completed),
  };
}

/** Adherence of baseline and candidate, paired over the items that have instructions of form. */
export function pairAdherence(baseline: QualitySample, candidate: QualitySample): PairedScores | undefined {
  const [before, after] = [baseline.adherence, candidate.adherence];
  if (before === undefined || after === undefined) return undefined;
  return pairScores({ ...baseline, ...before }, { ...candidate, ...after }, before.items);
}

/** Scores of the chosen items, paired; undefined when the baseline has no completed evaluation. */
export function pairScores(
  baseline: QualitySample,
  candidate: QualitySample,
  items: readonly number[],
): PairedScores | undefined {
  const { reference } = baseline;
  if (reference === undefined) return undefined;
  const before = items.map((item) => reference[item] as number);
  const after = items.map((item) => candidate.scores[item] as number);
  const isBinary = before.every(isZeroOrOne) && after.every(isZeroOrOne);
  return {
    n: items.length,
    total: after.reduce((sum, score) => sum + score, 0),
    table: isBinary ? pairedTable(before, after) : undefined,
    differences: isBinary ? undefined : Float64Array.from(before, (score, i) => score - (after[i] as number)),
    strict: pairedTable(
      before.map((score) => score > 0),
      after.map((score) => score === 1),
    ),
  };
}

/** Scores that are 0 or 1, one an item in both arms. */
export function pairBinary(baseline: Uint8Array, candidate: Uint8Array): PairedScores {
  const table = pairedTable(Array.from(baseline), Array.from(candidate));
  const total = candidate.reduce((sum, right) => sum + right, 0);
  return { n: candidate.length, total, table, differences: undefined, strict: table };
}

function isZeroOrOne(score: number): boolean {
  return score === 0 || score === 1;
}
