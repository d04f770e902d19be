import { normalQuantile } from "./normal.ts";

/** Longer series take their scores from this many quantiles: a finer rank would change nothing. */
const TABLE = 4096;
/** Quantiles of longer series are read from this many of their points. */
const SAMPLE = 65_536;

/**
 * Normal scores of the ranks, with variance 1: Φ⁻¹((rank - ½)/n), ties at their middle. What follows no longer depends on the
 * distribution of the points, however long its tails. All zero for a constant series.
 */
export function normalScores(data: ArrayLike<number>): Float64Array {
  const n = data.length;
  const sorted = sampleOf(data, SAMPLE).sort();
  const size = Math.min(n, TABLE);
  const table = size === n ? sorted : sampleOf(sorted, size);
  // Twice the midrank runs over whole numbers up to 2·size.
  const quantiles = Float64Array.from({ length: 2 * size }, (_, twice) => normalQuantile((twice + 1) / (2 * size + 1)));
  const scores = new Float64Array(n);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const value = data[i]!;
    const below = countBelow(table, value);
    let upTo = below;
    while (upTo < size && table[upTo] === value) upTo++;
    const score = quantiles[Math.min(2 * size - 1, Math.max(0, below + upTo - 1))]!;
    scores[i] = score;
    squares += score * score;
  }
  const scale = squares > 0 && sorted[0] !== sorted.at(-1) ? Math.sqrt(n / squares) : 0;
  for (let i = 0; i < n; i++) scores[i] = scores[i]! * scale;
  return scores;
}

/** At most `most` values, evenly spaced over the series. */
function sampleOf(data: ArrayLike<number>, most: number): Float64Array {
  const n = data.length;
  const size = Math.min(n, most);
  const stride = n / size;
  const sample = new Float64Array(size);
  for (let i = 0; i < size; i++) sample[i] = data[Math.floor((i + 0.5) * stride)]!;
  return sample;
}

/** Entries of an ascending table below the value. */
function countBelow(table: Float64Array, value: number): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Differences beyond this many standard deviations are cut: they are changes of level, or spikes. */
const LARGEST_DIFFERENCE = 4;

/**
 * Lag-1 autocorrelation that a change of level does not raise much: the lower of two estimates. One takes the largest single step out; the
 * other compares differences over two points with those over one, which a step touches in two places only, however many steps
 * there are. At most 1; 0 for fewer than four points or no variation.
 */
export function stepFreeAutocorrelation(scores: Float64Array): number {
  if (scores.length < 4) return 0;
  return Math.min(withoutLargestStep(scores), fromDifferences(scores));
}

/** Σ(x_t - x_{t-2})² / Σ(x_t - x_{t-1})² - 1, which for an autoregression of order 1 estimates its coefficient. */
function fromDifferences(scores: Float64Array): number {
  const n = scores.length;
  const every = Math.ceil(n / SAMPLE);
  const count = Math.floor((n - 1) / every);
  const sizes = new Float64Array(count);
  for (let i = 0; i < count; i++) sizes[i] = Math.abs(scores[i * every + 1]! - scores[i * every]!);
  sizes.sort();
  // 0.6745 is the upper quartile of the normal distribution.
  const spread = sizes[count >> 1]! / 0.6745;
  const cap = spread > 0 ? LARGEST_DIFFERENCE * spread : Infinity;
  let one = 0;
  let two = 0;
  for (let i = 2; i < n; i++) {
    const step = scores[i]! - scores[i - 1]!;
    const stride = scores[i]! - scores[i - 2]!;
    const cutStep = Math.min(Math.abs(step), cap);
    const cutStride = Math.min(Math.abs(stride), cap);
    one += cutStep * cutStep;
    two += cutStride * cutStride;
  }
  return one > 0 ? Math.min(1, two / one - 1) : 0;
}

function withoutLargestStep(scores: Float64Array): number {
  const n = scores.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += scores[i]!;
  let left = 0;
  let best = 0;
  let split = 0;
  let step = 0;
  for (let b = 1; b < n; b++) {
    left += scores[b - 1]!;
    const difference = left / b - (total - left) / (n - b);
    const gain = difference * difference * ((b * (n - b)) / n);
    if (gain > best) {
      best = gain;
      split = b;
      step = difference;
    }
  }
  const rightMean = total / n - (split / n) * step;
  let squares = 0;
  let products = 0;
  let previous = 0;
  for (let i = 0; i < n; i++) {
    const residual = scores[i]! - rightMean - (i < split ? step : 0);
    squares += residual * residual;
    if (i > 0) products += residual * previous;
    previous = residual;
  }
  return squares > 0 ? products / squares : 0;
}
