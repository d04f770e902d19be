import { HarnessError } from "../domain/errors.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import { type RoundingProblem, roundingProblem, roundRow, roundRowSearchingScale } from "./gptq.ts";
import type { LayerStatistics } from "./layer-statistics.ts";
import type { WeightedLayer } from "./layers.ts";
import { cholesky, solveCholesky } from "./linear-algebra.ts";
import type { WeightSpec } from "./recipe.ts";
import { rowView } from "./row-view.ts";
import {
  type CodeGrid,
  emptyCodes,
  gridForRow,
  LOWEST_SHARE,
  layoutFor,
  type RowLayout,
  searchGrid,
  type WeightCodes,
  widestGrid,
} from "./weight-codes.ts";

/**
 * Share of the mean diagonal that is added to the Hessian: keeps it invertible where inputs are dependent or dead, and the
 * corrected target near the original weights where the items say little. The value of the GPTQ paper.
 */
const DAMPING = 0.01;

/** Rounds a layer's weights by GPTQ against the inputs that the quantized layers before it will deliver. */
export function roundByGptq(
  { layer, spec, weights }: { layer: WeightedLayer; spec: WeightSpec; weights: Float32Array },
  statistics: LayerStatistics,
): { weights: WeightCodes; layout: RowLayout } {
  const view = rowView(layer);
  const layout = layoutFor(spec, layer.weightDims, layer.channelAxis);
  const codes = emptyCodes(weights.length, spec);
  const scales = new Float32Array(layout.rows);
  const zeroPoints = new Int32Array(layout.rows);
  const shared = spec.granularity === "tensor" ? gridForRow(weights, { ...spec, scale: "mse" }) : undefined;
  const rowsPerGroup = view.rows / statistics.groups;
  for (let group = 0; group < statistics.groups; group++) {
    const { problem, correct } = prepareGroup(statistics, group);
    for (let r = group * rowsPerGroup; r < (group + 1) * rowsPerGroup; r++) {
      const original = Float64Array.from({ length: view.columns }, (_, k) => weights[view.at(r, k)] ?? 0);
      const target = correct(original);
      const { codes: rowCodes, gridOf } = roundOne(target, problem, spec, shared);
      for (let k = 0; k < view.columns; k++) codes[view.at(r, k)] = rowCodes[k] ?? 0;
      for (const [scaleRow, grid] of gridOf(r)) {
        scales[scaleRow] = grid.scale;
        zeroPoints[scaleRow] = grid.zeroPoint;
      }
    }
  }
  return { weights: { codes, scales, zeroPoints }, layout };
}

type GridsOf = (row: number) => [scaleRow: number, grid: CodeGrid][];

function roundOne(
  target: Float64Array,
  problem: RoundingProblem,
  spec: WeightSpec,
  shared: CodeGrid | undefined,
): { codes: Int16Array; gridOf: GridsOf } {
  if (shared !== undefined) {
    return { codes: roundRow(target, problem, () => shared).codes, gridOf: () => [[0, shared]] };
  }
  if (spec.granularity === "block") {
    const size = spec.block_size ?? 32;
    const grids: CodeGrid[] = [];
    for (let k = 0; k < target.length; k += size)
      grids.push(gridForRow(target.subarray(k, k + size), { ...spec, scale: "mse" }));
    const { codes } = roundRow(target, problem, (column) => grids[Math.floor(column / size)] as CodeGrid);
    return { codes, gridOf: (row) => grids.map((grid, block) => [row * grids.length + block, grid]) };
  }
  const widest = searchGrid(widestGrid(target, spec), spec);
  const { codes, grid } = roundRowSearchingScale(target, problem, widest, LOWEST_SHARE[spec.bits] ?? 0.5);
  return { codes, gridOf: (row) => [[row, grid]] };
}

/** The group's rounding problem, and the weights that best reproduce the float layer from quantized inputs (least squares). */
function prepareGroup(statistics: LayerStatistics, group: number) {
  const { columns } = statistics;
  const from = group * columns * columns;
  const hessian = statistics.moments.slice(from, from + columns * columns);
  const cross = statistics.cross.slice(from, from + columns * columns);
  let trace = 0;
  for (let k = 0; k < columns; k++) trace += hessian[k * columns + k] as number;
  // All-zero inputs leave nothing to weigh errors by: any positive diagonal rounds to nearest.
  if (!Number.isFinite(trace)) {
    throw new HarnessError("QUANTIZE_CALIBRATION", "Activations are NaN or infinite on the calibration items.", {
      hint: "Check the items for NaN, and the model's preprocessing.",
    });
  }
  const { lower, problem } = factored({
    hessian,
    cross,
    columns,
    damping: trace > 0 ? (DAMPING * trace) / columns : 1,
  });
  const correct = (weights: Float64Array): Float64Array => {
    const target = new Float64Array(columns);
    for (let i = 0; i < columns; i++) {
      const weight = weights[i] as number;
      if (weight === 0) continue;
      for (let j = 0; j < columns; j++) target[j] = (target[j] as number) + weight * (cross[i * columns + j] as number);
    }
    solveCholesky(lower, columns, target);
    return target;
  };
  return { problem, correct };
}

interface DampedMoments {
  readonly hessian: Float64Array;
  readonly cross: Float64Array;
  readonly columns: number;
  /** Added to both diagonals, which are changed. */
  readonly damping: number;
}

/**
 * Factors of the damped moments. Sums in single precision about a mean much larger than the spread lose more than the usual damping
 * makes up for; ten times as much is then added, until the matrix is positive definite again.
 */
function factored({ hessian, cross, columns, damping }: DampedMoments): {
  lower: Float64Array;
  problem: RoundingProblem;
} {
  for (let added = damping; ; added *= 10) {
    for (let k = 0; k < columns; k++) {
      hessian[k * columns + k] = (hessian[k * columns + k] as number) + added;
      cross[k * columns + k] = (cross[k * columns + k] as number) + added;
    }
    try {
      return { lower: cholesky(hessian, columns), problem: roundingProblem(hessian, columns) };
    } catch (error) {
      // At a million times the mean diagonal nothing else is left in it.
      if (!(error instanceof RangeError) || added > damping * 1e8) throw error;
    }
  }
}

/** The bias that gives the quantized layer the float layer's mean output: b + W·mean(x) - Ŵ·mean(x̂). */
export function correctedBias(
  entry: Pick<QuantizedLayer, "layer" | "bias">,
  weights: Float32Array,
  dequantized: Float32Array,
  statistics: LayerStatistics,
): Float32Array<ArrayBuffer> {
  const view = rowView(entry.layer);
  const rowsPerGroup = view.rows / statistics.groups;
  return Float32Array.from({ length: view.rows }, (_, r) => {
    const first = Math.floor(r / rowsPerGroup) * statistics.columns;
    let bias = entry.bias?.[r] ?? 0;
    for (let k = 0; k < view.columns; k++) {
      const at = view.at(r, k);
      bias +=
        (weights[at] ?? 0) * (statistics.mean[first + k] ?? 0) -
        (dequantized[at] ?? 0) * (statistics.meanQuantized[first + k] ?? 0);
    }
    return bias;
  });
}
