import {
  type GraphProto,
  type ModelProto,
  TensorProto_DataType as T,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { topologicalOrder } from "./graph-view.ts";
import { nestedGraphs } from "./onnx-node.ts";
import { typeBits, typeName } from "./tensor-types.ts";
import { dimsOf, isExternal } from "./tensor-values.ts";

/** A rule of the ONNX format that a model breaks, or a thing our runtime is known to die on. */
export interface ModelProblem {
  readonly code: ProblemCode;
  /** `error`: the model is invalid or will crash; `warning`: it may still run. */
  readonly severity: "error" | "warning";
  readonly message: string;
}

export type ProblemCode =
  | "missing_opset"
  | "missing_ir_version"
  | "unknown_domain"
  | "duplicate_name"
  | "dangling_input"
  | "missing_output"
  | "not_sorted"
  | "cycle"
  | "initializer_size"
  | "huge_dims"
  | "external_data"
  | "sub_byte_output"
  | "untyped_input";

/** Operator sets that ONNX Runtime registers in its released CPU build. */
const KNOWN_DOMAINS = new Set([
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.ms.internal.nhwc",
]);

/** 2^31 - 1 elements: ONNX protobuf files cannot hold more than 2 GB, so a larger embedded tensor is a lie or an attack. */
const MAX_ELEMENTS = 2 ** 31 - 1;

const SUB_BYTE = new Set<number>([T.INT4, T.UINT4, T.INT2, T.UINT2, T.FLOAT4E2M1]);

/** Checks a model as the ONNX checker does, without loading it; reports everything it finds. */
export function findProblems(model: ModelProto): ModelProblem[] {
  const problems: ModelProblem[] = [];
  const report = (code: ProblemCode, severity: ModelProblem["severity"], message: string) =>
    problems.push({ code, severity, message });
  if (model.irVersion === 0n) report("missing_ir_version", "error", "The model states no IR version.");
  if (model.opsetImport.length === 0) report("missing_opset", "error", "The model imports no operator set.");
  const imported = new Set(model.opsetImport.map((opset) => normalDomain(opset.domain)));
  const functionDomains = new Set(model.functions.map((fn) => normalDomain(fn.domain)));
  for (const domain of imported) {
    if (!KNOWN_DOMAINS.has(domain) && !functionDomains.has(domain)) {
      report("unknown_domain", "warning", `Operator domain '${domain}' is not one that ONNX Runtime ships.`);
    }
  }
  if (model.graph) {
    checkGraph(model.graph, new Set(), imported, report);
    for (const output of model.graph.output) checkOutputType(output, report);
    for (const input of model.graph.input) {
      if (input.type?.value.case === undefined) {
        report("untyped_input", "error", `Input '${input.name}' has no type.`);
      }
    }
  }
  return problems;
}

type Report = (code: ProblemCode, severity: ModelProblem["severity"], message: string) => void;

function checkGraph(
  graph: GraphProto,
  outer: ReadonlySet<string>,
  imported: ReadonlySet<string>,
  report: Report,
): void {
  const known = new Set(outer);
  for (const tensor of graph.initializer) checkInitializer(tensor, report);
  const initializers = new Set<string>();
  for (const tensor of graph.initializer) {
    if (initializers.has(tensor.name))
      report("duplicate_name", "error", `Two initializers are named '${tensor.name}'.`);
    initializers.add(tensor.name);
    known.add(tensor.name);
  }
  for (const sparse of graph.sparseInitializer) if (sparse.values) known.add(sparse.values.name);
  for (const input of graph.input) known.add(input.name);
  const written = new Set<string>();
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === "") continue;
      if (written.has(name) || known.has(name)) report("duplicate_name", "error", `Value '${name}' is written twice.`);
      written.add(name);
    }
  }
  checkOrder(graph, known, written, report);
  for (const node of graph.node) {
    const domain = normalDomain(node.domain);
    if (!imported.has(domain)) {
      report(
        "missing_opset",
        "error",
        `Node '${node.name}' (${node.opType}) is of domain '${domain}', which is not imported.`,
      );
    }
    for (const nested of nestedGraphs(node)) checkGraph(nested, new Set([...known, ...written]), imported, report);
  }
  for (const output of graph.output) {
    if (!known.has(output.name) && !written.has(output.name)) {
      report("missing_output", "error", `Output '${output.name}' is written by no node.`);
    }
  }
}

function checkOrder(graph: GraphProto, known: ReadonlySet<string>, written: ReadonlySet<string>, report: Report): void {
  const seen = new Set(known);
  let sorted = true;
  for (const node of graph.node) {
    for (const name of node.input) {
      if (name === "" || seen.has(name)) continue;
      if (written.has(name)) sorted = false;
      else
        report(
          "dangling_input",
          "error",
          `Node '${node.name}' (${node.opType}) reads '${name}', which nothing writes.`,
        );
    }
    for (const name of node.output) seen.add(name);
  }
  if (sorted) return;
  if (topologicalOrder(graph) === undefined) report("cycle", "error", `Graph '${graph.name}' has a cycle.`);
  else report("not_sorted", "error", `The nodes of graph '${graph.name}' are not in topological order.`);
}

function checkInitializer(tensor: TensorProto, report: Report): void {
  const dims = dimsOf(tensor);
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const shape = `[${dims.join(", ")}]`;
  if (dims.some((dim) => dim < 0) || elements > MAX_ELEMENTS) {
    report("huge_dims", "error", `Initializer '${tensor.name}' claims the impossible shape ${shape}.`);
    return;
  }
  if (isExternal(tensor)) {
    const location = tensor.externalData.find((entry) => entry.key === "location")?.value;
    report(
      "external_data",
      location === undefined ? "error" : "warning",
      location === undefined
        ? `Initializer '${tensor.name}' is external but names no file.`
        : `Initializer '${tensor.name}' keeps its values in '${location}'.`,
    );
    return;
  }
  const bits = typeBits(tensor.dataType);
  if (bits === undefined) return;
  const expected = Math.ceil((elements * bits) / 8);
  if (tensor.rawData.length !== expected) {
    report(
      "initializer_size",
      "error",
      `Initializer '${tensor.name}' (${typeName(tensor.dataType)} ${shape}) should hold ${expected} bytes and holds ${tensor.rawData.length}.`,
    );
  }
}

function checkOutputType(output: ValueInfoProto, report: Report): void {
  const type = output.type?.value;
  if (type?.case === "tensorType" && SUB_BYTE.has(type.value.elemType)) {
    const name = typeName(type.value.elemType);
    report(
      "sub_byte_output",
      "error",
      `Output '${output.name}' is ${name}: ONNX Runtime aborts the whole process on it.`,
    );
  }
}

function normalDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}
