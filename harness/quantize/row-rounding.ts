import { HarnessError } from "../domain/errors.ts";
import { refineByAdaRound } from "./adaround.ts";
import { type RoundingProblem, roundingProblem, roundRow, roundRowSearchingScale } from "./gptq.ts";
import { cholesky, solveCholesky } from "./linear-algebra.ts";
import type { WeightSpec } from "./recipe.ts";
import { type CodeGrid, gridForRow, LOWEST_SHARE, searchGrid, widestGrid } from "./weight-codes.ts";

/** Rows of one group of a layer, and the moments of the inputs they multiply. Plain data, so that a thread can take it. */
export interface RowsTask {
  readonly spec: WeightSpec;
  readonly columns: number;
  readonly count: number;
  /** Weights, count × columns. */
  readonly rows: Float64Array;
  /** Second moments of the quantized inputs, and cross moments of float (rows) with quantized ones, columns × columns. */
  readonly moments: Float64Array;
  readonly cross: Float64Array;
  /** The grid of all rows, where the whole tensor has one. */
  readonly shared?: CodeGrid | undefined;
}

export interface RowsResult {
  /** count × columns. */
  readonly codes: Int16Array<ArrayBuffer>;
  /** Scale and zero point of each grid, row after row; one grid a row, or one a block. */
  readonly scales: Float32Array<ArrayBuffer>;
  readonly zeroPoints: Int32Array<ArrayBuffer>;
  /** What the rounding errors cost, as the damped moments weigh them; summed over the rows. */
  readonly loss: number;
}

/** How the pipeline has rows rounded: on threads, where that pays. Results are in the order of the tasks, and do not depend on who made them. */
export type RoundRowsPort = (tasks: readonly RowsTask[], signal?: AbortSignal) => Promise<readonly RowsResult[]>;

/** Rounds on the calling thread. */
export const roundRowsHere: RoundRowsPort = async (tasks, signal) =>
  tasks.map((task) => {
    signal?.throwIfAborted();
    return roundRows(task);
  });

/**
 * Share of the mean diagonal that is added to the moments: keeps them invertible where inputs are dependent or dead, and the
 * corrected target near the original weights where the items say little. The value of the GPTQ paper.
 */
const DAMPING = 0.01;

/** Rounds rows against the inputs that they will meet. QUANTIZE_CALIBRATION where those are not finite. */
export function roundRows(task: RowsTask): RowsResult {
  const { columns, count, rows, spec, shared } = task;
  const { problem, correct } = prepare(task);
  const codes = new Int16Array(count * columns);
  const grids: CodeGrid[] = [];
  let loss = 0;
  for (let r = 0; r < count; r++) {
    const rounded = roundOne(correct(rows.subarray(r * columns, (r + 1) * columns)), problem, spec, shared);
    codes.set(rounded.codes, r * columns);
    grids.push(...rounded.grids);
    loss += rounded.loss;
  }
  return {
    codes,
    scales: Float32Array.from(grids, ({ scale }) => scale),
    zeroPoints: Int32Array.from(grids, ({ zeroPoint }) => zeroPoint),
    loss,
  };
}

function roundOne(
  target: Float64Array,
  problem: RoundingProblem,
  spec: WeightSpec,
  shared: CodeGrid | undefined,
): { readonly codes: Int16Array; readonly grids: readonly CodeGrid[]; readonly loss: number } {
  if (shared !== undefined) return { ...roundRow(target, problem, () => shared), grids: [shared] };
  if (spec.granularity === "block") {
    const size = spec.block_size ?? 32;
    const grids: CodeGrid[] = [];
    for (let k = 0; k < target.length; k += size)
      grids.push(gridForRow(target.subarray(k, k + size), { ...spec, scale: "mse" }));
    return { ...roundRow(target, problem, (column) => grids[Math.floor(column / size)] as CodeGrid), grids };
  }
  const widest = searchGrid(widestGrid(target, spec), spec);
  const row = roundRowSearchingScale(target, problem, widest, LOWEST_SHARE[spec.bits] ?? 0.5);
  const { codes, grid, loss } = spec.rounding === "adaround" ? refineByAdaRound(target, problem, row) : row;
  return { codes, grids: [grid], loss };
}

/** The rounding problem, and the weights that best reproduce the float layer from quantized inputs (least squares). */
function prepare({ columns, moments, cross: floatCross }: RowsTask) {
  const hessian = moments.slice();
  const cross = floatCross.slice();
  let trace = 0;
  for (let k = 0; k < columns; k++) trace += hessian[k * columns + k] as number;
  if (!Number.isFinite(trace)) {
    throw new HarnessError("QUANTIZE_CALIBRATION", "Activations are NaN or infinite on the calibration items.", {
      hint: "Check the items for NaN, and the model's preprocessing.",
    });
  }
  // All-zero inputs leave nothing to weigh errors by: any positive diagonal rounds to nearest.
  const damping = trace > 0 ? (DAMPING * trace) / columns : 1;
  const { lower, problem } = factored({ hessian, cross, columns, damping });
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
