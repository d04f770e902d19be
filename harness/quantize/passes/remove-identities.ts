import type { GraphProto, NodeProto } from "onnx-buf";
import { capturedNames, rewireReaders, viewGraph } from "../graph-view.ts";
import { isStandard } from "../onnx-node.ts";
import { readIntegers } from "../tensor-values.ts";

/** Removes Identity nodes, and Dropout nodes in inference mode; returns how many. Model inputs and outputs keep their names. */
export function removeIdentities(graph: GraphProto): number {
  let removed = 0;
  for (const node of [...graph.node]) {
    const from = node.input[0];
    const to = node.output[0];
    if (from === undefined || to === undefined || !passesThrough(graph, node)) continue;
    if (bypass(graph, node, from, to)) {
      graph.node = graph.node.filter((other) => other !== node);
      removed++;
    }
  }
  return removed;
}

function passesThrough(graph: GraphProto, node: NodeProto): boolean {
  if (!isStandard(node)) return false;
  if (node.opType === "Identity") return true;
  if (node.opType !== "Dropout") return false;
  const { consumers, outputs, initializer } = viewGraph(graph);
  const mask = node.output[1] ?? "";
  if (mask !== "" && (consumers.has(mask) || outputs.has(mask))) return false;
  const mode = node.input[2] ?? "";
  if (mode === "") return true;
  const tensor = initializer.get(mode);
  return tensor !== undefined && readIntegers(tensor)[0] === 0;
}

/** True where the node could be bypassed; false where both its ends are names the model's users see. */
function bypass(graph: GraphProto, node: NodeProto, from: string, to: string): boolean {
  const { outputs, inputs, initializer, producer, consumers } = viewGraph(graph);
  if (!outputs.has(to)) {
    rewireReaders(graph, to, from);
    return true;
  }
  const source = producer.get(from);
  if (source === undefined || outputs.has(from) || inputs.has(from) || initializer.has(from)) return false;
  // A nested graph that captures the old name would need renaming inside; rare, so the node simply stays.
  if ((consumers.get(from) ?? []).some((reader) => capturedNames(reader).has(from))) return false;
  source.output = source.output.map((name) => (name === from ? to : name));
  rewireReaders(graph, from, to, new Set([node]));
  return true;
}
