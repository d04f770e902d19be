import { type NodeProto, TensorProto_DataType as T } from "onnx-buf";
import type { GraphView } from "./graph-view.ts";
import type { WeightedLayer } from "./layers.ts";
import { isStandard } from "./onnx-node.ts";
import { inferTypes } from "./tensor-dtypes.ts";

/** Operators without weights that ONNX Runtime runs on integers when their inputs and output are quantized. */
const INTEGER_OPERATORS = new Set(["Add", "Mul", "AveragePool", "GlobalAveragePool", "Concat", "LeakyRelu", "Sigmoid"]);

/** Operators that only move values: their output has their input's grid. */
const MOVING_OPERATORS = new Set([
  "MaxPool",
  "Transpose",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Slice",
  "DepthToSpace",
]);

/** Which values are quantized, in graph order. */
export interface ActivationPlan {
  /** Value → the value whose range it uses: itself, or for moved values the one they were moved from. */
  readonly rangeSource: ReadonlyMap<string, string>;
}

/**
 * Chooses the activations that get Q/DQ pairs: inputs of quantized layers, outputs of convolutions (after the Relu that follows),
 * and what lies between where an integer kernel exists. Outputs of Gemm and MatMul stay float unless an integer operator reads them.
 */
export function planActivations(view: GraphView, layers: readonly WeightedLayer[]): ActivationPlan {
  const types = inferTypes(view.graph);
  const isActivation = (name: string) => !view.initializer.has(name) && types.get(name) === T.FLOAT;
  const layerNodes = new Set(layers.map((layer) => layer.node));
  const candidates = findCandidates(view, layers, isActivation);

  // From the end backwards: an integer operator is worth its Q/DQ pairs only where something quantized reads its result.
  const chosen = new Set<string>();
  for (const layer of layers) {
    chosen.add(layer.node.input[0] ?? "");
    if (layer.op === "Conv") chosen.add(endOf(view, layer.node));
  }
  for (const node of [...view.graph.node].reverse()) {
    if (layerNodes.has(node) || !candidates.has(node) || !chosen.has(endOf(view, node))) continue;
    for (const name of node.input) if (isActivation(name)) chosen.add(name);
  }
  const rangeSource = new Map<string, string>();
  for (const name of [...view.inputs, ...view.graph.node.flatMap((node) => node.output)]) {
    if (!chosen.has(name)) continue;
    const writer = view.producer.get(name);
    const moved = writer !== undefined && candidates.has(writer) && MOVING_OPERATORS.has(writer.opType);
    const source = moved ? rangeSource.get(writer.input[0] ?? "") : undefined;
    rangeSource.set(name, source ?? name);
  }
  return { rangeSource };
}

/** Nodes that could run on integers, going forward: every float input is written by something that can deliver integers. */
function findCandidates(
  view: GraphView,
  layers: readonly WeightedLayer[],
  isActivation: (name: string) => boolean,
): Set<NodeProto> {
  const ready = new Set<string>();
  for (const layer of layers) ready.add(layer.node.input[0] ?? "");
  const layerNodes = new Set(layers.map((layer) => layer.node));
  const candidates = new Set<NodeProto>();
  for (const node of view.graph.node) {
    if (layerNodes.has(node)) {
      ready.add(endOf(view, node));
      continue;
    }
    if (!isStandard(node)) continue;
    const inputs = node.input.filter((name) => name !== "");
    const moves = MOVING_OPERATORS.has(node.opType) && ready.has(inputs[0] ?? "");
    const computes =
      INTEGER_OPERATORS.has(node.opType) &&
      inputs.length > 0 &&
      inputs.every((name) => isActivation(name) && ready.has(name));
    if ((!moves && !computes) || node.output.length !== 1) continue;
    candidates.add(node);
    ready.add(endOf(view, node));
  }
  return candidates;
}

/** The value to quantize for a node's result: behind the Relu or Clip that alone reads it, since the zero point can absorb that. */
export function endOf(view: GraphView, node: NodeProto): string {
  const output = node.output[0] ?? "";
  if (MOVING_OPERATORS.has(node.opType)) return output;
  const readers = view.consumers.get(output) ?? [];
  const only = readers[0];
  if (readers.length !== 1 || only === undefined || view.outputs.has(output)) return output;
  const absorbed = isStandard(only) && (only.opType === "Relu" || only.opType === "Clip");
  return absorbed ? (only.output[0] ?? output) : output;
}
