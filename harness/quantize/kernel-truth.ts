import type { NodeProto } from "onnx-buf";
import { type GraphView, viewGraph } from "./graph-view.ts";
import { graphOf, parseModel } from "./onnx-file.ts";

/** What the runtime made of a layer. */
export interface KernelLabel {
  readonly kernel: "native" | "emulated" | "skipped";
  /** Operator that runs the layer, with its domain where that is not the standard one; null where it could not be found. */
  readonly op: string | null;
  readonly reason: string;
}

export interface KernelCounts {
  readonly native: number;
  readonly emulated: number;
  readonly skipped: number;
}

/** Operators that multiply the stored integers themselves. */
const INTEGER_KERNELS = new Set([
  "QLinearConv",
  "QLinearMatMul",
  "QGemm",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
  "MatMulInteger",
  "ConvInteger",
  "MatMulNBits",
  "QAttention",
]);

/** What to look for in the optimized graph: names that a fusion may leave. */
export interface LayerTrace {
  /** Names of the layer's node and of the Relu or Clip behind it: fused nodes are named after either. */
  readonly nodes: readonly string[];
  /** The layer's result in the quantized model. */
  readonly output: string;
  /** Initializer with the weight's codes; undefined where the layer stays float. */
  readonly codes: string | undefined;
  /** Initializer that the layer adds, where it has one. */
  readonly bias: string | undefined;
  /** Reason where the layer stays float. */
  readonly skipped?: string;
}

/** Labels each layer by the node that runs it in the graph that ONNX Runtime optimized and dumped. */
export function labelKernels(optimized: Uint8Array, layers: readonly LayerTrace[]): KernelLabel[] {
  const view = viewGraph(graphOf(parseModel(optimized)));
  return layers.map((layer) => {
    if (layer.skipped !== undefined) return { kernel: "skipped", op: null, reason: layer.skipped };
    const reader = layer.codes === undefined ? undefined : soleReader(view.consumers.get(layer.codes));
    if (reader !== undefined && INTEGER_KERNELS.has(reader.opType)) {
      return { kernel: "native", op: operatorName(reader), reason: `${reader.opType} reads the stored integers` };
    }
    const node = findNode(view, layer) ?? reader;
    if (node === undefined) {
      return {
        kernel: "emulated",
        op: null,
        reason: "the layer was rewritten beyond recognition, and no integer kernel reads its weights",
      };
    }
    if (INTEGER_KERNELS.has(node.opType)) {
      return { kernel: "native", op: operatorName(node), reason: `${node.opType} runs on integers` };
    }
    const folded = layer.codes !== undefined && !view.initializer.has(layer.codes);
    const reason = folded
      ? `weights are turned back to float at load, and ${node.opType} computes in float`
      : `weights are dequantized at every run, and ${node.opType} computes in float`;
    return { kernel: "emulated", op: operatorName(node), reason };
  });
}

export function countKernels(labels: readonly Pick<KernelLabel, "kernel">[]): KernelCounts {
  const count = (kernel: KernelLabel["kernel"]) => labels.filter((label) => label.kernel === kernel).length;
  return { native: count("native"), emulated: count("emulated"), skipped: count("skipped") };
}

function soleReader(readers: readonly NodeProto[] | undefined): NodeProto | undefined {
  return readers?.find((node) => node.opType !== "DequantizeLinear") ?? readers?.[0];
}

/** Suffix of the nodes of ONNX Runtime's blocked layout. */
const BLOCKED = "_nchwc";

function findNode(view: GraphView, layer: LayerTrace): NodeProto | undefined {
  const computes = (node: NodeProto) => node.opType !== "DequantizeLinear" && node.opType !== "QuantizeLinear";
  const byName = (name: string) => view.graph.node.find((node) => node.name === name && computes(node));
  const [own = "", ...followers] = layer.nodes.filter((name) => name !== "");
  const reader = view.consumers.get(layer.bias ?? "")?.find(computes);
  const blocked = () => byName(own + BLOCKED) ?? followers.map((name) => byName(name + BLOCKED)).find((node) => node);
  return (own === "" ? undefined : byName(own)) ?? reader ?? blocked() ?? view.producer.get(layer.output);
}

function operatorName(node: NodeProto): string {
  return node.domain === "" || node.domain === "ai.onnx" ? node.opType : `${node.domain}.${node.opType}`;
}
