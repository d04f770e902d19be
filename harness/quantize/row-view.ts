import type { WeightedLayer } from "./layers.ts";

/** A layer's weights as rows of output channels, K columns each, whatever the operator's own order. */
export interface RowView {
  readonly rows: number;
  readonly columns: number;
  /** Index in the tensor. */
  at(row: number, column: number): number;
}

export function rowView(layer: WeightedLayer): RowView {
  const [first = 1, second = 1] = layer.weightDims;
  if (layer.op !== "Conv" && layer.channelAxis === 1) {
    return { rows: second, columns: first, at: (row, column) => column * second + row };
  }
  const columns = layer.weightDims.slice(1).reduce((product, dim) => product * dim, 1);
  return { rows: first, columns, at: (row, column) => row * columns + column };
}
