import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
} from "onnx-buf";

export type AttributeValue = number | bigint | string | readonly number[];

/** A node; integer-valued numbers become INT attributes, so pass floats through {@link floatAttribute}. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  options: { name?: string; domain?: string; attributes?: Readonly<Record<string, AttributeValue>> } = {},
): NodeProto {
  const { name = "", domain = "", attributes = {} } = options;
  return create(NodeProtoSchema, {
    opType,
    name,
    domain,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([key, value]) => makeAttribute(key, value)),
  });
}

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "string") {
    return create(AttributeProtoSchema, { name, type: A.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === "bigint" || typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: A.INT, i: BigInt(value) });
  }
  return create(AttributeProtoSchema, { name, type: A.INTS, ints: value.map(BigInt) });
}

/** A FLOAT attribute. */
export function floatAttribute(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: A.FLOAT, f: value });
}

/** The attribute of that name, if the node has it. */
export function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** An INT attribute, or the operator's default. */
export function intAttribute(node: NodeProto, name: string, fallback: number): number {
  const attribute = attributeOf(node, name);
  return attribute === undefined ? fallback : Number(attribute.i);
}

/** An INTS attribute, or undefined where the node does not have it. */
export function intsAttribute(node: NodeProto, name: string): number[] | undefined {
  return attributeOf(node, name)?.ints.map(Number);
}

/** A FLOAT attribute, or the operator's default. */
export function floatAttributeOf(node: NodeProto, name: string, fallback: number): number {
  return attributeOf(node, name)?.f ?? fallback;
}

/** Graphs nested in a node's attributes (If, Loop, Scan). */
export function nestedGraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap((attribute) => (attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs));
}

/** True for the standard ONNX operator set, under either of its two names. */
export function isStandard(node: NodeProto): boolean {
  return node.domain === "" || node.domain === "ai.onnx";
}
