import { requireCount, requireFraction } from "./require.ts";
import { type Rng, rng } from "./rng.ts";

export interface EDivisiveOptions {
  /** A change is kept when its permutation p-value is at most this; .05 unless told. */
  readonly alpha?: number;
  /** Permutations a test; 199 unless told. The smallest p-value is 1 / (1 + this). */
  readonly permutations?: number;
  /** Points on each side of a change, at least 1; 2 unless told. */
  readonly minSize?: number;
  readonly random?: Rng;
}

/** A change: the index of the first point of the new level. */
export interface EnergyChange {
  readonly index: number;
  /** Scaled energy distance of the two sides. */
  readonly q: number;
  /** (1 + permutations with at least that q) / (1 + permutations): never 0. */
  readonly p: number;
}

/**
 * E-divisive change points (Matteson & James 2014), exponent 1: the split (τ, κ) with the largest scaled energy distance, kept when
 * a permutation within the present segments seldom reaches it, then the same in the parts. O(n²) a permutation, O(n) memory.
 *
 * The permutation test takes points for exchangeable: autocorrelated series are flagged far too often. It stands here as reference.
 */
export function eDivisive(data: ArrayLike<number>, options: EDivisiveOptions = {}): EnergyChange[] {
  const { permutations = 199, minSize = 2, random = rng("e-divisive") } = options;
  const alpha = requireFraction("alpha", options.alpha ?? 0.05);
  requireCount("permutations", permutations, 1);
  requireCount("minSize", minSize, 1);
  const values = Float64Array.from(data);
  for (const value of values) if (!Number.isFinite(value)) throw new RangeError(`data must be finite, got ${value}`);
  const found: EnergyChange[] = [];
  const bounds = [0, values.length];
  for (;;) {
    const best = bestOfSegments(values, bounds, minSize);
    if (best === undefined) return found.sort((x, y) => x.index - y.index);
    // Once this many have reached q, p is above alpha whatever follows.
    const enough = Math.floor(alpha * (1 + permutations));
    let reached = 0;
    for (let i = 0; i < permutations && reached < enough; i++) {
      const shuffled = shuffleSegments(values, bounds, random);
      if ((bestOfSegments(shuffled, bounds, minSize)?.q ?? 0) >= best.q) reached++;
    }
    const p = (1 + reached) / (1 + permutations);
    if (p > alpha) return found.sort((x, y) => x.index - y.index);
    found.push({ ...best, p });
    bounds.push(best.index);
    bounds.sort((x, y) => x - y);
  }
}

/** The best split of all segments; undefined when none is long enough. */
function bestOfSegments(
  values: Float64Array,
  bounds: readonly number[],
  minSize: number,
): { index: number; q: number } | undefined {
  let best: { index: number; q: number } | undefined;
  for (let s = 0; s + 1 < bounds.length; s++) {
    const start = bounds[s] as number;
    const split = energySplit(values.subarray(start, bounds[s + 1]), minSize);
    if (split !== undefined && (best === undefined || split.q > best.q))
      best = { index: start + split.index, q: split.q };
  }
  return best;
}

/**
 * The split τ and right end κ of a stretch with the largest Q = mn/(m+n) · (2·mean|x-y| - mean|x-x'| - mean|y-y'|), means over
 * different points. Undefined for fewer than 2·minSize points.
 */
export function energySplit(values: Float64Array, minSize: number): { index: number; q: number } | undefined {
  const n = values.length;
  if (n < 2 * minSize) return undefined;
  // within[τ]: sum of |x_i - x_j| over pairs in [τ, κ), as κ grows; prefix[τ]: the same over [0, τ).
  const within = new Float64Array(n);
  const prefix = new Float64Array(n + 1);
  let best: { index: number; q: number } | undefined;
  for (let right = 0; right < n; right++) {
    const value = values[right]!;
    let sum = 0;
    for (let left = right - 1; left >= 0; left--) {
      sum += Math.abs(values[left]! - value);
      within[left] = within[left]! + sum;
    }
    const end = right + 1;
    prefix[end] = within[0]!;
    const all = within[0]!;
    for (let split = minSize; split <= end - minSize; split++) {
      const m = split;
      const l = end - split;
      const x = prefix[split]!;
      const y = split < end ? within[split]! : 0;
      const between = all - x - y;
      const meanX = m > 1 ? x / ((m * (m - 1)) / 2) : 0;
      const meanY = l > 1 ? y / ((l * (l - 1)) / 2) : 0;
      const q = ((m * l) / (m + l)) * ((2 * between) / (m * l) - meanX - meanY);
      if (best === undefined || q > best.q) best = { index: split, q };
    }
  }
  return best;
}

function shuffleSegments(values: Float64Array, bounds: readonly number[], random: Rng): Float64Array {
  const shuffled = values.slice();
  for (let s = 0; s + 1 < bounds.length; s++) {
    const start = bounds[s]!;
    const length = bounds[s + 1]! - start;
    const order = random.permutation(length);
    for (let i = 0; i < length; i++) shuffled[start + i] = values[start + order[i]!]!;
  }
  return shuffled;
}
