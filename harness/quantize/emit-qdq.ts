import { type GraphProto, type NodeProto, TensorProto_DataType as T, type TensorProto } from "onnx-buf";
import type { ActivationPlan } from "./activation-plan.ts";
import { packBits } from "./bit-packing.ts";
import { type GraphView, nameSource, rewireReaders, viewGraph } from "./graph-view.ts";
import type { Grid } from "./grid.ts";
import type { WeightedLayer } from "./layers.ts";
import { makeNode } from "./onnx-node.ts";
import type { ActivationSpec, WeightSpec } from "./recipe.ts";
import { floatTensor, int32Tensor, rawTensor, readFloats } from "./tensor-values.ts";
import type { RowLayout, WeightCodes } from "./weight-codes.ts";

/** A layer whose weights have become codes. */
export interface QuantizedLayer {
  readonly layer: WeightedLayer;
  readonly spec: WeightSpec;
  readonly layout: RowLayout;
  readonly weights: WeightCodes;
  /** Bias to store, float; undefined where the layer has none. */
  readonly bias: Float32Array | undefined;
}

/** Largest magnitude an int32 bias may take: half the range is left to the accumulated products. */
export const MAX_BIAS_CODE = 2 ** 30;

/** Puts the layers' codes behind DequantizeLinear nodes. With input grids biases become int32; without, they stay float. */
export function emitWeights(
  graph: GraphProto,
  layers: readonly QuantizedLayer[],
  inputGrids?: ReadonlyMap<string, Grid>,
): void {
  const freshName = nameSource(graph);
  const added = new Map<NodeProto, NodeProto[]>();
  for (const quantized of layers) {
    const { node } = quantized.layer;
    const before: NodeProto[] = [];
    const grid = inputGrids?.get(node.input[0] ?? "");
    node.input[1] = emitWeight(graph, quantized, { freshName, before, integer: grid !== undefined });
    if (quantized.bias !== undefined) {
      node.input[2] =
        grid === undefined
          ? emitFloatBias(graph, quantized, freshName)
          : emitBias(graph, quantized, grid, freshName, before);
    }
    added.set(node, before);
  }
  graph.node = graph.node.flatMap((node) => [...(added.get(node) ?? []), node]);
}

type Namer = (base: string) => string;

/** Packed blocks never get here: they are written for their own kernel. */
const STORED_TYPES = { int8: T.INT8, uint8: T.UINT8, int4: T.INT4, int2: T.INT2, packed: T.UINT8 } as const;

function emitWeight(
  graph: GraphProto,
  { layer, spec, layout, weights }: QuantizedLayer,
  { freshName, before, integer }: { freshName: Namer; before: NodeProto[]; integer: boolean },
): string {
  const base = layer.weight;
  const type = STORED_TYPES[spec.storage];
  const inputs = [freshName(`${base}_q`), freshName(`${base}_s`)] as const;
  graph.initializer.push(
    storedCodes(inputs[0], type, layer.weightDims, weights.codes),
    floatTensor(inputs[1], layout.scaleDims, weights.scales),
  );
  const zeros: string[] = [];
  // Without explicit zero points, zeros too, Gemm does not fuse to QGemm. Weight-only layers have no such fusion to lose.
  if (integer || !spec.symmetric) {
    zeros.push(freshName(`${base}_z`));
    graph.initializer.push(storedCodes(zeros[0] ?? "", type, layout.scaleDims, weights.zeroPoints));
  }
  const output = freshName(`${base}_dq`);
  const attributes: Record<string, number> = {};
  if (spec.granularity === "channel" && layer.channelAxis !== 1) attributes["axis"] = layer.channelAxis;
  before.push(makeNode("DequantizeLinear", [...inputs, ...zeros], [output], { attributes }));
  return output;
}

function storedCodes(name: string, type: number, dims: readonly number[], codes: ArrayLike<number>): TensorProto {
  const width = type === T.INT4 ? 4 : type === T.INT2 ? 2 : 8;
  if (width < 8) return rawTensor(name, type, dims, packBits(codes, width));
  const bytes =
    codes instanceof Int8Array || codes instanceof Uint8Array
      ? new Uint8Array(codes.buffer, codes.byteOffset, codes.length)
      : Uint8Array.from(codes, (code) => code & 0xff);
  return rawTensor(name, type, dims, bytes);
}

