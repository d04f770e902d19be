import type { GraphProto, ModelProto, ValueInfoProto } from "onnx-buf";
import { findProblems, type ModelProblem } from "./model-problems.ts";
import { graphOf, parseModel } from "./onnx-file.ts";
import { nestedGraphs } from "./onnx-node.ts";
import { typeBits, typeName } from "./tensor-types.ts";
import { dimsOf, elementCount, isExternal } from "./tensor-values.ts";

/** An input or output of a model. */
export interface ValueReport {
  readonly name: string;
  /** Element type, e.g. `float32`; null where the value is not a tensor or has no type. */
  readonly dtype: string | null;
  /** A number a fixed axis, a name a symbolic one, null an unknown one; the whole is null where the rank is unknown. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** Structure and validity of one ONNX file. */
export interface InspectReport {
  readonly ir_version: number;
  readonly producer: string | null;
  readonly opsets: Readonly<Record<string, number>>;
  readonly graph: string;
  readonly inputs: readonly ValueReport[];
  readonly outputs: readonly ValueReport[];
  /** Nodes, those of nested graphs included. */
  readonly nodes: number;
  /** Nodes by operator, most frequent first; a custom domain is written before the name. */
  readonly operators: Readonly<Record<string, number>>;
  readonly quantize_linear: number;
  readonly dequantize_linear: number;
  /** Elements of all initializers. */
  readonly parameters: number;
  readonly initializer_bytes: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly problems: readonly ModelProblem[];
}

/**
 * Reads an ONNX file's structure and checks it by the ONNX checker's rules; nothing is executed.
 * @throws HarnessError CONFIG_MODEL_INVALID when the bytes are empty, truncated, or not ONNX.
 */
export function inspectModel(bytes: Uint8Array): InspectReport {
  return reportModel(parseModel(bytes), bytes.length);
}

function reportModel(model: ModelProto, bytes: number): InspectReport {
  const graph = graphOf(model);
  const operators = new Map<string, number>();
  countOperators(graph, operators);
  const initializerNames = new Set(graph.initializer.map((tensor) => tensor.name));
  const sorted = [...operators].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const producer = `${model.producerName} ${model.producerVersion}`.trim();
  return {
    ir_version: Number(model.irVersion),
    producer: producer === "" ? null : producer,
    opsets: Object.fromEntries(model.opsetImport.map((opset) => [opset.domain || "ai.onnx", Number(opset.version)])),
    graph: graph.name,
    inputs: graph.input.filter((input) => !initializerNames.has(input.name)).map(reportValue),
    outputs: graph.output.map(reportValue),
    nodes: [...operators.values()].reduce((sum, count) => sum + count, 0),
    operators: Object.fromEntries(sorted),
    quantize_linear: operators.get("QuantizeLinear") ?? 0,
    dequantize_linear: operators.get("DequantizeLinear") ?? 0,
    parameters: graph.initializer.reduce((sum, tensor) => sum + elementCount(dimsOf(tensor)), 0),
    initializer_bytes: initializerBytes(graph),
    bytes,
    problems: findProblems(model),
  };
}

/** Name, element type and shape of a graph input or output. */
export function reportValue(value: ValueInfoProto): ValueReport {
  const type = value.type?.value;
  if (type?.case !== "tensorType") return { name: value.name, dtype: null, shape: null };
  const shape = type.value.shape?.dim.map(({ value: dim }) => {
    if (dim.case === "dimValue") return Number(dim.value);
    return dim.case === "dimParam" && dim.value !== "" ? dim.value : null;
  });
  return { name: value.name, dtype: typeName(type.value.elemType), shape: shape ?? null };
}

function countOperators(graph: GraphProto, counts: Map<string, number>): void {
  for (const node of graph.node) {
    const name = node.domain === "" || node.domain === "ai.onnx" ? node.opType : `${node.domain}.${node.opType}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const nested of nestedGraphs(node)) countOperators(nested, counts);
  }
}

function initializerBytes(graph: GraphProto): Record<string, number> {
  const bytes = new Map<string, number>();
  for (const tensor of graph.initializer) {
    const bits = typeBits(tensor.dataType);
    // External values are counted by what their shape takes, since they are not in this file.
    const size =
      isExternal(tensor) && bits !== undefined
        ? Math.ceil((elementCount(dimsOf(tensor)) * bits) / 8)
        : tensor.rawData.length;
    const name = typeName(tensor.dataType);
    bytes.set(name, (bytes.get(name) ?? 0) + size);
  }
  return Object.fromEntries([...bytes].sort(([, a], [, b]) => b - a));
}
