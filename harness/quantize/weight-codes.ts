import { codeRange, type Grid, gridForRange, roundHalfEven } from "./grid.ts";
import type { WeightSpec } from "./recipe.ts";

/**
 * A weight tensor seen as rows that share a scale: one row (per tensor), one a channel, or one a channel and block.
 * Rows are computed, not stored, so a view costs nothing.
 */
export interface RowLayout {
  readonly rows: number;
  /** Shape that the scales are stored in. */
  readonly scaleDims: readonly number[];
  lengthOf(row: number): number;
  /** Offset in the tensor of element k of a row. */
  offset(row: number, k: number): number;
}

/** Integer weights: codes in the tensor's own order, one scale and zero point a row. */
export interface WeightCodes {
  readonly codes: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
  readonly zeroPoints: Int32Array<ArrayBuffer>;
}

/** Rows along `axis` of a tensor in C order. */
export function channelRows(dims: readonly number[], axis: number): RowLayout {
  const rows = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const outer = dims.slice(0, axis).reduce((product, dim) => product * dim, 1);
  return {
    rows,
    scaleDims: [rows],
    lengthOf: () => outer * inner,
    offset: (row, k) => (Math.floor(k / inner) * rows + row) * inner + (k % inner),
  };
}

/** The whole tensor as one row. */
export function tensorRow(elements: number): RowLayout {
  return { rows: 1, scaleDims: [], lengthOf: () => elements, offset: (_row, k) => k };
}

/** Blocks of `size` values along the reduced axis of a matrix, block after block of one output channel, as MatMulNBits stores them. */
export function blockRows(dims: readonly number[], axis: number, size: number): RowLayout {
  const [first = 1, second = 1] = dims;
  const [channels, columns] = axis === 0 ? [first, second] : [second, first];
  const blocks = Math.ceil(columns / size);
  const at = (channel: number, k: number) => (axis === 0 ? channel * columns + k : k * channels + channel);
  return {
    rows: channels * blocks,
    scaleDims: [channels, blocks],
    lengthOf: (row) => Math.min(size, columns - (row % blocks) * size),
    offset: (row, i) => at(Math.floor(row / blocks), (row % blocks) * size + i),
  };
}

/** The layout that a spec asks for on a weight whose output channels are counted by `axis`. */
export function layoutFor(spec: WeightSpec, dims: readonly number[], axis: number): RowLayout {
  if (spec.granularity === "channel") return channelRows(dims, axis);
  if (spec.granularity === "block") return blockRows(dims, axis, spec.block_size ?? 32);
  return tensorRow(dims.reduce((product, dim) => product * dim, 1));
}

/** A grid of which only every `step`-th code is used, from `min` on. */
export interface CodeGrid extends Grid {
  readonly step: number;
}

/** The nearest usable code of a weight. */
export function nearestCode(value: number, grid: CodeGrid): number {
  const { scale, zeroPoint, min, max, step } = grid;
  const code =
    step === 1
      ? roundHalfEven(value / scale) + zeroPoint
      : min + step * Math.round((value / scale + zeroPoint - min) / step);
  return code < min ? min : code > max ? max : code;
}

/** Rounds every weight to the nearest code of its row's grid. */
export function quantizeNearest(weights: Float32Array, layout: RowLayout, spec: WeightSpec): WeightCodes {
  const codes = emptyCodes(weights.length, spec);
  const scales = new Float32Array(layout.rows);
  const zeroPoints = new Int32Array(layout.rows);
  for (let r = 0; r < layout.rows; r++) {
    const row = readRow(weights, layout, r);
    const grid = gridForRow(row, spec);
    scales[r] = grid.scale;
    zeroPoints[r] = grid.zeroPoint;
    encodeRow(row, grid, (k, code) => {
      codes[layout.offset(r, k)] = code;
    });
  }
  return { codes, scales, zeroPoints };
}

/** One row's weights, copied. */
export function readRow(weights: Float32Array, layout: RowLayout, row: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(layout.lengthOf(row));
  for (let k = 0; k < values.length; k++) values[k] = weights[layout.offset(row, k)] ?? 0;
  return values;
}

/**
 * Codes with the scales of some rows raised to a floor. An int32 bias of scale s_x·s_w overflows where s_w is tiny;
 * such rows hold next to nothing, so a coarser grid costs them little.
 */
export function raiseScales(
  codes: WeightCodes,
  weights: Float32Array,
  layout: RowLayout,
  spec: WeightSpec,
  floor: Float64Array,
): void {
  for (let r = 0; r < layout.rows; r++) {
    const least = floor[r] ?? 0;
    if ((codes.scales[r] ?? 0) >= least) continue;
    const row = readRow(weights, layout, r);
    const grid = {
      ...gridForRow(row, spec),
      scale: Math.fround(least * (1 + 2 ** -20)),
      zeroPoint: codes.zeroPoints[r] ?? 0,
    };
    codes.scales[r] = grid.scale;
    encodeRow(row, grid, (k, code) => {
      codes.codes[layout.offset(r, k)] = code;
    });
  }
}

