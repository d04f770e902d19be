import { type GraphProto, type NodeProto, TensorProto_DataType as T } from "onnx-buf";
import type { GraphView } from "./graph-view.ts";
import { floatAttributeOf, intAttribute, isStandard, nestedGraphs } from "./onnx-node.ts";
import { typeName } from "./tensor-types.ts";
import { dimsOf, elementCount } from "./tensor-values.ts";

/** A node that multiplies an activation by constant weights: what quantization is about. */
export interface WeightedLayer {
  /** The node's name, or its output's where it has none. */
  readonly name: string;
  readonly op: "Conv" | "Gemm" | "MatMul";
  readonly node: NodeProto;
  readonly weight: string;
  readonly weightDims: readonly number[];
  /** Constant bias, if any. */
  readonly bias: string | undefined;
  /** Axis of the weight that counts output channels. */
  readonly channelAxis: number;
}

/** A node that carries parameters and is left as it is. */
export interface SkippedLayer {
  readonly name: string;
  readonly op: string;
  readonly parameters: number;
  readonly reason: string;
}

export interface LayerList {
  readonly layers: readonly WeightedLayer[];
  readonly skipped: readonly SkippedLayer[];
}

/** Finds every layer of the graph, nested graphs included (those are always skipped). */
export function findLayers(view: GraphView): LayerList {
  const layers: WeightedLayer[] = [];
  const skipped: SkippedLayer[] = [];
  for (const node of view.graph.node) {
    const found = readLayer(view, node);
    if (found === undefined) continue;
    if (typeof found !== "string") layers.push(found);
    else skipped.push({ name: layerName(node), op: node.opType, parameters: parametersOf(view, node), reason: found });
  }
  for (const node of view.graph.node) for (const nested of nestedGraphs(node)) skipNested(nested, skipped);
  return { layers, skipped };
}

/** The node's name, or its first output's. */
export function layerName(node: NodeProto): string {
  return node.name || (node.output[0] ?? "");
}

/** Operators with parameters that have no integer form here. */
const UNSUPPORTED = new Set(["ConvTranspose", "LSTM", "GRU", "RNN", "Einsum", "DeformConv"]);

function readLayer(view: GraphView, node: NodeProto): WeightedLayer | string | undefined {
  if (!isStandard(node)) {
    return parametersOf(view, node) > 0 ? `operator ${node.domain}.${node.opType} is not a standard one` : undefined;
  }
  if (UNSUPPORTED.has(node.opType)) return `operator ${node.opType} has no integer kernel in ONNX Runtime`;
  if (node.opType === "Gather" && view.initializer.get(node.input[0] ?? "")?.dataType === T.FLOAT) {
    return "an embedding table is looked up, not multiplied";
  }
  if (node.opType !== "Conv" && node.opType !== "Gemm" && node.opType !== "MatMul") return undefined;
  return readWeighted(view, node, node.opType);
}

function readWeighted(view: GraphView, node: NodeProto, op: WeightedLayer["op"]): WeightedLayer | string | undefined {
  const weightName = node.input[1] ?? "";
  const weight = view.initializer.get(weightName);
  if (weight === undefined) {
    const leftConstant = view.initializer.has(node.input[0] ?? "");
    if (leftConstant) return "its constant is the left operand";
    return op === "MatMul" ? undefined : "its weight is computed at run time";
  }
  if (view.graph.input.some((input) => input.name === weightName))
    return "its weight is a model input and may be replaced";
  if (weight.dataType !== T.FLOAT) return `its weight is ${typeName(weight.dataType)}, not float32`;
  const weightDims = dimsOf(weight);
  if (elementCount(weightDims) === 0) return "its weight is empty";
  if (op !== "Conv" && weightDims.length !== 2) return `its weight has ${weightDims.length} axes, not 2`;
  const biasName = op === "MatMul" ? "" : (node.input[2] ?? "");
  const bias = view.initializer.get(biasName);
  if (biasName !== "" && bias === undefined) return "its bias is computed at run time";
  let channelAxis = op === "Conv" ? 0 : 1;
  if (op === "Gemm") {
    if (intAttribute(node, "transA", 0) !== 0) return "it transposes its input";
    if (floatAttributeOf(node, "alpha", 1) !== 1 || floatAttributeOf(node, "beta", 1) !== 1)
      return "it scales its operands";
    if (intAttribute(node, "transB", 0) === 1) channelAxis = 0;
  }
  if (bias && elementCount(dimsOf(bias)) !== weightDims[channelAxis]) return "its bias is broadcast";
  return {
    name: layerName(node),
    op,
    node,
    weight: weightName,
    weightDims,
    bias: bias === undefined ? undefined : biasName,
    channelAxis,
  };
}

function parametersOf(view: GraphView, node: NodeProto): number {
  let sum = 0;
  for (const name of node.input) {
    const tensor = view.initializer.get(name);
    if (tensor?.dataType === T.FLOAT) sum += elementCount(dimsOf(tensor));
  }
  return sum;
}

function skipNested(graph: GraphProto, skipped: SkippedLayer[]): void {
  for (const node of graph.node) {
    if (["Conv", "Gemm", "MatMul"].includes(node.opType) || UNSUPPORTED.has(node.opType)) {
      skipped.push({
        name: layerName(node),
        op: node.opType,
        parameters: 0,
        reason: "it is inside a control-flow subgraph",
      });
    }
    for (const nested of nestedGraphs(node)) skipNested(nested, skipped);
  }
}
