import type { GraphProto, NodeProto } from "onnx-buf";
import { copyMessage } from "./copy-message.ts";
import { nestedGraphs } from "./onnx-node.ts";

/** Adds another graph's nodes and initializers to a graph, every name but the shared inputs' behind a prefix. Returns the new name of a value. */
export function mergeGraph(into: GraphProto, other: GraphProto, prefix: string): (name: string) => string {
  const constants = new Set(other.initializer.map((tensor) => tensor.name));
  const shared = new Set(other.input.map((input) => input.name).filter((name) => !constants.has(name)));
  const rename = (name: string) => (name === "" || shared.has(name) ? name : prefix + name);
  into.initializer.push(...other.initializer.map((tensor) => copyMessage(tensor, { name: rename(tensor.name) })));
  into.node.push(...other.node.map((node) => renameNode(node, rename)));
  return rename;
}

function renameNode(node: NodeProto, rename: (name: string) => string): NodeProto {
  const renamed = copyMessage(node, {
    name: node.name === "" ? "" : rename(node.name),
    input: node.input.map(rename),
    output: node.output.map(rename),
  });
  if (nestedGraphs(node).length === 0) return renamed;
  renamed.attribute = node.attribute.map((attribute) => {
    if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
    const copy = copyMessage(attribute, { graphs: attribute.graphs.map((graph) => renameNested(graph, rename)) });
    if (attribute.g) copy.g = renameNested(attribute.g, rename);
    return copy;
  });
  return renamed;
}

/** In a nested graph every name gets the prefix, its own ones too, so that captured names keep matching. */
function renameNested(graph: GraphProto, rename: (name: string) => string): GraphProto {
  const value = <V extends { name: string }>(entry: V): V =>
    copyMessage<{ name: string }>(entry, { name: rename(entry.name) }) as V;
  return copyMessage(graph, {
    node: graph.node.map((node) => renameNode(node, rename)),
    initializer: graph.initializer.map(value),
    input: graph.input.map(value),
    output: graph.output.map(value),
    valueInfo: [],
  });
}
