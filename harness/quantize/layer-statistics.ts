import type { GraphProto, ModelProto } from "onnx-buf";
import type { TensorValue } from "../domain/session-port.ts";
import { type CalibrationInput, cloneModel, exposeOnly, soleInput } from "./calibrate.ts";
import { nameSource } from "./graph-view.ts";
import type { WeightedLayer } from "./layers.ts";
import { runBatches } from "./model-runner.ts";
import { graphOf, serializeModel } from "./onnx-file.ts";
import { intsAttribute, makeNode } from "./onnx-node.ts";
import type { QuantizeRequest } from "./quantize-model.ts";
import { floatTensor, int64Tensor } from "./tensor-values.ts";

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

/** Columns of one group and groups of a layer. */
export function layerColumns(layer: WeightedLayer): { groups: number; columns: number } {
  if (layer.op !== "Conv") return { groups: 1, columns: layer.weightDims[1 - layer.channelAxis] ?? 1 };
  const columns = layer.weightDims.slice(1).reduce((product, dim) => product * dim, 1);
  const group = layer.node.attribute.find((attribute) => attribute.name === "group");
  return { groups: group === undefined ? 1 : Number(group.i), columns };
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

interface Laying {
  readonly moments: boolean;
  /** Strides are multiplied by this, which leaves out windows. */
  readonly thinning: number;
}

/** One pass over the items: means of the columns, and raw second moments where asked for. */
async function sumColumns(job: StatisticsJob, laying: Laying) {
  const { layer, calibration, request } = job;
  const model = cloneModel(job.model);
  const graph = graphOf(model);
  const { groups, columns } = layerColumns(layer);
  const freshName = nameSource(graph);
  const float = addColumns(graph, job, laying, { input: job.input, freshName });
  const quantized = addColumns(graph, job, laying, { input: job.inputQuantized, freshName });
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

type Namer = (base: string) => string;

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

/** Adds nodes that lay out a layer's input as [groups, columns, samples], its sum over samples, and its shape. */
function addColumns(
  graph: GraphProto,
  job: StatisticsJob,
  laying: Laying,
  { input, freshName }: { input: string; freshName: Namer },
) {
  const conv = job.layer.op === "Conv";
  // Where only means are wanted, the batch is summed before its windows are laid out, which is the same and far less work.
  const batchFolded = conv && !laying.moments;
  const source = batchFolded ? foldBatch(graph, input, freshName) : input;
  const columns = conv
    ? unfold(graph, job.layer, laying, { input: source, freshName })
    : matrixColumns(graph, job, source, freshName);
  const [sum, shape] = [freshName("stat_sum"), freshName("stat_shape")];
  const axes = constant(graph, freshName("stat_axes"), [2]);
  graph.node.push(
    makeNode("ReduceSum", [columns, axes], [sum], { attributes: { keepdims: 0 } }),
    makeNode("Shape", [columns], [shape]),
  );
  return { columns, sum, shape, batchFolded };
}

function foldBatch(graph: GraphProto, input: string, freshName: Namer): string {
  const folded = freshName("stat_batch");
  const axes = constant(graph, freshName("stat_axes"), [0]);
  graph.node.push(makeNode("ReduceSum", [input, axes], [folded], { attributes: { keepdims: 1 } }));
  return folded;
}

/** A convolution whose kernels each pick one element of the window, with the layer's own padding and thinned strides: im2col. */
function unfold(
  graph: GraphProto,
  layer: WeightedLayer,
  laying: Laying,
  { input, freshName }: { input: string; freshName: Namer },
): string {
  const { groups, columns } = layerColumns(layer);
  const [, perGroup = 1, ...kernel] = layer.weightDims;
  const picks = new Float32Array(groups * columns * columns);
  for (let row = 0; row < groups * columns; row++) picks[row * columns + (row % columns)] = 1;
  const weight = freshName("stat_picks");
  graph.initializer.push(floatTensor(weight, [groups * columns, perGroup, ...kernel], picks));
  const [windows, shaped, moved, flat] = ["windows", "shaped", "moved", "flat"].map((part) =>
    freshName(`stat_${part}`),
  ) as [string, string, string, string];
  graph.node.push(
    {
      ...makeNode("Conv", [input, weight], [windows]),
      attribute: thinnedAttributes(layer, kernel.length, laying.thinning),
    },
    makeNode("Reshape", [windows, constant(graph, freshName("stat_dims"), [0, groups, columns, -1])], [shaped]),
    makeNode("Transpose", [shaped], [moved], { attributes: { perm: [1, 2, 0, 3] } }),
    makeNode("Reshape", [moved, constant(graph, freshName("stat_dims"), [groups, columns, -1])], [flat]),
  );
  return flat;
}

function thinnedAttributes(layer: WeightedLayer, axes: number, thinning: number) {
  const { attribute } = layer.node;
  // SAME padding depends on the strides, so such windows are all taken.
  const automatic = attribute.some(
    ({ name, s }) => name === "auto_pad" && new TextDecoder().decode(s).startsWith("SAME"),
  );
  if (thinning === 1 || automatic) return attribute;
  const strides = intsAttribute(layer.node, "strides") ?? new Array<number>(axes).fill(1);
  const thinned = makeNode("", [], [], {
    attributes: { strides: strides.map((stride) => stride * thinning) },
  }).attribute;
  return [...attribute.filter(({ name }) => name !== "strides"), ...thinned];
}

function matrixColumns(graph: GraphProto, { layer }: StatisticsJob, input: string, freshName: Namer): string {
  const { columns } = layerColumns(layer);
  const [shaped, flat] = [freshName("stat_rows"), freshName("stat_flat")];
  graph.node.push(
    makeNode("Reshape", [input, constant(graph, freshName("stat_dims"), [1, -1, columns])], [shaped]),
    makeNode("Transpose", [shaped], [flat], { attributes: { perm: [0, 2, 1] } }),
  );
  return flat;
}

function constant(graph: GraphProto, name: string, values: readonly number[]): string {
  graph.initializer.push(int64Tensor(name, [values.length], values));
  return name;
}
