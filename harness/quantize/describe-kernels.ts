import type { NodeProto } from "onnx-buf";
import type { SessionPort } from "../domain/session-port.ts";
import { type GraphView, viewGraph } from "./graph-view.ts";
import { countKernels, type KernelCounts, type KernelLabel, type LayerTrace, labelKernels } from "./kernel-truth.ts";
import { graphOf, parseModel } from "./onnx-file.ts";
import { typeName } from "./tensor-types.ts";

/** One weighted layer of a model that was quantized elsewhere. */
export interface ExternalLayer {
  readonly name: string;
  readonly op: string;
  /** Element type the weight is stored in. */
  readonly storage: string;
  readonly kernel: KernelLabel["kernel"];
  readonly kernel_op: string | null;
  readonly kernel_reason: string;
}

/** What can be said of a model that was quantized elsewhere. */
export interface ExternalManifest {
  readonly source_sha256: string;
  readonly result_sha256: string;
  readonly bytes_on_disk: number;
  /** The file's own size: how tightly its weights could be packed is not known from outside. */
  readonly bytes_packed: number;
  readonly session: Readonly<Record<string, string>>;
  readonly layers: readonly ExternalLayer[];
  readonly kernels: KernelCounts;
}

/** Operators with a trained weight as second input (or fourth, in the integer forms that existing files may hold). */
const WEIGHT_INPUT: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvTranspose: 1,
  Gemm: 1,
  MatMul: 1,
  MatMulNBits: 1,
  ConvInteger: 1,
  MatMulInteger: 1,
  QLinearConv: 3,
  QLinearMatMul: 3,
};

/** Names each weighted layer's storage type and the kernel that runs it, from the optimized dump. Throws as the session does. */
export async function describeKernels(request: {
  readonly model: Uint8Array;
  readonly session: SessionPort;
  readonly sha256: (bytes: Uint8Array) => string;
}): Promise<ExternalManifest> {
  const { model, session, sha256 } = request;
  const view = viewGraph(graphOf(parseModel(model)));
  const found = view.graph.node.flatMap((node) => {
    const weight = storedWeight(view, node);
    return weight === undefined ? [] : [{ node, weight }];
  });
  const traces = found.map(({ node, weight }): LayerTrace => {
    const trace = { node: node.name, outputs: node.output.slice(0, 1), codes: weight.name, bias: undefined };
    const isFloat = weight.storage === "float32" || weight.storage === "float16";
    return isFloat ? { ...trace, skipped: `weights are stored as ${weight.storage}` } : trace;
  });
  const labels = labelKernels(await session.optimize(model, { optimizationLevel: "all" }), traces);
  const layers = found.map(({ node, weight }, i): ExternalLayer => {
    const { kernel, op, reason } = labels[i] as KernelLabel;
    const name = node.name || (node.output[0] ?? "");
    return { name, op: node.opType, storage: weight.storage, kernel, kernel_op: op, kernel_reason: reason };
  });
  const digest = sha256(model);
  return {
    source_sha256: digest,
    result_sha256: digest,
    bytes_on_disk: model.length,
    bytes_packed: model.length,
    session: {},
    layers,
    kernels: countKernels(layers),
  };
}

/** The initializer a layer's weight comes from, through a DequantizeLinear where there is one. */
function storedWeight(view: GraphView, node: NodeProto): { name: string; storage: string } | undefined {
  const position = WEIGHT_INPUT[node.opType];
  if (position === undefined) return undefined;
  const direct = node.input[position] ?? "";
  const producer = view.producer.get(direct);
  const name = producer?.opType === "DequantizeLinear" ? (producer.input[0] ?? "") : direct;
  const initializer = view.initializer.get(name);
  return initializer === undefined ? undefined : { name, storage: typeName(initializer.dataType) };
}
