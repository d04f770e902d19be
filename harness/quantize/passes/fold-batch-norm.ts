import type { GraphProto, NodeProto, TensorProto } from "onnx-buf";
import { type GraphView, nameSource, viewGraph } from "../graph-view.ts";
import { floatAttributeOf, intAttribute, isStandard } from "../onnx-node.ts";
import { dimsOf, floatTensor, readFloats } from "../tensor-values.ts";

/** ONNX default of BatchNormalization's epsilon. */
const DEFAULT_EPSILON = 1e-5;

/** Folds BatchNormalization (inference) into the Conv, ConvTranspose or Gemm before it; returns how many. */
export function foldBatchNorms(graph: GraphProto): number {
  let folded = 0;
  for (const node of [...graph.node]) {
    if (node.opType !== "BatchNormalization" || !isStandard(node)) continue;
    if (foldOne(graph, viewGraph(graph), node)) folded++;
  }
  return folded;
}

function foldOne(graph: GraphProto, view: GraphView, norm: NodeProto): boolean {
  const [input = "", scaleName = "", shiftName = "", meanName = "", varianceName = ""] = norm.input;
  const output = norm.output[0] ?? "";
  const layer = view.producer.get(input);
  const statistics = [scaleName, shiftName, meanName, varianceName].map((name) => view.initializer.get(name));
  const weight = layer && view.initializer.get(layer.input[1] ?? "");
  const inference =
    intAttribute(norm, "training_mode", 0) === 0 && norm.output.filter((name) => name !== "").length === 1;
  if (!layer || !weight || !inference || statistics.some((tensor) => tensor === undefined)) return false;
  if (view.outputs.has(input) || (view.consumers.get(input) ?? []).length !== 1) return false;
  const channelAxis = outputChannelAxis(layer, weight);
  const biasName = layer.input[2] ?? "";
  const bias = view.initializer.get(biasName);
  if (channelAxis === undefined || (biasName !== "" && bias === undefined)) return false;

  const [scale, shift, mean, variance] = statistics.map((tensor) => readFloats(tensor as TensorProto)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const epsilon = floatAttributeOf(norm, "epsilon", DEFAULT_EPSILON);
  const factor = Float64Array.from(scale, (gamma, c) => gamma / Math.sqrt((variance[c] ?? 0) + epsilon));
  const dims = dimsOf(weight);
  if (dims[channelAxis] !== scale.length) return false;
  const old = bias ? readFloats(bias) : new Float32Array(scale.length);
  if (old.length !== scale.length) return false; // A broadcast Gemm bias: rare, and left alone.
  const newBias = Float32Array.from(old, (b, c) => (b - (mean[c] ?? 0)) * (factor[c] ?? 0) + (shift[c] ?? 0));

  const freshName = nameSource(graph);
  const newWeightName = freshName(`${weight.name}_folded`);
  const newBiasName = freshName(`${biasName || weight.name}_folded_bias`);
  graph.initializer.push(
    floatTensor(newWeightName, dims, scaleAlong(readFloats(weight), dims, channelAxis, factor)),
    floatTensor(newBiasName, [scale.length], newBias),
  );
  layer.input = [layer.input[0] ?? "", newWeightName, newBiasName];
  layer.output[0] = output;
  graph.node = graph.node.filter((other) => other !== norm);
  dropUnread(graph, [weight.name, biasName, scaleName, shiftName, meanName, varianceName]);
  return true;
}

/** Axis of the weight that counts output channels; undefined where folding is not defined for the operator. */
function outputChannelAxis(layer: NodeProto, weight: TensorProto): number | undefined {
  if (!isStandard(layer)) return undefined;
  if (layer.opType === "Conv") return 0;
  // A grouped ConvTranspose splits its output channels over two axes.
  if (layer.opType === "ConvTranspose") return intAttribute(layer, "group", 1) === 1 ? 1 : undefined;
  const plainGemm =
    layer.opType === "Gemm" &&
    weight.dims.length === 2 &&
    floatAttributeOf(layer, "alpha", 1) === 1 &&
    floatAttributeOf(layer, "beta", 1) === 1;
  if (!plainGemm) return undefined;
  return intAttribute(layer, "transB", 0) === 1 ? 0 : 1;
}

function scaleAlong(values: Float32Array, dims: readonly number[], axis: number, factor: Float64Array): Float32Array {
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  return values.map((value, i) => value * (factor[Math.floor(i / inner) % factor.length] ?? 0));
}

function dropUnread(graph: GraphProto, names: readonly string[]): void {
  const { consumers, outputs } = viewGraph(graph);
  const dead = new Set(names.filter((name) => !consumers.has(name) && !outputs.has(name)));
  graph.initializer = graph.initializer.filter((tensor) => !dead.has(tensor.name));
}