function emitFloatBias(graph: GraphProto, { layer, bias }: QuantizedLayer, freshName: Namer): string {
  const values = bias ?? new Float32Array();
  const old = graph.initializer.find((tensor) => tensor.name === layer.bias);
  if (old !== undefined && readFloats(old).every((value, c) => value === values[c])) return old.name;
  const name = freshName(`${layer.bias ?? `${layer.weight}_bias`}_c`);
  graph.initializer.push(floatTensor(name, [values.length], values));
  return name;
}

function emitBias(
  graph: GraphProto,
  quantized: QuantizedLayer,
  input: Grid,
  freshName: Namer,
  before: NodeProto[],
): string {
  const { layer, weights } = quantized;
  const bias = quantized.bias ?? new Float32Array();
  const base = layer.bias ?? `${layer.weight}_bias`;
  const codes = freshName(`${base}_q`);
  const scale = freshName(`${base}_s`);
  const scales = weights.scales.map((weightScale) => input.scale * weightScale);
  const scaleDims = scales.length === 1 ? [] : [scales.length];
  graph.initializer.push(
    int32Tensor(
      codes,
      [bias.length],
      bias.map((value, c) => Math.round(value / (scales[scales.length === 1 ? 0 : c] ?? 1))),
    ),
    floatTensor(scale, scaleDims, scales),
  );
  const inputs = [codes, scale];
  if (layer.op === "Gemm") {
    const zero = freshName(`${base}_z`);
    graph.initializer.push(int32Tensor(zero, scaleDims, new Int32Array(scales.length)));
    inputs.push(zero);
  }
  const output = freshName(`${base}_dq`);
  before.push(
    makeNode("DequantizeLinear", inputs, [output], scaleDims.length === 1 ? { attributes: { axis: 0 } } : {}),
  );
  return output;
}

/** Puts a Q/DQ pair behind every planned value; all its readers then read the dequantized one. Graph outputs keep their names. */
export function emitActivations(
  graph: GraphProto,
  plan: ActivationPlan,
  grids: ReadonlyMap<string, Grid>,
  type: ActivationSpec["type"],
): void {
  const freshName = nameSource(graph);
  const view = viewGraph(graph);
  const parameters = new Map<string, readonly [scale: string, zero: string]>();
  const pairs = new Map<string, NodeProto[]>();
  for (const [value, source] of plan.rangeSource) {
    const grid = grids.get(source);
    if (grid === undefined) continue;
    let names = parameters.get(source);
    if (names === undefined) {
      names = [freshName(`${source}_s`), freshName(`${source}_z`)];
      parameters.set(source, names);
      graph.initializer.push(
        floatTensor(names[0], [], [grid.scale]),
        rawTensor(names[1], type === "uint8" ? T.UINT8 : T.INT8, [], Uint8Array.of(grid.zeroPoint & 0xff)),
      );
    }
    pairs.set(value, emitPair(graph, view, value, names, freshName));
  }
  const atStart = [...view.inputs].flatMap((name) => pairs.get(name) ?? []);
  // Looked up by writer, because a writer of a graph output has a new output name by now.
  const behind = new Map<NodeProto, NodeProto[]>();
  for (const [value, nodes] of pairs) {
    const writer = view.producer.get(value);
    if (writer) behind.set(writer, [...(behind.get(writer) ?? []), ...nodes]);
  }
  graph.node = [...atStart, ...graph.node.flatMap((node) => [node, ...(behind.get(node) ?? [])])];
}

function emitPair(
  graph: GraphProto,
  view: GraphView,
  value: string,
  [scale, zero]: readonly [string, string],
  freshName: Namer,
): NodeProto[] {
  const quantized = freshName(`${value}_q`);
  let from = value;
  let to = value;
  const writer = view.producer.get(value);
  if (view.outputs.has(value) && writer !== undefined) {
    from = freshName(`${value}_f`);
    writer.output = writer.output.map((name) => (name === value ? from : name));
  } else {
    to = freshName(`${value}_dq`);
    rewireReaders(graph, value, to);
  }
  return [
    makeNode("QuantizeLinear", [from, scale, zero], [quantized]),
    makeNode("DequantizeLinear", [quantized, scale, zero], [to]),
  ];
}
