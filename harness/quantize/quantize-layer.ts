import type { StrategyStep as StepRow } from "../domain/generated/quantize-report-v1.ts";
import type { RungBits } from "./deployment-profile.ts";
import { gptqMatrix, spatialOrder, storedOrder } from "./gptq-matrix.ts";
import {
  bookBytes,
  dequantizeMatrix,
  type MatrixCodes,
  type MatrixView,
  type PackedBook,
  packBook,
  unpackBook,
} from "./matrix-codes.ts";
import { meanCosine, outputSqnr, weightSqnr } from "./matrix-quality.ts";
import { residualCodes } from "./residual-codes.ts";
import { singleStage } from "./single-stage.ts";
import type { StrategyStep } from "./strategy.ts";
import { quantizeRows, rowsSqnr, type TimedRows, type TimeScales, timeScales } from "./time-scales.ts";

/** One layer of a model folder, and how it is to be quantized. Plain data, so that a worker thread can take it. */
export interface LayerTask {
  readonly name: string;
  /** Output channels first; at least two axes. */
  readonly shape: readonly number[];
  readonly weights: Float32Array<ArrayBuffer>;
  readonly rows: TimedRows;
  readonly calibration: "measured" | "synthetic";
  readonly bits: RungBits;
  readonly groupSize: number;
  readonly timeGroups: number;
  /** Parts of the strategy in force. */
  readonly steps: readonly StrategyStep[];
  /** Parts that a flag switched off. */
  readonly disabled: readonly StrategyStep[];
}

/** Everything that is needed to read the layer back. */
export interface QuantizedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly groupSize: number;
  /** true: columns are grouped by kernel tap, see spatialOrder. */
  readonly spatial: boolean;
  readonly books: readonly PackedBook[];
  readonly activations: TimeScales;
}

export interface LayerOutcome {
  readonly matrix: QuantizedMatrix;
  readonly bytes: number;
  readonly sqnr_db: number | null;
  readonly cosine: number | null;
  readonly steps: readonly StepRow[];
}

/** Beyond this many columns the factor of a K × K matrix takes minutes, and weights are rounded to nearest. */
const MAX_GPTQ_COLUMNS = 2048;

/** Quantizes a layer by the parts of its strategy; each part is measured with and without, and kept where it pays. */
export function quantizeLayer(task: LayerTask): LayerOutcome {
  const rows = task.shape[0] as number;
  const columns = task.weights.length / rows;
  const stored: MatrixView = { rows, columns, order: storedOrder(columns) };
  const parts = splitRows(task.rows);
  const steps: StepRow[] = [];
  const enabled = (step: StrategyStep) => task.steps.includes(step) && !task.disabled.includes(step);
  for (const step of task.steps) {
    if (task.disabled.includes(step)) steps.push({ ...notApplied(step), reason: "switched off by a flag" });
  }
  let codes = singleStage(task.weights, stored, task);
  let spatial = false;
  if (enabled("residual-codes")) codes = chooseResidual(task, stored, codes, steps);
  if (enabled("spatial-groups")) {
    const grouped = chooseSpatial(task, stored, codes, parts.choose, steps);
    spatial = grouped !== undefined;
    codes = grouped ?? codes;
  }
  if (enabled("gptq")) codes = chooseGptq(task, codes, parts, steps);
  const activations = chooseTimeScales(task, parts, enabled("time-scales"), steps);
  const matrix: QuantizedMatrix = {
    rows,
    columns,
    groupSize: codes.groupSize,
    spatial,
    books: codes.books.map(packBook),
    activations,
  };
  // Measured on what is stored, not on what was meant to be.
  const weights = readMatrix(matrix, task.shape);
  const seen = parts.report;
  const inputs = quantizeRows(seen, activations);
  return {
    matrix,
    bytes: matrixBytes(matrix),
    sqnr_db: weightSqnr(task.weights, weights),
    cosine: meanCosine({ rows, columns, weights: task.weights, inputs: seen.values }, { weights, inputs }, seen.count),
    steps,
  };
}

/** The real weights of a stored layer, in the order of its shape. */
export function readMatrix(matrix: QuantizedMatrix, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const { rows, columns, groupSize, spatial } = matrix;
  const order = (spatial ? spatialOrder(shape) : undefined) ?? storedOrder(columns);
  const books = matrix.books.map((book) => unpackBook(book, rows * columns));
  return dequantizeMatrix({ rows, columns, order, groupSize, books });
}

export function matrixBytes({ books, activations }: QuantizedMatrix): number {
  return books.reduce((sum, book) => sum + bookBytes(book), 0) + 4 * activations.scales.length;
}

