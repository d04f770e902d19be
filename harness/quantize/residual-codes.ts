import { type CodeBook, groupCount, type MatrixCodes, type MatrixView, storedScale } from "./matrix-codes.ts";

/** Rounds of assigning codes and refitting both scales; gains are below a thousandth of the error after a few. */
const ROUNDS = 12;

/** Shares of a group's largest weight that the search starts its range from. */
const STARTS = [0.45, 0.6, 0.75, 0.9, 1] as const;

/** The second scale as a multiple of the one that spaces all sums evenly: wider ones crowd the levels around zero. */
const SPREADS = [1, 1.3, 1.7] as const;

/**
 * Two-stage residual codes: w ≈ s₁·u + s₂·v with u and v of half the bits each, levels at odd multiples of their scale. A second code
 * book on the first one's residual makes the levels uneven where two scales per group say so, which fits weights that gather
 * around zero. Codes and scales are found in turn (alternating least squares as in Xu et al., "Alternating multi-bit quantization",
 * ICLR 2018), from starts at which the sum is a uniform grid.
 */
export function residualCodes(
  weights: Float32Array,
  view: MatrixView,
  { bits, groupSize }: { readonly bits: 2 | 4 | 8; readonly groupSize: number },
): MatrixCodes {
  const { rows, columns, order } = view;
  const stage = bits / 2;
  const groups = groupCount(columns, groupSize);
  const first = 1 - 2 ** stage;
  const book = (): CodeBook => ({
    bits: stage,
    first,
    step: 2,
    codes: new Uint8Array(rows * columns),
    scales: new Float32Array(rows * groups),
  });
  const books = [book(), book()] as const;
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      const from = g * groupSize;
      const values = Float64Array.from({ length: Math.min(groupSize, columns - from) }, (_, i) => {
        return weights[r * columns + (order[from + i] as number)] as number;
      });
      const fit = fitGroup(values, stage);
      books[0].scales[r * groups + g] = fit.scales[0];
      books[1].scales[r * groups + g] = fit.scales[1];
      for (let i = 0; i < values.length; i++) {
        books[0].codes[r * columns + from + i] = ((fit.u[i] as number) - first) / 2;
        books[1].codes[r * columns + from + i] = ((fit.v[i] as number) - first) / 2;
      }
    }
  }
  return { ...view, groupSize, books };
}

interface GroupFit {
  readonly scales: readonly [number, number];
  /** Odd levels from -(2^stage - 1) to 2^stage - 1. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly error: number;
}

function fitGroup(values: Float64Array, stage: number): GroupFit {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let best: GroupFit | undefined;
  for (const share of largest === 0 ? [1] : STARTS) {
    for (const spread of SPREADS) {
      // At a ratio of 2^stage the sums are evenly spaced up to the largest.
      const unit = (largest * share) / ((2 ** stage - 1) * (2 ** stage + spread));
      let fit = assign(values, stage, [storedScale(unit * 2 ** stage), storedScale(unit * spread)]);
      for (let round = 0; round < ROUNDS; round++) {
        const next = assign(values, stage, refit(values, fit));
        if (!(next.error < fit.error * (1 - 1e-4))) break;
        fit = next;
      }
      if (best === undefined || fit.error < best.error) best = fit;
    }
  }
  return best as GroupFit;
}

/** The best pair of levels for every value: the second stage takes the nearest for each of the first's nearest three. */
function assign(values: Float64Array, stage: number, scales: readonly [number, number]): GroupFit {
  const [s1, s2] = scales;
  const top = 2 ** stage - 1;
  const u = new Float64Array(values.length);
  const v = new Float64Array(values.length);
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const center = oddLevel(value, s1, top);
    let least = Number.POSITIVE_INFINITY;
    for (let level = center - 2; level <= center + 2; level += 2) {
      if (level < -top || level > top) continue;
      const rest = value - level * s1;
      const second = oddLevel(rest, s2, top);
      const miss = (rest - second * s2) ** 2;
      if (miss >= least) continue;
      least = miss;
      u[i] = level;
      v[i] = second;
    }
    error += least;
  }
  return { scales, u, v, error };
}

function oddLevel(value: number, scale: number, top: number): number {
  if (scale === 0) return 1;
  const level = 2 * Math.floor(value / scale / 2) + 1;
  return level < -top ? -top : level > top ? top : level;
}

/** Scales of least squared error for fixed codes: two normal equations. Where they say nothing, the scales stay. */
function refit(values: Float64Array, { u, v, scales }: GroupFit): readonly [number, number] {
  let [uu, uv, vv, wu, wv] = [0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const [a, b, w] = [u[i] as number, v[i] as number, values[i] as number];
    uu += a * a;
    uv += a * b;
    vv += b * b;
    wu += w * a;
    wv += w * b;
  }
  const determinant = uu * vv - uv * uv;
  if (!(determinant > 1e-9 * uu * vv)) return scales;
  const s1 = (wu * vv - wv * uv) / determinant;
  const s2 = (wv * uu - wu * uv) / determinant;
  if (!(s1 > 0 && s2 >= 0)) return scales;
  return [storedScale(s1), storedScale(s2)];
}
