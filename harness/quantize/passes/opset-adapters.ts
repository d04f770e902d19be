import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "onnx-buf";
import { HarnessError } from "../../domain/errors.ts";
import { attributeOf, floatAttributeOf, intAttribute, intsAttribute, makeNode } from "../onnx-node.ts";
import { floatTensor, int64Tensor } from "../tensor-values.ts";

/** What an adapter may do besides changing its node: add constants, put nodes before or after it, ask for a rank. */
export interface AdapterContext {
  /** Adds a constant and returns its name. */
  constant(base: string, make: (name: string) => TensorProto): string;
  freshName(base: string): string;
  /** Rank of a value where the graph states it. */
  rankOf(name: string): number | undefined;
  before(...nodes: NodeProto[]): void;
  after(...nodes: NodeProto[]): void;
}

interface Adapter {
  /** Opset at which the operator's meaning or signature changed. */
  readonly since: number;
  readonly operators: readonly string[];
  readonly adapt: (node: NodeProto, context: AdapterContext) => void;
}

/** Changes of signature and meaning from opset 7 to 25 (onnx/docs/Changelog.md); operators not listed only gained types. */
export const OPSET_ADAPTERS: readonly Adapter[] = [
  { since: 10, operators: ["Slice"], adapt: adaptSlice },
  { since: 10, operators: ["TopK"], adapt: adaptTopK },
  { since: 10, operators: ["Upsample"], adapt: adaptUpsample },
  { since: 11, operators: ["Resize"], adapt: adaptResize },
  { since: 11, operators: ["Clip"], adapt: adaptClip },
  { since: 11, operators: ["Pad"], adapt: adaptPad },
  { since: 11, operators: ["Scatter"], adapt: (node) => rename(node, "ScatterElements") },
  { since: 12, operators: ["Dropout"], adapt: (node) => dropAttributes(node, "ratio") },
  {
    since: 13,
    operators: ["Squeeze", "Unsqueeze", "ReduceSum"],
    adapt: (node, context) => listToInput(node, context, "axes", 1),
  },
  { since: 13, operators: ["Split"], adapt: (node, context) => listToInput(node, context, "split", 1) },
  { since: 13, operators: ["Softmax", "LogSoftmax", "Hardmax"], adapt: adaptSoftmax },
  {
    since: 16,
    operators: ["RoiAlign"],
    adapt: (node) => setDefault(node, "coordinate_transformation_mode", "output_half_pixel"),
  },
  {
    since: 18,
    operators: [
      "ReduceMax",
      "ReduceMin",
      "ReduceMean",
      "ReduceProd",
      "ReduceL1",
      "ReduceL2",
      "ReduceLogSum",
      "ReduceLogSumExp",
      "ReduceSumSquare",
    ],
    adapt: (node, context) => listToInput(node, context, "axes", 1),
  },
  { since: 18, operators: ["Split"], adapt: adaptSplitCount },
  { since: 20, operators: ["GridSample"], adapt: adaptGridSample },
  { since: 20, operators: ["DFT"], adapt: refuse },
  { since: 21, operators: ["GroupNormalization"], adapt: refuse },
];

function dropAttributes(node: NodeProto, ...names: string[]): void {
  node.attribute = node.attribute.filter((attribute) => !names.includes(attribute.name));
}

function rename(node: NodeProto, opType: string): void {
  node.opType = opType;
}

function setDefault(node: NodeProto, name: string, value: string | number): void {
  if (attributeOf(node, name) === undefined) node.attribute.push(attributeFrom(name, value));
}

function attributeFrom(name: string, value: string | number): AttributeProto {
  return makeNode("", [], [], { attributes: { [name]: value } }).attribute[0] as AttributeProto;
}

function setInput(node: NodeProto, index: number, name: string): void {
  while (node.input.length <= index) node.input.push("");
  node.input[index] = name;
}

/** An integer-list attribute that became an input. */
function listToInput(node: NodeProto, context: AdapterContext, attribute: string, index: number): void {
  const values = intsAttribute(node, attribute);
  if (values === undefined) return;
  dropAttributes(node, attribute);
  const base = `${node.output[0]}_${attribute}`;
  setInput(
    node,
    index,
    context.constant(base, (name) => int64Tensor(name, [values.length], values)),
  );
}

function adaptSlice(node: NodeProto, context: AdapterContext): void {
  listToInput(node, context, "starts", 1);
  listToInput(node, context, "ends", 2);
  listToInput(node, context, "axes", 3);
}

