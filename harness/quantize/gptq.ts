import { inverseFactor } from "./linear-algebra.ts";
import { type CodeGrid, nearestCode } from "./weight-codes.ts";

/**
 * The quadratic form eᵀ·H·e that a row's rounding error e costs, ready for column-by-column rounding
 * (Frantar et al., "GPTQ", 2022; columns in order of falling diagonal, as its act-order variant).
 */
export interface RoundingProblem {
  readonly columns: number;
  /** Damped second moments of the inputs, K × K. */
  readonly hessian: Float64Array;
  /** Order in which columns are rounded. */
  readonly order: Int32Array;
  /** Upper factor of the inverse of the reordered matrix. */
  readonly factor: Float64Array;
}

export interface RoundedRow {
  readonly codes: Int16Array;
  readonly grid: CodeGrid;
  readonly loss: number;
}

/** Prepares a damped Hessian (positive definite, K × K). */
export function roundingProblem(hessian: Float64Array, columns: number): RoundingProblem {
  const order = Int32Array.from({ length: columns }, (_, k) => k).sort(
    (a, b) => (hessian[b * columns + b] as number) - (hessian[a * columns + a] as number),
  );
  const permuted = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) {
    const from = (order[i] as number) * columns;
    for (let j = 0; j < columns; j++) permuted[i * columns + j] = hessian[from + (order[j] as number)] as number;
  }
  return { columns, hessian, order, factor: inverseFactor(permuted, columns) };
}

/** Rounds one row column by column; each error is made up for by the columns still to come. `gridOf` gives a column's grid. */
export function roundRow(
  target: Float64Array,
  problem: RoundingProblem,
  gridOf: (column: number) => CodeGrid,
): { codes: Int16Array; loss: number } {
  const { columns, order, factor } = problem;
  const work = new Float64Array(columns);
  for (let i = 0; i < columns; i++) work[i] = target[order[i] as number] as number;
  const codes = new Int16Array(columns);
  let loss = 0;
  for (let i = 0; i < columns; i++) {
    const column = order[i] as number;
    const grid = gridOf(column);
    const value = work[i] as number;
    const code = nearestCode(value, grid);
    codes[column] = code;
    const at = i * columns;
    const error = (value - (code - grid.zeroPoint) * grid.scale) / (factor[at + i] as number);
    loss += error * error;
    if (error === 0) continue;
    for (let j = i + 1; j < columns; j++) work[j] = (work[j] as number) - error * (factor[at + j] as number);
  }
  return { codes, loss };
}

/** Shares of the widest scale that are tried for a row with a scale of its own. */
const SHARES = 24;

/** Passes of coordinate descent and scale refits; gains vanish after a few. */
const REFINEMENTS = 4;

/** Rounds a row and finds its scale: the best of a grid of scales, then single steps of codes in turn with refits of the scale. */
export function roundRowSearchingScale(
  target: Float64Array,
  problem: RoundingProblem,
  widest: CodeGrid,
  lowestShare: number,
): RoundedRow {
  let best: RoundedRow | undefined;
  for (let step = 0; step < SHARES; step++) {
    const share = 1 - ((1 - lowestShare) * step) / (SHARES - 1);
    const grid = { ...widest, scale: Math.fround(widest.scale * share) };
    const { codes, loss } = roundRow(target, problem, () => grid);
    if (best === undefined || loss < best.loss) best = { codes, grid, loss };
  }
  let row = best as RoundedRow;
  for (let pass = 0; pass < REFINEMENTS; pass++) {
    const refit = refitScale(target, problem, row);
    const refined = descend(target, problem, refit);
    const gained = refined.loss < row.loss * (1 - 1e-6);
    row = refined.loss < row.loss ? refined : row;
    if (!gained) break;
  }
  return row;
}

/** Error vector of a row, and H·e. */
function errorOf(target: Float64Array, { columns, hessian }: RoundingProblem, codes: Int16Array, grid: CodeGrid) {
  const error = new Float64Array(columns);
  for (let k = 0; k < columns; k++)
    error[k] = (target[k] as number) - ((codes[k] as number) - grid.zeroPoint) * grid.scale;
  const gradient = new Float64Array(columns);
  let loss = 0;
  for (let i = 0; i < columns; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (hessian[i * columns + j] as number) * (error[j] as number);
    gradient[i] = sum;
    loss += sum * (error[i] as number);
  }
  return { error, gradient, loss };
}

/** The scale of least loss for fixed codes: a ratio of two quadratic forms. */
export function refitScale(target: Float64Array, problem: RoundingProblem, row: RoundedRow): RoundedRow {
  const { columns, hessian } = problem;
  const { codes, grid } = row;
  let cross = 0;
  let power = 0;
  for (let i = 0; i < columns; i++) {
    const code = (codes[i] as number) - grid.zeroPoint;
    if (code === 0) continue;
    let towardsTarget = 0;
    let towardsCodes = 0;
    for (let j = 0; j < columns; j++) {
      const h = hessian[i * columns + j] as number;
      towardsTarget += h * (target[j] as number);
      towardsCodes += h * ((codes[j] as number) - grid.zeroPoint);
    }
    cross += code * towardsTarget;
    power += code * towardsCodes;
  }
  const scale = Math.fround(cross / power);
  return scale > 0 && Number.isFinite(scale) ? { ...row, grid: { ...grid, scale } } : row;
}

/** Moves single codes by one step while that lowers the loss; the loss of what comes out is exact. */
export function descend(target: Float64Array, problem: RoundingProblem, row: RoundedRow): RoundedRow {
  const { columns, hessian, order } = problem;
  const { grid } = row;
  const codes = row.codes.slice();
  const start = errorOf(target, problem, codes, grid);
  const { gradient } = start;
  let { loss } = start;
  const delta = grid.step * grid.scale;
  for (let changed = true, pass = 0; changed && pass < 20; pass++) {
    changed = false;
    for (let i = 0; i < columns; i++) {
      const column = order[i] as number;
      const slope = gradient[column] as number;
      const up = slope > 0;
      const code = (codes[column] as number) + (up ? grid.step : -grid.step);
      // Moving a code by one step changes the loss by -2·|slope|·delta + delta²·H_kk.
      const change = delta * (delta * (hessian[column * columns + column] as number) - 2 * Math.abs(slope));
      if (change >= 0 || code < grid.min || code > grid.max) continue;
      codes[column] = code;
      loss += change;
      const moved = up ? delta : -delta;
      for (let k = 0; k < columns; k++)
        gradient[k] = (gradient[k] as number) - moved * (hessian[column * columns + k] as number);
      changed = true;
    }
  }
  return { codes, grid, loss };
}