/** Zeroed codes in the type that the spec stores; int4 is kept a byte a value until it is packed. */
export function emptyCodes(length: number, spec: WeightSpec): Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer> {
  return spec.storage === "uint8" ? new Uint8Array(length) : new Int8Array(length);
}

/** Grid for one row of weights, by the spec's scale rule. */
export function gridForRow(row: ArrayLike<number>, spec: WeightSpec): CodeGrid {
  const widest = widestGrid(row, spec);
  return spec.scale === "max" ? widest : leastSquaresGrid(row, widest, spec);
}

/** The grid whose ends are the row's largest weights. */
export function widestGrid(row: ArrayLike<number>, spec: WeightSpec): CodeGrid {
  let low = 0;
  let high = 0;
  for (let k = 0; k < row.length; k++) {
    const value = row[k] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (spec.zero_level === false) {
    // Levels at odd multiples of half a step: ±1, ±3, ... up to ±(2^bits - 1), of which none is zero.
    const end = 2 ** spec.bits - 1;
    const { scale } = gridForRange(low, high, { signed: true, symmetric: true, bits: spec.bits + 1 });
    return { scale, zeroPoint: 0, min: -end, max: end, step: 2 };
  }
  const grid = gridForRange(low, high, { signed: spec.symmetric, symmetric: spec.symmetric, bits: spec.bits });
  return { ...grid, step: 1 };
}

/** Below 8 bits the extra negative code is a sizable share of the grid, so a searched scale may use it. */
export function searchGrid(grid: CodeGrid, spec: WeightSpec): CodeGrid {
  if (grid.step !== 1) return grid;
  const { min, max } = codeRange(spec.bits, spec.symmetric, spec.symmetric && spec.bits === 8);
  return { ...grid, min, max };
}

/** Smallest share of the widest scale that is tried, by bits: the fewer levels, the more clipping pays. */
export const LOWEST_SHARE: Readonly<Record<number, number>> = {
  2: 0.25,
  3: 0.35,
  4: 0.45,
  5: 0.6,
  6: 0.7,
  7: 0.8,
  8: 0.9,
};

/** Shares tried between the whole range and the lowest; at 2 to 4 bits that is a step of 3 %, finer than the error can tell. */
const SEARCH_STEPS = 24;

function leastSquaresGrid(row: ArrayLike<number>, widest: CodeGrid, spec: WeightSpec): CodeGrid {
  const grid = searchGrid(widest, spec);
  const lowest = LOWEST_SHARE[spec.bits] ?? 0.5;
  let best = grid.scale;
  let bestError = squaredError(row, grid, best);
  for (let step = 1; step <= SEARCH_STEPS; step++) {
    const scale = Math.fround(grid.scale * (1 - ((1 - lowest) * step) / SEARCH_STEPS));
    const error = squaredError(row, grid, scale);
    if (error < bestError) {
      best = scale;
      bestError = error;
    }
  }
  return { ...grid, scale: best };
}

/** Plain numbers in the loop: it runs over every weight once a step of the search. */
function squaredError(row: ArrayLike<number>, grid: CodeGrid, scale: number): number {
  const { step } = grid;
  const min = grid.min - grid.zeroPoint;
  const max = grid.max - grid.zeroPoint;
  const inverse = 1 / scale;
  let sum = 0;
  for (let k = 0; k < row.length; k++) {
    const value = row[k] as number;
    const exact = value * inverse;
    const code = step === 1 ? Math.floor(exact + 0.5) : min + step * Math.floor((exact - min) / step + 0.5);
    const error = value - (code < min ? min : code > max ? max : code) * scale;
    sum += error * error;
  }
  return sum;
}

function encodeRow(row: Float32Array, grid: CodeGrid, write: (k: number, code: number) => void): void {
  for (let k = 0; k < row.length; k++) write(k, nearestCode(row[k] as number, grid));
}

/** Real values that the codes stand for. */
export function dequantize(weights: WeightCodes, layout: RowLayout): Float32Array<ArrayBuffer> {
  const out = new Float32Array(weights.codes.length);
  for (let r = 0; r < layout.rows; r++) {
    const scale = weights.scales[r] ?? 1;
    const zero = weights.zeroPoints[r] ?? 0;
    for (let k = 0; k < layout.lengthOf(r); k++) {
      const at = layout.offset(r, k);
      out[at] = ((weights.codes[at] ?? 0) - zero) * scale;
    }
  }
  return out;
}

/** Signal to noise of codes beside the weights they stand for, dB, without a copy of either; null where nothing was rounded. */
export function codesSqnr(original: Float32Array, weights: WeightCodes, layout: RowLayout): number | null {
  let power = 0;
  let noise = 0;
  for (let r = 0; r < layout.rows; r++) {
    const scale = weights.scales[r] ?? 1;
    const zero = weights.zeroPoints[r] ?? 0;
    const length = layout.lengthOf(r);
    for (let k = 0; k < length; k++) {
      const at = layout.offset(r, k);
      const value = original[at] as number;
      const error = value - ((weights.codes[at] as number) - zero) * scale;
      power += value * value;
      noise += error * error;
    }
  }
  return power > 0 && noise > 0 ? 10 * Math.log10(power / noise) : null;
}
