import { type CodeBook, groupCount, type MatrixCodes, type MatrixView, storedScale } from "./matrix-codes.ts";
import type { WeightSpec } from "./recipe.ts";
import { type CodeGrid, gridForRow, nearestCode } from "./weight-codes.ts";

/** The grid rule of layer files: symmetric, scale of least squared error; at two bits no level is spent on zero. */
export function groupSpec(bits: 2 | 4 | 8): WeightSpec {
  return {
    bits,
    granularity: "channel",
    symmetric: true,
    zero_level: bits > 2,
    storage: "int8",
    scale: "mse",
    rounding: "nearest",
  };
}

/** The grid of one group of weights, with its scale as it will be stored. */
export function groupGrid(values: ArrayLike<number>, bits: 2 | 4 | 8): CodeGrid {
  const grid = gridForRow(values, groupSpec(bits));
  return { ...grid, scale: storedScale(grid.scale) };
}

/** Rounds every weight to the nearest level of its group. */
export function singleStage(
  weights: Float32Array,
  view: MatrixView,
  { bits, groupSize }: { readonly bits: 2 | 4 | 8; readonly groupSize: number },
): MatrixCodes {
  const { rows, columns, order } = view;
  const groups = groupCount(columns, groupSize);
  const book = emptyBook(view, bits, groups);
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      const from = g * groupSize;
      const values = Float64Array.from({ length: Math.min(groupSize, columns - from) }, (_, i) => {
        return weights[r * columns + (order[from + i] as number)] as number;
      });
      const grid = groupGrid(values, bits);
      book.scales[r * groups + g] = grid.scale;
      for (let i = 0; i < values.length; i++) {
        book.codes[r * columns + from + i] = bookCode(nearestCode(values[i] as number, grid), book);
      }
    }
  }
  return { ...view, groupSize, books: [book] };
}

/** An empty book whose codes count from the lowest level of the width. */
export function emptyBook({ rows, columns }: MatrixView, bits: 2 | 4 | 8, groups: number): CodeBook {
  const levels = { 2: { first: -3, step: 2 }, 4: { first: -8, step: 1 }, 8: { first: -127, step: 1 } }[bits];
  return { bits, ...levels, codes: new Uint8Array(rows * columns), scales: new Float32Array(rows * groups) };
}

/** A grid's code counted from its book's lowest level. */
export function bookCode(code: number, { first, step }: Pick<CodeBook, "first" | "step">): number {
  return (code - first) / step;
}
