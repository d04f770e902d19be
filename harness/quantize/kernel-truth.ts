import type { NodeProto } from "onnx-buf";
import { type GraphView, viewGraph } from "./graph-view.ts";
import { graphOf, parseModel } from "./onnx-file.ts";

/** What the runtime made of a layer. */
export interface KernelLabel {
  readonly kernel: "native" | "emulated" | "skipped";
  /** Operator that runs the layer, with its domain where that is not the standard one; null where it could not be found. */
  readonly op: string | null;
  /** That node's name in the optimized graph, by which the profiler knows it; null where it could not be found. */
  readonly node: string | null;
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
  /** The layer's node; may be unnamed. */
  readonly node: string;
  /** The layer's result in the quantized model, and that of the Relu or Clip behind it: fused nodes are named after either. */
  readonly outputs: readonly string[];
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
    if (layer.skipped !== undefined) {
      const node = findNode(view, layer)?.name || null;
      return { kernel: "skipped", op: null, node, reason: layer.skipped };
    }
    const codes = storedName(view, layer.codes);
    const reader = computingReader(view, codes);
    if (reader !== undefined && INTEGER_KERNELS.has(reader.opType)) {
      const reason = `${reader.opType} reads the stored integers`;
      return { kernel: "native", op: operatorName(reader), node: reader.name || null, reason };
    }
    const node = findNode(view, layer) ?? reader;
    if (node === undefined) {
      return {
        kernel: "emulated",
        op: null,
        node: null,
        reason: "the layer was rewritten beyond recognition, and no integer kernel reads its weights",
      };
    }
    if (INTEGER_KERNELS.has(node.opType)) {
      const reason = `${node.opType} runs on integers`;
      return { kernel: "native", op: operatorName(node), node: node.name || null, reason };
    }
    const folded = codes !== undefined && !view.initializer.has(codes);
    const reason = folded
      ? `weights are turned back to float at load, and ${node.opType} computes in float`
      : `weights are dequantized at every run, and ${node.opType} computes in float`;
    return { kernel: "emulated", op: operatorName(node), node: node.name || null, reason };
  });
}

/** Where exact integer kernels need unsigned weights, ONNX Runtime stores shifted copies under this ending. */
const SHIFTED = "_s8_2_u8";

function storedName(view: GraphView, codes: string | undefined): string | undefined {
  return codes !== undefined && view.initializer.has(codes + SHIFTED) ? codes + SHIFTED : codes;
}

export function countKernels(labels: readonly Pick<KernelLabel, "kernel">[]): KernelCounts {
  const count = (kernel: KernelLabel["kernel"]) => labels.filter((label) => label.kernel === kernel).length;
  return { native: count("native"), emulated: count("emulated"), skipped: count("skipped") };
}

/** The node that computes with a constant, behind a DequantizeLinear where there is one. */
function computingReader(view: GraphView, constant: string | undefined): NodeProto | undefined {
  for (const node of view.consumers.get(constant ?? "") ?? []) {
    if (node.opType !== "DequantizeLinear") return node;
    const behind = view.consumers.get(node.output[0] ?? "")?.[0];
    if (behind !== undefined) return behind;
  }
  return undefined;
}

/** Fusions keep the node's name, or the blocked layout names a node after its result; an added bias is a trace too. */
function findNode(view: GraphView, layer: LayerTrace): NodeProto | undefined {
  const byName = (name: string) => (name === "" ? undefined : view.graph.node.find((node) => node.name === name));
  const blocked = layer.outputs.map((output) => byName(`${output}_nchwc`)).find((node) => node !== undefined);
  const written = layer.outputs.map((output) => view.producer.get(output)).find((node) => node !== undefined);
  return byName(layer.node) ?? computingReader(view, layer.bias) ?? blocked ?? written;
}

function operatorName(node: NodeProto): string {
  return node.domain === "" || node.domain === "ai.onnx" ? node.opType : `${node.domain}.${node.opType}`;
}
