import { type GraphProto, TensorProto_DataType as T } from "onnx-buf";
import { attributeOf, intAttribute, isStandard } from "./onnx-node.ts";

/** Operators whose first output is int64 whatever they read. */
const INT64_RESULT = new Set(["Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression"]);

/** Operators whose first output is a truth value. */
const BOOL_RESULT = new Set([
  "Equal",
  "Less",
  "LessOrEqual",
  "Greater",
  "GreaterOrEqual",
  "And",
  "Or",
  "Not",
  "Xor",
  "IsNaN",
  "IsInf",
]);

/** Standard operators whose first output has another input's type, with that input's index; all others follow input 0. */
const TYPE_SOURCE: Readonly<Record<string, number>> = { Where: 1, OneHot: 2, DequantizeLinear: 1 };

/** Operators whose results we cannot type without more knowledge. */
const UNTYPED = new Set(["If", "Loop", "Scan", "SequenceAt", "OptionalGetElement"]);

/**
 * Element type (ONNX number) of every value that can be typed from stated types; the rest is absent.
 * Enough to tell activations from shape arithmetic; the runtime remains the judge of types.
 */
export function inferTypes(graph: GraphProto): Map<string, number> {
  const types = new Map<string, number>();
  for (const tensor of graph.initializer) types.set(tensor.name, tensor.dataType);
  for (const value of [...graph.input, ...graph.valueInfo, ...graph.output]) {
    const type = value.type?.value;
    if (type?.case === "tensorType") types.set(value.name, type.value.elemType);
  }
  for (const node of graph.node) {
    if (!isStandard(node) || UNTYPED.has(node.opType)) continue;
    const type = resultType(node, types);
    if (type === undefined) continue;
    // TopK's and MaxPool's second output holds indices; only the first is typed by this rule, Split's are all alike.
    const outputs = node.opType === "Split" ? node.output : node.output.slice(0, 1);
    for (const name of outputs) if (!types.has(name)) types.set(name, type);
  }
  return types;
}

function resultType(node: GraphProto["node"][number], types: ReadonlyMap<string, number>): number | undefined {
  const { opType } = node;
  if (INT64_RESULT.has(opType)) return T.INT64;
  if (BOOL_RESULT.has(opType)) return T.BOOL;
  if (opType === "Cast") return intAttribute(node, "to", T.UNDEFINED);
  if (opType === "Constant") return attributeOf(node, "value")?.t?.dataType;
  if (opType === "ConstantOfShape") return attributeOf(node, "value")?.t?.dataType ?? T.FLOAT;
  if (opType === "QuantizeLinear") return types.get(node.input[2] ?? "") ?? T.UINT8;
  if (["RandomNormal", "RandomUniform", "EyeLike"].includes(opType)) return undefined;
  return types.get(node.input[TYPE_SOURCE[opType] ?? 0] ?? "");
}
