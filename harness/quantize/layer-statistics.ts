import type { GraphProto, ModelProto } from "onnx-buf";
import type { TensorValue } from "../domain/session-port.ts";
import type { CalibrationInput } from "./calibration-job.ts";
import { cloneModel, exposeOnly, soleInput } from "./derived-model.ts";
import { EXACT_INTEGERS } from "./exact-integers.ts";
import { nameSource } from "./graph-view.ts";
import { addColumns, type Laying, layerColumns, type Namer } from "./layer-columns.ts";
import type { WeightedLayer } from "./layers.ts";
import { runBatches } from "./model-runner.ts";
import { graphOf, serializeModel } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";
import type { QuantizeRequest } from "./quantize-model.ts";

/** How a layer's inputs spread, seen as the columns its weights multiply; per group of a grouped convolution. */
export interface LayerStatistics {
  readonly groups: number;
  /** Columns of one group: input channels a group times kernel positions, or the rows of a matrix. */
  readonly columns: number;
  /** Mean of each column, float and quantized, [groups × columns]. */
  readonly mean: Float64Array;
  readonly meanQuantized: Float64Array;
  /** Centered second moments of the quantized inputs, [groups × columns × columns]; empty where only means were asked for. */
  readonly moments: Float64Array;
  /** Centered cross moments, float (rows) with quantized (columns) inputs. */
  readonly cross: Float64Array;
}

export interface StatisticsJob {
  /** Graph with both the float and the partly quantized model. */
  readonly model: ModelProto;
  readonly layer: WeightedLayer;
  /** The layer's input in either. */
  readonly input: string;
  readonly inputQuantized: string;
  readonly moments: boolean;
  /** Second moments are taken about the mean where a bias can take up the rest. */
  readonly centered: boolean;
  readonly calibration: CalibrationInput;
  readonly request: Pick<QuantizeRequest, "session" | "signal" | "threads">;
}

/** Samples a column that moments are taken over: enough for a stable inverse; neighboring windows of an image add little. */
const SAMPLES_PER_COLUMN = 48;

/** Windows are thinned to every fourth at most, so that borders do not outweigh the middle. */
const MAX_THINNING = 4;

/** Fewer items than this do not stand for the rest, however many windows each of them has. */
const LEAST_ITEMS = 128;

/** Computes the moments inside the runtime, where products of matrices are fast, and brings out only K × K sums a batch. */
export async function collectStatistics(job: StatisticsJob): Promise<LayerStatistics> {
  const shape = layerColumns(job.layer);
  const means = await sumColumns(job, { moments: false, thinning: 1 });
  const { mean, meanQuantized } = means;
  if (!job.moments) return { ...shape, mean, meanQuantized, moments: new Float64Array(), cross: new Float64Array() };
  const sums = await sumColumns(...enough(job, means.samples, shape.columns));
  if (job.centered) {
    center(sums.moments, sums.meanQuantized, sums.meanQuantized, shape);
    center(sums.cross, sums.mean, sums.meanQuantized, shape);
  }
  return { ...shape, mean, meanQuantized, moments: sums.moments, cross: sums.cross };
}

/** The job with as many windows and items as moments need: windows are thinned first, then items are left out evenly. */
function enough(job: StatisticsJob, samples: number, columns: number): [StatisticsJob, Laying] {
  const { calibration } = job;
  const items = calibration.indices.length;
  const needed = SAMPLES_PER_COLUMN * columns;
  const thinning = Math.max(1, Math.min(MAX_THINNING, Math.floor(Math.sqrt(samples / needed))));
  const share = (needed * thinning ** 2) / samples;
  const kept = Math.min(items, Math.max(LEAST_ITEMS, Math.ceil(items * share)));
  return [
    { ...job, calibration: spreadItems(calibration, kept) },
    { moments: true, thinning },
  ];
}

/** Evenly spaced items. */
export function spreadItems(calibration: CalibrationInput, count: number): CalibrationInput {
  const { indices } = calibration;
  if (indices.length <= count) return calibration;
  const every = indices.length / count;
  return { ...calibration, indices: Array.from({ length: count }, (_, i) => indices[Math.floor(i * every)] as number) };
}

/** One pass over the items: means of the columns, and raw second moments where asked for. */
async function sumColumns(job: StatisticsJob, laying: Laying) {
  const { layer, calibration, request } = job;
  const model = cloneModel(job.model);
  const graph = graphOf(model);
  const { groups, columns } = layerColumns(layer);
  const freshName = nameSource(graph);
  const float = addColumns(graph, job.layer, laying, { input: job.input, freshName });
  const quantized = addColumns(graph, job.layer, laying, { input: job.inputQuantized, freshName });
  const products = laying.moments ? addProducts(graph, [quantized.columns, float.columns], freshName) : [];
  const outputs = [float.sum, quantized.sum, quantized.shape, ...products];
  exposeOnly(model, outputs);
  const size = groups * columns;
  const mean = new Float64Array(size);
  const meanQuantized = new Float64Array(size);
  const moments = new Float64Array(laying.moments ? size * columns : 0);
  const cross = new Float64Array(moments.length);
  let samples = 0;
  await runBatches({
    model: serializeModel(model),
    input: soleInput(model),
    outputs,
    ...calibration,
    session: request.session,
    // What saturates on this CPU alone must not be learned from.
    sessionConfig: EXACT_INTEGERS,
    threads: request.threads,
    signal: request.signal,
    onBatch: (results, batch) => {
      accumulate(mean, results[float.sum]);
      accumulate(meanQuantized, results[quantized.sum]);
      accumulate(moments, results[products[0] ?? ""]);
      accumulate(cross, results[products[1] ?? ""]);
      samples += Number(results[quantized.shape]?.data[2] ?? 0) * (quantized.batchFolded ? batch.count : 1);
    },
  });
  for (const sums of [mean, meanQuantized, moments, cross]) {
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) / samples;
  }
  return { samples, mean, meanQuantized, moments, cross };
}

/** Products of columns with the transposed first of them: quantized × quantized, then float × quantized. */
function addProducts(graph: GraphProto, columns: readonly [string, string], freshName: Namer): string[] {
  const transposed = freshName("stat_t");
  graph.node.push(makeNode("Transpose", [columns[0]], [transposed], { attributes: { perm: [0, 2, 1] } }));
  return columns.map((left) => {
    const product = freshName("stat_p");
    graph.node.push(makeNode("MatMul", [left, transposed], [product]));
    return product;
  });
}

function accumulate(into: Float64Array, tensor: TensorValue | undefined): void {
  if (tensor === undefined) return;
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + Number(tensor.data[i]);
}

function center(
  moments: Float64Array,
  a: Float64Array,
  b: Float64Array,
  { groups, columns }: { groups: number; columns: number },
): void {
  for (let g = 0; g < groups; g++) {
    for (let i = 0; i < columns; i++) {
      const row = (g * columns + i) * columns;
      const left = a[g * columns + i] as number;
      for (let j = 0; j < columns; j++)
        moments[row + j] = (moments[row + j] as number) - left * (b[g * columns + j] as number);
    }
  }
}
