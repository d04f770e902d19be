import { normalScores, stepFreeAutocorrelation } from "./change-scores.ts";
import { changeThreshold } from "./change-threshold.ts";

/** A change of level. */
export interface ChangePoint {
  /** First point of the new level. */
  readonly index: number;
  /** Evidence above the penalty of its interval's length, in the unit of the threshold. */
  readonly statistic: number;
  /** Median before and after, up to the neighboring changes, in the unit of the data. */
  readonly before: number;
  readonly after: number;
}

export interface ChangePointResult {
  readonly changes: readonly ChangePoint[];
  /** Lag-1 autocorrelation the threshold was taken for. */
  readonly phi: number;
  readonly threshold: number;
  /** Why nothing could be looked for. */
  readonly reason?: "too-few" | "no-variation" | "not-finite";
}

/** Fewest points: below this no step of any size could be told from chance at the threshold. */
export const LEAST_POINTS = 20;
/** Points on each side of a change, so that two spikes in a row are none. */
const MIN_SIDE = 3;
/** Shortest interval that is looked at. */
const MIN_INTERVAL = 2 * MIN_SIDE;
/** Each layer's intervals are shorter than the last's by this (Kovács et al. 2023); by half in long series. */
const DECAY = Math.SQRT1_2;
const LONG = 50_000;

/**
 * Changes of level by seeded binary segmentation with narrowest-over-threshold selection (Kovács, Bühlmann, Li & Munk 2023;
 * Baranowski, Chen & Fryzlewicz 2019), on normal scores, O(n log n). The threshold was found by simulation for series of that length and
 * autocorrelation (scripts/change-thresholds.mjs): on a stationary series without change, at most 5 % show any. Where there is a change
 * its parts are searched again by themselves (up to 50,000 points): a large change hides smaller ones, because it takes up the ranks.
 */
export function changePoints(data: ArrayLike<number>): ChangePointResult {
  const n = data.length;
  const none = (reason: NonNullable<ChangePointResult["reason"]>): ChangePointResult => ({
    changes: [],
    phi: 0,
    threshold: Infinity,
    reason,
  });
  if (n < LEAST_POINTS) return none("too-few");
  for (let i = 0; i < n; i++) if (!Number.isFinite(data[i])) return none("not-finite");
  const scores = normalScores(data);
  const sums = prefixSums(scores);
  if (scores.every((score) => score === 0)) return none("no-variation");
  const phi = stepFreeAutocorrelation(scores);
  const threshold = changeThreshold(n, phi);
  const found = refine(sums, n, select(sums, n, threshold));
  const all = n > LONG ? found : [...found, ...withinParts(data, found)].sort((x, y) => x.index - y.index);
  return { changes: describe(data, all), phi, threshold };
}

function withinParts(data: ArrayLike<number>, found: readonly Split[]): Split[] {
  if (found.length === 0) return [];
  const bounds = [0, ...found.map((change) => change.index), data.length];
  return bounds.slice(1).flatMap((end, i) => {
    const start = bounds[i] as number;
    const part = Float64Array.from({ length: end - start }, (_, k) => data[start + k]!);
    return changePoints(part).changes.map(({ index, statistic }) => ({ index: start + index, statistic }));
  });
}

interface Split {
  readonly index: number;
  readonly statistic: number;
}

/** The largest statistic of any seeded interval: what the threshold is a quantile of. */
export function largestStatistic(scores: Float64Array): number {
  const n = scores.length;
  const sums = prefixSums(scores);
  let largest = -Infinity;
  forEachInterval(n, (start, end) => {
    const { statistic } = bestSplit(sums, start, end, n);
    if (statistic > largest) largest = statistic;
  });
  return largest;
}

function prefixSums(scores: Float64Array): Float64Array {
  const sums = new Float64Array(scores.length + 1);
  for (let i = 0; i < scores.length; i++) sums[i + 1] = sums[i]! + scores[i]!;
  return sums;
}

