import type { GraphProto, NodeProto } from "onnx-buf";
import { capturedNames, viewGraph } from "../graph-view.ts";

/** Removes nodes, initializers and value infos that no graph output depends on; returns how many nodes. */
export function removeDeadNodes(graph: GraphProto): number {
  const { producer } = viewGraph(graph);
  const live = new Set<NodeProto>();
  const used = new Set<string>();
  const queue = graph.output.map((output) => output.name);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name === "" || used.has(name)) continue;
    used.add(name);
    const node = producer.get(name);
    if (node === undefined || live.has(node)) continue;
    live.add(node);
    queue.push(...node.input, ...capturedNames(node));
  }
  const before = graph.node.length;
  graph.node = graph.node.filter((node) => live.has(node));
  graph.initializer = graph.initializer.filter((tensor) => used.has(tensor.name));
  const values = new Set(used);
  for (const node of graph.node) for (const name of node.output) values.add(name);
  graph.valueInfo = graph.valueInfo.filter((value) => values.has(value.name));
  return before - graph.node.length;
}
