import type { ActivationPlan } from "./activation-plan.ts";
import type { CalibrationInput } from "./calibration-job.ts";
import { cloneModel } from "./derived-model.ts";
import { emitModel } from "./emit-model.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import type { Grid } from "./grid.ts";
import { layerColumns } from "./layer-columns.ts";
import { collectStatistics, spreadItems } from "./layer-statistics.ts";
import type { WeightedLayer } from "./layers.ts";
import { mergeGraph } from "./merge-graphs.ts";
import { graphOf } from "./onnx-file.ts";
import type { PreparedModel } from "./prepared-model.ts";
import type { QuantizeRequest } from "./quantize-model.ts";
import type { WeightSpec } from "./recipe.ts";
import { layerBias, layerWeights, roundLayer, scaleFloors } from "./round-layer.ts";
import { correctedBias, roundByGptq } from "./round-with-statistics.ts";
import { roundRowsHere } from "./row-rounding.ts";
import { dequantize, raiseScales } from "./weight-codes.ts";

/** Beyond this many columns the moments' K × K sums outgrow memory and patience, and weights are rounded to nearest. */
const MAX_COLUMNS = 4608;

/** A convolution's window picks are K × K floats inside the graph, which must stay small beside the model. */
const MAX_CONV_COLUMNS = 2304;

export interface SequentialJob {
  readonly prepared: PreparedModel;
  readonly chosen: readonly { readonly layer: WeightedLayer; readonly spec: WeightSpec }[];
  readonly plan: ActivationPlan;
  readonly grids: ReadonlyMap<string, Grid>;
  readonly inputGrids: ReadonlyMap<string, Grid>;
  readonly calibration: CalibrationInput;
  readonly request: QuantizeRequest;
}

/**
 * Rounds layer after layer, each against the inputs that the already quantized ones before it deliver, and corrects biases by the
 * same inputs' means. The prepared model is not changed.
 */
export async function roundSequentially(job: SequentialJob): Promise<QuantizedLayer[]> {
  const { chosen, inputGrids, request } = job;
  const done: QuantizedLayer[] = [];
  for (const { layer, spec } of chosen) {
    request.signal?.throwIfAborted();
    done.push(await roundNext(job, done, layer, spec, inputGrids.get(layer.node.input[0] ?? "")));
    request.onProgress?.({ stage: "round", share: done.length / chosen.length });
  }
  return done;
}

async function roundNext(
  job: SequentialJob,
  done: readonly QuantizedLayer[],
  layer: WeightedLayer,
  spec: WeightSpec,
  input: Grid | undefined,
): Promise<QuantizedLayer> {
  const { view } = job.prepared;
  const { columns } = layerColumns(layer);
  const gptq = spec.rounding !== "nearest" && columns <= (layer.op === "Conv" ? MAX_CONV_COLUMNS : MAX_COLUMNS);
  const nearest = roundLayer(view, layer, gptq ? spec : { ...spec, rounding: "nearest" }, input);
  // Without a bias nothing can take up a mean error, and without GPTQ nothing else is to be learned.
  const takesBias = layer.op !== "MatMul";
  if (!gptq && !takesBias) return nearest;
  const values = layerWeights(view, layer);
  const statistics = await statisticsFor(job, done, layer, { moments: gptq, centered: takesBias });
  const { roundRows = roundRowsHere, threads = 1, signal } = job.request;
  const rounded = gptq
    ? await roundByGptq({ layer, spec, weights: values }, statistics, { roundRows, parts: threads, signal })
    : nearest;
  const entry: QuantizedLayer = {
    layer,
    spec: nearest.spec,
    layout: rounded.layout,
    weights: rounded.weights,
    bias: layerBias(view, layer),
  };
  if (!takesBias) return entry;
  const bias = correctedBias(entry, values, dequantize(entry.weights, entry.layout), statistics);
  if (input !== undefined)
    raiseScales(entry.weights, values, entry.layout, spec, scaleFloors(bias, entry.layout.rows, input));
  return { ...entry, bias };
}

async function statisticsFor(
  { prepared, plan, grids, calibration, request }: SequentialJob,
  done: readonly QuantizedLayer[],
  layer: WeightedLayer,
  options: { readonly moments: boolean; readonly centered: boolean },
) {
  const partly = emitModel(prepared, { quantized: done, plan, grids }, request.recipe);
  const both = cloneModel(prepared.model);
  both.opsetImport = partly.model.opsetImport;
  const rename = mergeGraph(graphOf(both), graphOf(partly.model), "quantized/");
  return collectStatistics({
    model: both,
    layer,
    input: layer.node.input[0] ?? "",
    inputQuantized: rename(partly.copyOf(layer.node).input[0] ?? ""),
    ...options,
    calibration: spreadItems(calibration, STATISTICS_ITEMS),
    request,
  });
}

/** Items that statistics are taken over: their means are stable to a hundredth of a standard deviation long before. */
const STATISTICS_ITEMS = 512;
