import { create } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import type { ItemTensor } from "../domain/item-tensor.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { nameSource } from "./graph-view.ts";
import type { Range } from "./grid.ts";
import { Histogram } from "./histogram.ts";
import { reportValue } from "./inspect.ts";
import { type BatchRun, runBatches } from "./model-runner.ts";
import { graphOf, serializeModel } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";
import type { ActivationSpec } from "./recipe.ts";

export interface CalibrationInput {
  readonly items: ItemTensor;
  /** Items to use, in this order. */
  readonly indices: ArrayLike<number>;
}

export interface CalibrationJob extends CalibrationInput {
  readonly model: ModelProto;
  readonly values: readonly string[];
  readonly session: SessionPort;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Share of the work done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Finds the range of each value over the calibration items.
 * @throws HarnessError QUANTIZE_CALIBRATION for no items, items of the wrong shape, or a value that is NaN or infinite.
 */
export async function calibrate(job: CalibrationJob, spec: ActivationSpec): Promise<Map<string, Range>> {
  const extremes = await findExtremes(job, spec.calibration === "moving_average");
  if (spec.calibration === "minmax" || spec.calibration === "moving_average") return extremes;
  const histograms = await collectHistograms(job, extremes, spec);
  const ranges = new Map<string, Range>();
  for (const [name, histogram] of histograms) ranges.set(name, histogram.range(spec));
  return ranges;
}

/** Weight of a new batch in the moving average, as quantization-aware training uses it. */
const NEW_BATCH_WEIGHT = 0.1;

/** Extremes through reductions inside the graph: half the time, and a fraction of the memory, of bringing every value out. */
async function findExtremes(job: CalibrationJob, average: boolean): Promise<Map<string, Range>> {
  const model = cloneModel(job.model);
  const graph = graphOf(model);
  const freshName = nameSource(graph);
  const reductions = job.values.map((value) => {
    const names = {
      value,
      low: freshName(`${value}_low`),
      high: freshName(`${value}_high`),
      sum: freshName(`${value}_sum`),
    };
    // The sum is there because minima and maxima may drop NaN, sums never do.
    graph.node.push(
      makeNode("ReduceMin", [value], [names.low], { attributes: { keepdims: 0 } }),
      makeNode("ReduceMax", [value], [names.high], { attributes: { keepdims: 0 } }),
      makeNode("ReduceSum", [value], [names.sum], { attributes: { keepdims: 0 } }),
    );
    return names;
  });
  const outputs = reductions.flatMap(({ low, high, sum }) => [low, high, sum]);
  exposeOnly(model, outputs);
  const ranges = new Map<string, Range>();
  await runBatches({
    ...batchRun(job, model, outputs),
    onBatch: (results, { first, count }) => {
      for (const { value, low, high, sum } of reductions) {
        const range = { low: scalar(results[low]), high: scalar(results[high]) };
        if (![range.low, range.high, scalar(results[sum])].every(Number.isFinite)) throw notFinite(value);
        const known = ranges.get(value);
        ranges.set(value, known === undefined ? range : average ? blend(known, range) : widen(known, range));
      }
      job.onProgress?.((first + count) / job.indices.length);
    },
  });
  return ranges;
}

function widen(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function blend(known: Range, batch: Range): Range {
  return {
    low: known.low + NEW_BATCH_WEIGHT * (batch.low - known.low),
    high: known.high + NEW_BATCH_WEIGHT * (batch.high - known.high),
  };
}

/** Second pass of the histogram methods: values are brought out batch by batch and only their counts are kept. */
async function collectHistograms(
  job: CalibrationJob,
  extremes: ReadonlyMap<string, Range>,
  { calibration }: ActivationSpec,
): Promise<Map<string, Histogram>> {
  const model = cloneModel(job.model);
  const inputs = new Set(graphOf(model).input.map((input) => input.name));
  const freshName = nameSource(graphOf(model));
  // A model input cannot also be an output, so it is brought out through a copy.
  const exposed = job.values.map((value) => {
    if (!inputs.has(value)) return { value, output: value };
    const output = freshName(`${value}_copy`);
    graphOf(model).node.push(makeNode("Identity", [value], [output]));
    return { value, output };
  });
  const histograms = new Map<string, Histogram>();
  for (const [name, range] of extremes) histograms.set(name, new Histogram(range, calibration));
  const outputs = exposed.map(({ output }) => output);
  exposeOnly(model, outputs);
  await runBatches({
    ...batchRun(job, model, outputs),
    onBatch: (results, { first, count }) => {
      for (const { value, output } of exposed) {
        const data = results[output]?.data;
        if (data instanceof Float32Array) histograms.get(value)?.add(data);
      }
      job.onProgress?.((first + count) / job.indices.length);
    },
  });
  return histograms;
}

function batchRun(job: CalibrationJob, model: ModelProto, outputs: readonly string[]): Omit<BatchRun, "onBatch"> {
  return {
    model: serializeModel(model),
    input: soleInput(job.model),
    outputs,
    items: job.items,
    indices: job.indices,
    session: job.session,
    threads: job.threads,
    signal: job.signal,
  };
}

/** The model's one input. @throws HarnessError QUANTIZE_CALIBRATION where it has none or several. */
export function soleInput(model: ModelProto): ReturnType<typeof reportValue> {
  const graph = graphOf(model);
  const constants = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((input) => !constants.has(input.name));
  const only = inputs[0];
  if (inputs.length !== 1 || only === undefined) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `The model has ${inputs.length} inputs; calibration feeds exactly one.`,
      {
        hint: "Use a weight-only recipe, which needs no calibration.",
      },
    );
  }
  return reportValue(only);
}

/** Makes these values the model's only outputs and drops what they do not need. */
export function exposeOnly(model: ModelProto, outputs: readonly string[]): void {
  const graph = graphOf(model);
  // Types are left out: the runtime infers them.
  graph.output = [...new Set(outputs)].map((name) => create(ValueInfoProtoSchema, { name }));
  removeDeadNodes(graph);
}

/** A copy whose lists can be changed without touching the original; tensors are shared. */
export function cloneModel(model: ModelProto): ModelProto {
  const graph = graphOf(model);
  const copy = create(ModelProtoSchema, { ...model });
  copy.graph = {
    ...graph,
    node: graph.node.map((node) => ({ ...node, input: [...node.input], output: [...node.output] })),
    initializer: [...graph.initializer],
    input: [...graph.input],
    output: [...graph.output],
    valueInfo: [...graph.valueInfo],
  };
  copy.opsetImport = model.opsetImport.map((opset) => ({ ...opset }));
  return copy;
}

function scalar(tensor: { data: ArrayLike<number | bigint> } | undefined): number {
  return Number(tensor?.data[0] ?? Number.NaN);
}

function notFinite(value: string): HarnessError {
  return new HarnessError("QUANTIZE_CALIBRATION", `Value '${value}' is NaN or infinite on the calibration items.`, {
    hint: "Check the items for NaN, and the model's preprocessing; such a range cannot be quantized.",
  });
}
