import type { ValueCounts } from "../domain/value-counts.ts";
import { type Grid, type GridOptions, gridForRange, type Range } from "./grid.ts";

/** Ranges are tried down to this share of the whole: a level of the narrowest still holds two bins. */
const LOWEST_SHARE = 1 / 16;

/** Each range tried is this share of the one before: finer than the divergence can tell. */
const SHARE_STEP = 0.97;

/**
 * The range whose 8-bit coding diverges least from the distribution (Kullback and Leibler; after Migacz, "8-bit inference with
 * TensorRT", 2017), or the widest one that chance alone could have put behind it.
 *
 * The published search compares bins merged into levels with the bins themselves. That rewards narrow ranges: with as many bins as
 * levels nothing is merged, the noise of the counts looks like detail that wide levels lose, and the zeros behind a Relu, which every
 * grid holds exactly, look smeared over their level. So here
 * - exact zeros are left out;
 * - what levels of width Δ lose is read off the levels themselves: levels of 2Δ would lose that and the divergence D between pairs, and
 *   the loss grows with Δ², so that it is D/3;
 * - the part of D that even densities show by chance is taken off.
 */
export function entropyRange(value: ValueCounts, options: GridOptions): Range {
  const { low, high } = value;
  const whole = { low, high };
  const cost = divergenceOf(value, options);
  const tried = [{ range: whole, ...cost(whole) }];
  const best = () => tried.reduce((least, one) => (one.divergence < least.divergence ? one : least)).range;
  const consider = (range: Range) => tried.push({ range, ...cost(range) });
  const shares: number[] = [];
  for (let share = SHARE_STEP; share > LOWEST_SHARE; share *= SHARE_STEP) shares.push(share);
  for (const share of shares) consider({ low: low * share, high: high * share });
  if (low < 0 && high > 0) {
    // Both ends were drawn in together; now each alone.
    const { high: top } = best();
    for (const share of [1, ...shares]) consider({ low: low * share, high: top });
    const { low: bottom } = best();
    for (const share of [1, ...shares]) consider({ low: bottom, high: high * share });
  }
  const least = Math.min(...tried.map(({ divergence }) => divergence));
  const close = tried.filter(({ divergence, error }) => divergence <= least + error);
  const width = ({ range }: { readonly range: Range }) => range.high - range.low;
  return close.reduce((widest, one) => (width(one) > width(widest) ? one : widest)).range;
}

/** Divergence of the distribution from itself coded on a range's grid, in nats an element, with its standard error. */
export interface Divergence {
  readonly divergence: number;
  readonly error: number;
}

/** A function of ranges, since all share the sums. Nothing but zeros diverges by nothing. */
export function divergenceOf(value: ValueCounts, options: GridOptions): (range: Range) => Divergence {
  const { counts, first: firstBin, width } = value;
  const bins = counts.length;
  const below = cumulative(counts);
  const total = (below[bins] as number) || 0;
  /** Bin border next to a real number. */
  const borderOf = (real: number) => Math.min(bins, Math.max(0, Math.round(real / width) - firstBin));
  return (range) => {
    if (!(width > 0) || total <= 0) return { divergence: 0, error: 0 };
    const borders = cellBorders(gridForRange(range.low, range.high, options), borderOf);
    const cells = borders.length - 1;
    const inside = (cell: number) => (below[borders[cell + 1] ?? bins] ?? 0) - (below[borders[cell] ?? bins] ?? 0);
    const first = below[borders[0] ?? 0] ?? 0;
    const last = total - (below[borders[cells] ?? bins] ?? 0);
    const clipped = tailCost(inside(0), first) + tailCost(inside(cells - 1), last);
    const { coded, error } = codingCost(borders, inside);
    return { divergence: (clipped + coded) / total, error: error / total };
  };
}

/** Elements below each bin border. */
function cumulative(counts: Float64Array): Float64Array {
  const below = new Float64Array(counts.length + 1);
  for (let bin = 0; bin < counts.length; bin++) below[bin + 1] = (below[bin] as number) + (counts[bin] as number);
  return below;
}

/** Bin borders between which a grid's codes lie, one more than it has codes. */
function cellBorders({ scale, zeroPoint, min, max }: Grid, borderOf: (real: number) => number): Int32Array {
  const borders = new Int32Array(max - min + 2);
  for (let i = 0; i < borders.length; i++) borders[i] = borderOf((min - zeroPoint + i - 0.5) * scale);
  return borders;
}

/** Stands in for a code that no element inside the range has, in elements: the estimate of Krichevsky and Trofimov. */
const UNSEEN = 0.5;

/**
 * What it costs, in nats, that the elements beyond an end get its code: their part of Csiszár's I-divergence. The coded counts are not
 * scaled up to the same total first: then a range that puts everything into one end would cost nothing.
 */
function tailCost(inside: number, tail: number): number {
  if (tail === 0) return 0;
  const own = Math.max(inside, UNSEEN);
  return (inside + tail) * Math.log((inside + tail) / own) - (inside + tail) + own;
}

/** A pair of levels of equal density diverges by half a nat on average and by √½ around that: half a χ² with one degree of freedom. */
const PAIR_MEAN = 0.5;
const PAIR_VARIANCE = 0.5;
/** Levels of twice the step lose four times as much, which is what pairs show and once more. */
const PAIRS_TO_LOSS = 3;

/** What the levels lose of the shape of the distribution within them, in nats, and its standard error. */
function codingCost(
  borders: Int32Array,
  inside: (cell: number) => number,
): { readonly coded: number; readonly error: number } {
  let sum = 0;
  let pairs = 0;
  for (let cell = 0; cell + 2 < borders.length; cell += 2) {
    const [from, middle, to] = [borders[cell] as number, borders[cell + 1] as number, borders[cell + 2] as number];
    const [a, b] = [inside(cell), inside(cell + 1)];
    if (from === middle || middle === to || a + b === 0) continue;
    const share = (middle - from) / (to - from);
    sum += surprise(a, share * (a + b)) + surprise(b, (1 - share) * (a + b)) - Math.min(PAIR_MEAN, (a + b) * Math.LN2);
    pairs++;
  }
  return { coded: Math.max(0, sum) / PAIRS_TO_LOSS, error: Math.sqrt(PAIR_VARIANCE * pairs) / PAIRS_TO_LOSS };
}

function surprise(count: number, expected: number): number {
  return count === 0 ? 0 : count * Math.log(count / expected);
}
