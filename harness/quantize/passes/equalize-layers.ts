import type { GraphProto, NodeProto } from "onnx-buf";
import { type GraphView, nameSource, viewGraph } from "../graph-view.ts";
import { findLayers, type WeightedLayer } from "../layers.ts";
import { intAttribute } from "../onnx-node.ts";
import { floatTensor, readFloats } from "../tensor-values.ts";

/**
 * Evens out the channel ranges of consecutive layers with at most a Relu between them (Nagel et al., "Data-Free Quantization", 2019):
 * channel c of the first is divided, and the inputs c of the second multiplied, by the same factor. The function stays the same up to
 * float noise; one scale a tensor then wastes less on narrow channels. Returns the number of pairs.
 */
export function equalizeLayers(graph: GraphProto): number {
  let pairs = 0;
  const names = new Set(findLayers(viewGraph(graph)).layers.map((layer) => layer.node));
  for (const node of names) {
    // Looked up anew: the pair before may have replaced this layer's tensors.
    const view = viewGraph(graph);
    const { layers } = findLayers(view);
    const first = layers.find((layer) => layer.node === node);
    const second = first && nextLayer(view, layers, first);
    if (first && second && equalizePair(graph, view, first, second)) pairs++;
  }
  return pairs;
}

/** The layer that alone reads this one's result, directly or behind a Relu, channel for channel. */
function nextLayer(view: GraphView, layers: readonly WeightedLayer[], first: WeightedLayer): WeightedLayer | undefined {
  let value = first.node.output[0] ?? "";
  let reader = soleReader(view, value);
  if (reader?.opType === "Relu") {
    value = reader.output[0] ?? "";
    reader = soleReader(view, value);
  }
  const second = layers.find((layer) => layer.node === reader);
  if (second === undefined || second.node.input[0] !== value) return undefined;
  // A Conv's channels are a Gemm's inputs only behind a Flatten, which this does not look through.
  return (first.op === "Conv") === (second.op === "Conv") ? second : undefined;
}

function soleReader(view: GraphView, value: string): NodeProto | undefined {
  const readers = view.consumers.get(value) ?? [];
  return readers.length === 1 && !view.outputs.has(value) ? readers[0] : undefined;
}

function equalizePair(graph: GraphProto, view: GraphView, first: WeightedLayer, second: WeightedLayer): boolean {
  const channels = first.weightDims[first.channelAxis] ?? 0;
  const shared = [first.weight, second.weight, first.bias ?? ""].some(
    (name) => (view.consumers.get(name) ?? []).length > 1,
  );
  const inputOf = inputChannels(second, channels);
  const [a, b] = [view.initializer.get(first.weight), view.initializer.get(second.weight)];
  if (shared || inputOf === undefined || a === undefined || b === undefined) return false;
  const outgoing = readFloats(a);
  const incoming = readFloats(b);
  const outputOf = channelOf(first.weightDims, first.channelAxis);
  const factors = balance(largest(outgoing, outputOf, channels), largest(incoming, inputOf, channels));
  const freshName = nameSource(graph);
  const replace = (name: string, dims: readonly number[], values: Float32Array): string => {
    const fresh = freshName(`${name}_even`);
    graph.initializer = graph.initializer.filter((tensor) => tensor.name !== name);
    graph.initializer.push(floatTensor(fresh, dims, values));
    return fresh;
  };
  const factor = (channel: number) => factors[channel] as number;
  first.node.input[1] = replace(
    first.weight,
    first.weightDims,
    outgoing.map((value, i) => value / factor(outputOf(i))),
  );
  second.node.input[1] = replace(
    second.weight,
    second.weightDims,
    incoming.map((value, i) => value * factor(inputOf(i))),
  );
  const bias = view.initializer.get(first.bias ?? "");
  if (bias !== undefined)
    first.node.input[2] = replace(
      bias.name,
      [channels],
      readFloats(bias).map((value, c) => value / factor(c)),
    );
  return true;
}

/** Output channel of element i of a weight. */
function channelOf(dims: readonly number[], axis: number): (i: number) => number {
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const count = dims[axis] ?? 1;
  return (i) => Math.floor(i / inner) % count;
}

/** Input channel of element i of a weight; undefined where groups mix them otherwise than all to all or one to one. */
function inputChannels(layer: WeightedLayer, channels: number): ((i: number) => number) | undefined {
  const { weightDims: dims } = layer;
  if (layer.op !== "Conv")
    return dims[1 - layer.channelAxis] === channels ? channelOf(dims, 1 - layer.channelAxis) : undefined;
  const groups = intAttribute(layer.node, "group", 1);
  if (groups === 1) return dims[1] === channels ? channelOf(dims, 1) : undefined;
  return groups === channels && dims[0] === channels ? channelOf(dims, 0) : undefined;
}

function largest(values: Float32Array, channel: (i: number) => number, channels: number): Float64Array {
  const out = new Float64Array(channels);
  for (let i = 0; i < values.length; i++) {
    const c = channel(i);
    out[c] = Math.max(out[c] as number, Math.abs(values[i] as number));
  }
  return out;
}

/** Factors that make both ranges of each channel their geometric mean; dead channels are left alone. */
function balance(outgoing: Float64Array, incoming: Float64Array): Float64Array {
  return outgoing.map((range, c) =>
    range > 0 && (incoming[c] as number) > 0 ? Math.sqrt(range / (incoming[c] as number)) : 1,
  );
}