/** Calls `visit` for every seeded interval, shortest first. */
function forEachInterval(n: number, visit: (start: number, end: number) => void): void {
  const lengths: number[] = [];
  for (let length = n; length >= MIN_INTERVAL; length *= n > LONG ? 0.5 : DECAY) lengths.push(Math.round(length));
  for (const length of [...new Set(lengths)].reverse()) {
    const count = length === n ? 1 : 2 * Math.ceil(n / length) - 1;
    const shift = count === 1 ? 0 : (n - length) / (count - 1);
    for (let k = 0; k < count; k++) {
      const start = Math.round(k * shift);
      visit(start, Math.min(n, start + length));
    }
  }
}

const split = { index: 0, statistic: 0 };

/** Best split of [start, end): the CUSUM contrast less the price of a short interval (Frick, Munk & Sieling 2014). Reuses its result. */
function bestSplit(sums: Float64Array, start: number, end: number, n: number): typeof split {
  const length = end - start;
  const base = sums[start]!;
  const mean = (sums[end]! - base) / length;
  let best = 0;
  split.index = start + MIN_SIDE;
  for (let b = start + MIN_SIDE; b <= end - MIN_SIDE; b++) {
    const left = b - start;
    const excess = sums[b]! - base - left * mean;
    const square = (excess * excess) / (left * (length - left));
    if (square > best) {
      best = square;
      split.index = b;
    }
  }
  split.statistic = Math.sqrt(best * length) - Math.sqrt(2 * (1 + Math.log(n / length)));
  return split;
}

interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly index: number;
  readonly statistic: number;
}

/** Of all intervals over the threshold the narrowest, then those that do not contain what was chosen. */
function select(sums: Float64Array, n: number, threshold: number): Split[] {
  const chosen: Split[] = [];
  const marks = new PrefixCounts(n);
  let layer: Candidate[] = [];
  let length = 0;
  const settle = (): void => {
    // Equally narrow ones: the clearest first.
    for (const { start, end, index, statistic } of layer.sort((x, y) => y.statistic - x.statistic)) {
      if (marks.upTo(end - 1) - marks.upTo(start) > 0) continue;
      chosen.push({ index, statistic });
      marks.add(index);
    }
    layer = [];
  };
  forEachInterval(n, (start, end) => {
    if (end - start !== length) settle();
    length = end - start;
    if (marks.upTo(end - 1) - marks.upTo(start) > 0) return;
    const { index, statistic } = bestSplit(sums, start, end, n);
    if (statistic > threshold) layer.push({ start, end, index, statistic });
  });
  settle();
  return chosen.sort((x, y) => x.index - y.index);
}

/** Moves each change to the best split between its neighbors: the narrow interval proved it, the wide one places it. */
function refine(sums: Float64Array, n: number, found: readonly Split[]): Split[] {
  const refined: Split[] = [];
  for (const [i, change] of found.entries()) {
    // The neighbor before has moved already: changes keep their order and their distance.
    const start = refined[i - 1]?.index ?? 0;
    const end = found[i + 1]?.index ?? n;
    const index = end - start < MIN_INTERVAL ? change.index : bestSplit(sums, start, end, n).index;
    refined.push({ index, statistic: change.statistic });
  }
  return refined;
}

function describe(data: ArrayLike<number>, found: readonly Split[]): ChangePoint[] {
  const bounds = [0, ...found.map((change) => change.index), data.length];
  const levels = bounds.slice(1).map((end, i) => medianOf(data, bounds[i]!, end));
  return found.map((change, i) => ({ ...change, before: levels[i]!, after: levels[i + 1]! }));
}

function medianOf(data: ArrayLike<number>, start: number, end: number): number {
  const part = Float64Array.from({ length: end - start }, (_, i) => data[start + i]!).sort();
  const half = part.length >> 1;
  return part.length % 2 === 1 ? part[half]! : (part[half - 1]! + part[half]!) / 2;
}

/** How many marks lie at or before a place, both in logarithmic time (Fenwick 1994). */
class PrefixCounts {
  readonly #tree: Int32Array;

  constructor(n: number) {
    this.#tree = new Int32Array(n + 2);
  }

  add(place: number): void {
    for (let i = place + 1; i < this.#tree.length; i += i & -i) this.#tree[i] = this.#tree[i]! + 1;
  }

  upTo(place: number): number {
    let count = 0;
    for (let i = place + 1; i > 0; i -= i & -i) count += this.#tree[i]!;
    return count;
  }
}