function adaptTopK(node: NodeProto, context: AdapterContext): void {
  const k = intAttribute(node, "k", 1);
  dropAttributes(node, "k");
  setInput(
    node,
    1,
    context.constant(`${node.output[0]}_k`, (name) => int64Tensor(name, [1], [k])),
  );
}

/** Upsample-7/9 is Resize-10, its scales an attribute before opset 9. */
function adaptUpsample(node: NodeProto, context: AdapterContext): void {
  const scales = attributeOf(node, "scales")?.floats;
  if (scales !== undefined) {
    dropAttributes(node, "scales");
    setInput(
      node,
      1,
      context.constant(`${node.output[0]}_scales`, (name) => floatTensor(name, [scales.length], scales)),
    );
  }
  rename(node, "Resize");
}

/** Resize-10 took (X, scales), mapped coordinates asymmetrically and rounded them down. */
function adaptResize(node: NodeProto): void {
  node.input = [node.input[0] ?? "", "", node.input[1] ?? ""];
  node.attribute.push(attributeFrom("coordinate_transformation_mode", "asymmetric"));
  node.attribute.push(attributeFrom("nearest_mode", "floor"));
}

function adaptClip(node: NodeProto, context: AdapterContext): void {
  for (const [index, key] of [
    [1, "min"],
    [2, "max"],
  ] as const) {
    const attribute = attributeOf(node, key);
    if (attribute === undefined) continue;
    setInput(
      node,
      index,
      context.constant(`${node.output[0]}_${key}`, (name) => floatTensor(name, [], [attribute.f])),
    );
  }
  dropAttributes(node, "min", "max");
}

function adaptPad(node: NodeProto, context: AdapterContext): void {
  listToInput(node, context, "pads", 1);
  const value = floatAttributeOf(node, "value", 0);
  dropAttributes(node, "value");
  if (value !== 0)
    setInput(
      node,
      2,
      context.constant(`${node.output[0]}_value`, (name) => floatTensor(name, [], [value])),
    );
}

/** Before 13 these operators flattened to two axes at `axis` (default 1); since, they work along one axis (default -1). */
function adaptSoftmax(node: NodeProto, context: AdapterContext): void {
  const axis = intAttribute(node, "axis", 1);
  const input = node.input[0] ?? "";
  const output = node.output[0] ?? "";
  const rank = context.rankOf(input) ?? context.rankOf(output);
  dropAttributes(node, "axis");
  node.attribute.push(attributeFrom("axis", -1));
  if (axis === -1 || axis + 1 === rank) return;
  const [shape, flat, result] = ["shape", "flat", "result"].map((part) => context.freshName(`${output}_${part}`)) as [
    string,
    string,
    string,
  ];
  context.before(makeNode("Shape", [input], [shape]), makeNode("Flatten", [input], [flat], { attributes: { axis } }));
  node.input[0] = flat;
  node.output[0] = result;
  context.after(makeNode("Reshape", [result, shape], [output]));
}

/** Since 18 a Split without sizes must say its number of outputs. */
function adaptSplitCount(node: NodeProto): void {
  if ((node.input[1] ?? "") === "") node.attribute.push(attributeFrom("num_outputs", node.output.length));
}

function adaptGridSample(node: NodeProto): void {
  const mode = attributeOf(node, "mode");
  if (mode?.type !== A.STRING) return;
  const old = new TextDecoder().decode(mode.s);
  const renamed = old === "bilinear" ? "linear" : old === "bicubic" ? "cubic" : old;
  mode.s = new TextEncoder().encode(renamed);
}

function refuse(node: NodeProto): never {
  throw new HarnessError(
    "QUANTIZE_UNSUPPORTED",
    `Operator ${node.opType} changed its meaning and cannot be upgraded here.`,
    {
      hint: "Export the model at opset 21 or later.",
    },
  );
}

/** Rank of each value that the graph states a shape for. */
export function statedRanks(graph: GraphProto): Map<string, number> {
  const ranks = new Map<string, number>(graph.initializer.map((tensor) => [tensor.name, tensor.dims.length]));
  for (const value of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const type = value.type?.value;
    if (type?.case === "tensorType" && type.value.shape) ranks.set(value.name, type.value.shape.dim.length);
  }
  for (const node of graph.node) {
    const name = node.output[0] ?? "";
    if (node.opType === "Gemm" || node.opType === "Flatten") ranks.set(name, 2);
  }
  return ranks;
}
