import { create } from "@bufbuild/protobuf";
import { type GraphProto, type NodeProto, type TensorProto, TensorProtoSchema } from "onnx-buf";
import { viewGraph } from "../graph-view.ts";
import { isStandard } from "../onnx-node.ts";
import { floatTensor, int64Tensor, isExternal } from "../tensor-values.ts";

/** Turns Constant nodes with a dense numeric value into initializers; returns how many. Graph outputs keep their node. */
export function constantsToInitializers(graph: GraphProto): number {
  const { outputs } = viewGraph(graph);
  const moved = new Set<NodeProto>();
  for (const node of graph.node) {
    const name = node.output[0];
    if (node.opType !== "Constant" || !isStandard(node) || name === undefined || outputs.has(name)) continue;
    const tensor = constantTensor(node, name);
    if (tensor === undefined) continue;
    graph.initializer.push(tensor);
    moved.add(node);
  }
  graph.node = graph.node.filter((node) => !moved.has(node));
  return moved.size;
}

function constantTensor(node: NodeProto, name: string): TensorProto | undefined {
  const attribute = node.attribute[0];
  if (attribute === undefined) return undefined;
  switch (attribute.name) {
    case "value":
      if (attribute.t === undefined || isExternal(attribute.t)) return undefined;
      // Not create() of a spread copy: that returns the plain object, which lacks the prototype's defaults for absent fields.
      return Object.assign(create(TensorProtoSchema), attribute.t, { name });
    case "value_float":
      return floatTensor(name, [], [attribute.f]);
    case "value_floats":
      return floatTensor(name, [attribute.floats.length], attribute.floats);
    case "value_int":
      return int64Tensor(name, [], [Number(attribute.i)]);
    case "value_ints":
      return int64Tensor(name, [attribute.ints.length], attribute.ints.map(Number));
    default:
      return undefined; // Strings and sparse tensors stay nodes: nothing here reads them.
  }
}