/** Of every five rows three are learnt from, one decides what pays, and one is only reported on. Very few rows serve all ends. */
function splitRows(rows: TimedRows) {
  const pick = (wanted: (r: number) => boolean): TimedRows => {
    const kept = Array.from({ length: rows.count }, (_, r) => r).filter(wanted);
    const values = new Float32Array(kept.length * rows.columns);
    for (const [at, r] of kept.entries()) {
      values.set(rows.values.subarray(r * rows.columns, (r + 1) * rows.columns), at * rows.columns);
    }
    return {
      columns: rows.columns,
      count: kept.length,
      values,
      times: Int32Array.from(kept, (r) => rows.times[r] as number),
    };
  };
  if (rows.count < 5) return { fit: rows, choose: rows, report: rows };
  return { fit: pick((r) => r % 5 < 3), choose: pick((r) => r % 5 === 3), report: pick((r) => r % 5 === 4) };
}

type Parts = ReturnType<typeof splitRows>;

/** Against single-stage codes with groups of half the size: as many scales, so as many bytes. */
function chooseResidual(task: LayerTask, view: MatrixView, plain: MatrixCodes, steps: StepRow[]): MatrixCodes {
  const residual = residualCodes(task.weights, view, task);
  const halved = singleStage(task.weights, view, { bits: task.bits, groupSize: task.groupSize / 2 });
  const withoutDb = weightSqnr(task.weights, dequantizeMatrix(halved));
  const withDb = weightSqnr(task.weights, dequantizeMatrix(residual));
  const added = bytesOf(residual) - bytesOf(plain);
  const pays = withDb === null || withoutDb === null || withDb >= withoutDb;
  const reason = pays ? null : "single-stage codes with as many scales come closer";
  steps.push({
    step: "residual-codes",
    applied: pays,
    without_db: withoutDb,
    with_db: withDb,
    added_bytes: pays ? added : 0,
    reason,
  });
  return pays ? residual : halved;
}

function chooseSpatial(
  task: LayerTask,
  stored: MatrixView,
  plain: MatrixCodes,
  rows: TimedRows,
  steps: StepRow[],
): MatrixCodes | undefined {
  const order = spatialOrder(task.shape);
  if (order === undefined) {
    steps.push({ ...notApplied("spatial-groups"), reason: "its weights have no kernel taps" });
    return undefined;
  }
  const grouped = singleStage(task.weights, { ...stored, order }, task);
  const withoutDb = outputSqnr(task.weights, dequantizeMatrix(plain), stored, rows);
  const withDb = outputSqnr(task.weights, dequantizeMatrix(grouped), stored, rows);
  const pays = withDb !== null && withoutDb !== null && withDb > withoutDb;
  const reason = pays ? null : "groups in the stored order lose less";
  steps.push({ step: "spatial-groups", applied: pays, without_db: withoutDb, with_db: withDb, added_bytes: 0, reason });
  return pays ? grouped : undefined;
}

function chooseGptq(task: LayerTask, nearest: MatrixCodes, { fit, choose }: Parts, steps: StepRow[]): MatrixCodes {
  const skip = (reason: string) => {
    steps.push({ ...notApplied("gptq"), reason });
    return nearest;
  };
  if (nearest.columns > MAX_GPTQ_COLUMNS)
    return skip(`it has ${nearest.columns} columns, more than ${MAX_GPTQ_COLUMNS}`);
  const rounded = gptqMatrix(task.weights, nearest, fit, task);
  const withoutDb = outputSqnr(task.weights, dequantizeMatrix(nearest), nearest, choose);
  const withDb = outputSqnr(task.weights, dequantizeMatrix(rounded), nearest, choose);
  const pays = withDb !== null && withoutDb !== null && withDb > withoutDb;
  const reason = pays ? null : "rounding to nearest loses less on rows that GPTQ did not see";
  steps.push({ step: "gptq", applied: pays, without_db: withoutDb, with_db: withDb, added_bytes: 0, reason });
  return pays ? rounded : nearest;
}

function chooseTimeScales(task: LayerTask, { fit, choose }: Parts, enabled: boolean, steps: StepRow[]): TimeScales {
  const one = timeScales(fit, 1);
  if (!enabled) return one;
  const many = timeScales(fit, task.timeGroups);
  if (many.scales.length === 1) {
    const reason = task.timeGroups === 1 ? "the profile has one time group" : "all its rows are of one time step";
    steps.push({ ...notApplied("time-scales"), reason });
    return one;
  }
  const withoutDb = rowsSqnr(choose, one);
  const withDb = rowsSqnr(choose, many);
  const pays = withDb === null || withoutDb === null || withDb > withoutDb;
  const reason = pays ? null : "one scale loses less on rows that were not learnt from";
  const added = pays ? 4 * (many.scales.length - 1) : 0;
  steps.push({
    step: "time-scales",
    applied: pays,
    without_db: withoutDb,
    with_db: withDb,
    added_bytes: added,
    reason,
  });
  return pays ? many : one;
}

function notApplied(step: StrategyStep): Omit<StepRow, "reason"> {
  return { step, applied: false, without_db: null, with_db: null, added_bytes: null };
}

function bytesOf(codes: MatrixCodes): number {
  return codes.books.reduce((sum, book) => sum + bookBytes(packBook(book)), 0);
}
