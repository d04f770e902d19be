import type { GraphProto } from "onnx-buf";
import type { WeightedLayer } from "./layers.ts";
import { intsAttribute, makeNode } from "./onnx-node.ts";
import { floatTensor, int64Tensor } from "./tensor-values.ts";

/** Columns of one group and groups of a layer. */
export function layerColumns(layer: WeightedLayer): { groups: number; columns: number } {
  if (layer.op !== "Conv") return { groups: 1, columns: layer.weightDims[1 - layer.channelAxis] ?? 1 };
  const columns = layer.weightDims.slice(1).reduce((product, dim) => product * dim, 1);
  const group = layer.node.attribute.find((attribute) => attribute.name === "group");
  return { groups: group === undefined ? 1 : Number(group.i), columns };
}

export interface Laying {
  readonly moments: boolean;
  /** Strides are multiplied by this, which leaves out windows. */
  readonly thinning: number;
}

export type Namer = (base: string) => string;

/** Adds nodes that lay out a layer's input as [groups, columns, samples], its sum over samples, and its shape. */
export function addColumns(
  graph: GraphProto,
  layer: WeightedLayer,
  laying: Laying,
  { input, freshName }: { input: string; freshName: Namer },
) {
  const conv = layer.op === "Conv";
  // Where only means are wanted, the batch is summed before its windows are laid out, which is the same and far less work.
  const batchFolded = conv && !laying.moments;
  const source = batchFolded ? foldBatch(graph, input, freshName) : input;
  const columns = conv
    ? unfold(graph, layer, laying, { input: source, freshName })
    : matrixColumns(graph, layer, source, freshName);
  const [sum, shape] = [freshName("stat_sum"), freshName("stat_shape")];
  const axes = constant(graph, freshName("stat_axes"), [2]);
  graph.node.push(
    makeNode("ReduceSum", [columns, axes], [sum], { attributes: { keepdims: 0 } }),
    makeNode("Shape", [columns], [shape]),
  );
  return { columns, sum, shape, batchFolded };
}

function foldBatch(graph: GraphProto, input: string, freshName: Namer): string {
  const folded = freshName("stat_batch");
  const axes = constant(graph, freshName("stat_axes"), [0]);
  graph.node.push(makeNode("ReduceSum", [input, axes], [folded], { attributes: { keepdims: 1 } }));
  return folded;
}

/** A convolution whose kernels each pick one element of the window, with the layer's own padding and thinned strides: im2col. */
function unfold(
  graph: GraphProto,
  layer: WeightedLayer,
  laying: Laying,
  { input, freshName }: { input: string; freshName: Namer },
): string {
  const { groups, columns } = layerColumns(layer);
  const [, perGroup = 1, ...kernel] = layer.weightDims;
  const picks = new Float32Array(groups * columns * columns);
  for (let row = 0; row < groups * columns; row++) picks[row * columns + (row % columns)] = 1;
  const weight = freshName("stat_picks");
  graph.initializer.push(floatTensor(weight, [groups * columns, perGroup, ...kernel], picks));
  const [windows, shaped, moved, flat] = ["windows", "shaped", "moved", "flat"].map((part) =>
    freshName(`stat_${part}`),
  ) as [string, string, string, string];
  graph.node.push(
    {
      ...makeNode("Conv", [input, weight], [windows]),
      attribute: thinnedAttributes(layer, kernel.length, laying.thinning),
    },
    makeNode("Reshape", [windows, constant(graph, freshName("stat_dims"), [0, groups, columns, -1])], [shaped]),
    makeNode("Transpose", [shaped], [moved], { attributes: { perm: [1, 2, 0, 3] } }),
    makeNode("Reshape", [moved, constant(graph, freshName("stat_dims"), [groups, columns, -1])], [flat]),
  );
  return flat;
}

function thinnedAttributes(layer: WeightedLayer, axes: number, thinning: number) {
  const { attribute } = layer.node;
  // SAME padding depends on the strides, so such windows are all taken.
  const automatic = attribute.some(
    ({ name, s }) => name === "auto_pad" && new TextDecoder().decode(s).startsWith("SAME"),
  );
  if (thinning === 1 || automatic) return attribute;
  const strides = intsAttribute(layer.node, "strides") ?? new Array<number>(axes).fill(1);
  const thinned = makeNode("", [], [], {
    attributes: { strides: strides.map((stride) => stride * thinning) },
  }).attribute;
  return [...attribute.filter(({ name }) => name !== "strides"), ...thinned];
}

function matrixColumns(graph: GraphProto, layer: WeightedLayer, input: string, freshName: Namer): string {
  const { columns } = layerColumns(layer);
  const [shaped, flat] = [freshName("stat_rows"), freshName("stat_flat")];
  graph.node.push(
    makeNode("Reshape", [input, constant(graph, freshName("stat_dims"), [1, -1, columns])], [shaped]),
    makeNode("Transpose", [shaped], [flat], { attributes: { perm: [0, 2, 1] } }),
  );
  return flat;
}

function constant(graph: GraphProto, name: string, values: readonly number[]): string {
  graph.initializer.push(int64Tensor(name, [values.length], values));
  return name;
}
