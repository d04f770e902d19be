import { roundingProblem, roundRow } from "./gptq.ts";
import { groupCount, type MatrixCodes, type MatrixView } from "./matrix-codes.ts";
import { bookCode, emptyBook, groupGrid } from "./single-stage.ts";
import type { TimedRows } from "./time-scales.ts";
import type { CodeGrid } from "./weight-codes.ts";

/** Share of the mean diagonal that keeps the matrix of products invertible; the GPTQ paper's value. */
const DAMPING = 0.01;

/**
 * Column order by kernel tap: all input channels of one tap, then those of the next. Groups cut along it hold weights of one place in
 * the window, which share a size; cut along the stored order they mix every tap of a few channels. Undefined for matrices.
 */
export function spatialOrder(shape: readonly number[]): Int32Array<ArrayBuffer> | undefined {
  const [, channels = 1, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  if (taps === 1) return undefined;
  return Int32Array.from({ length: channels * taps }, (_, k) => (k % channels) * taps + Math.floor(k / channels));
}

/** Columns in the order of the stored tensor. */
export function storedOrder(columns: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: columns }, (_, k) => k);
}

/** GPTQ on a matrix with a scale a group, against the second moments of calibration rows. */
export function gptqMatrix(
  weights: Float32Array,
  view: MatrixView,
  rows: TimedRows,
  { bits, groupSize }: { readonly bits: 2 | 4 | 8; readonly groupSize: number },
): MatrixCodes {
  const { columns, order } = view;
  const problem = roundingProblem(moments(rows, order), columns);
  const groups = groupCount(columns, groupSize);
  const book = emptyBook(view, bits, groups);
  const target = new Float64Array(columns);
  for (let r = 0; r < view.rows; r++) {
    for (let k = 0; k < columns; k++) target[k] = weights[r * columns + (order[k] as number)] as number;
    const grids: CodeGrid[] = [];
    for (let g = 0; g < groups; g++) {
      const grid = groupGrid(target.subarray(g * groupSize, (g + 1) * groupSize), bits);
      grids.push(grid);
      book.scales[r * groups + g] = grid.scale;
    }
    const { codes } = roundRow(target, problem, (column) => grids[Math.floor(column / groupSize)] as CodeGrid);
    for (let k = 0; k < columns; k++) book.codes[r * columns + k] = bookCode(codes[k] as number, book);
  }
  return { ...view, groupSize, books: [book] };
}

/** Damped second moments of the rows, columns in group order. */
function moments({ columns, count, values }: TimedRows, order: Int32Array): Float64Array {
  const sums = new Float64Array(columns * columns);
  const row = new Float64Array(columns);
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < columns; k++) row[k] = values[n * columns + (order[k] as number)] as number;
    for (let i = 0; i < columns; i++) {
      const a = row[i] as number;
      if (a === 0) continue;
      for (let j = 0; j <= i; j++) sums[i * columns + j] = (sums[i * columns + j] as number) + a * (row[j] as number);
    }
  }
  let trace = 0;
  for (let k = 0; k < columns; k++) trace += sums[k * columns + k] as number;
  const damping = trace > 0 ? (DAMPING * trace) / columns : 1;
  for (let i = 0; i < columns; i++) {
    sums[i * columns + i] = (sums[i * columns + i] as number) + damping;
    for (let j = 0; j < i; j++) sums[j * columns + i] = sums[i * columns + j] as number;
  }
  return sums;
}
