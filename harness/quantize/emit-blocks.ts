import { create } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as T,
} from "onnx-buf";
import { packBits } from "./bit-packing.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import { nameSource } from "./graph-view.ts";
import { graphOf } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";
import { rowView } from "./row-view.ts";
import { floatTensor, rawTensor } from "./tensor-values.ts";

/** Quantizes the kernel's activations to int8 as it runs: without it, 2- and 8-bit blocks run 200 times slower (onnx.md). */
const ACCURACY_LEVEL = 4;

/**
 * Replaces MatMul and Gemm nodes by MatMulNBits with packed blocks, a Gemm's bias by an Add. Written out rather than left to the
 * runtime's own rewrite of DequantizeLinear, which a bias behind the MatMul defeats (it fuses to a float Gemm first).
 * `graph` is the graph that holds the nodes, where that is not the model's own.
 */
export function emitBlocks(
  model: ModelProto,
  layers: readonly QuantizedLayer[],
  graph: GraphProto = graphOf(model),
): void {
  if (layers.length === 0) return;
  if (!model.opsetImport.some(({ domain }) => domain === "com.microsoft")) {
    model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }));
  }
  const freshName = nameSource(graph);
  const behind = new Map<NodeProto, NodeProto>();
  for (const entry of layers) {
    const { layer, spec, layout, weights } = entry;
    const { node } = layer;
    const { rows, columns } = rowView(layer);
    const size = spec.block_size ?? 32;
    const blocks = Math.ceil(columns / size);
    const [codesName, scalesName] = [freshName(`${layer.weight}_q`), freshName(`${layer.weight}_s`)];
    graph.initializer.push(
      rawTensor(codesName, T.UINT8, [rows, blocks, (size * spec.bits) / 8], packRows(entry, size)),
      floatTensor(scalesName, layout.scaleDims, weights.scales),
    );
    const output = node.output[0] ?? "";
    const hasBias = layer.op === "Gemm" && (node.input[2] ?? "") !== "";
    const product = hasBias ? freshName(`${output}_product`) : output;
    if (hasBias) behind.set(node, makeNode("Add", [product, biasOf(graph, entry, freshName)], [output]));
    const attributes = { K: columns, N: rows, bits: spec.bits, block_size: size, accuracy_level: ACCURACY_LEVEL };
    Object.assign(node, {
      ...makeNode("MatMulNBits", [node.input[0] ?? "", codesName, scalesName], [product], {
        name: node.name,
        domain: "com.microsoft",
        attributes,
      }),
    });
  }
  graph.node = graph.node.flatMap((node) => {
    const add = behind.get(node);
    return add === undefined ? [node] : [node, add];
  });
}

/** Codes of each output channel, block by block, made unsigned about the kernel's default zero point; short blocks are filled with it. */
function packRows({ layer, spec, weights }: QuantizedLayer, size: number): Uint8Array {
  const { rows, columns, at } = rowView(layer);
  const zero = 2 ** (spec.bits - 1);
  const padded = Math.ceil(columns / size) * size;
  const codes = new Uint8Array(rows * padded).fill(zero);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < columns; k++) codes[r * padded + k] = (weights.codes[at(r, k)] ?? 0) + zero;
  return packBits(codes, spec.bits);
}

function biasOf(graph: GraphProto, { layer, bias }: QuantizedLayer, freshName: (base: string) => string): string {
  if (bias === undefined || layer.bias === undefined) return layer.bias ?? "";
  const name = freshName(`${layer.bias}_c`);
  graph.initializer.push(floatTensor(name, [bias.length], bias));
  return name;
}
