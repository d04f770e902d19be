import { type GraphProto, type NodeProto, TensorProto_DataType as T } from "onnx-buf";
import type { QuantizedLayer } from "./emit-qdq.ts";
import { nameSource } from "./graph-view.ts";
import { makeNode } from "./onnx-node.ts";
import { rowView } from "./row-view.ts";
import { floatTensor, rawTensor } from "./tensor-values.ts";

/**
 * Replaces MatMul and Gemm by integer products whose input is quantized to uint8 by its own range at every run; ONNX Runtime fuses
 * the chain into one DynamicQuantizeMatMul. Layers that read the same value share its quantization.
 */
export function emitDynamic(graph: GraphProto, layers: readonly QuantizedLayer[]): void {
  const freshName = nameSource(graph);
  const inputs = new Map<string, readonly [codes: string, scale: string, zero: string]>();
  const replacement = new Map<NodeProto, NodeProto[]>();
  for (const entry of layers) {
    const { node } = entry.layer;
    const input = node.input[0] ?? "";
    const nodes: NodeProto[] = [];
    let quantized = inputs.get(input);
    if (quantized === undefined) {
      quantized = [freshName(`${input}_q`), freshName(`${input}_s`), freshName(`${input}_z`)];
      inputs.set(input, quantized);
      nodes.push(makeNode("DynamicQuantizeLinear", [input], quantized));
    }
    nodes.push(...emitProduct(graph, entry, quantized, freshName));
    replacement.set(node, nodes);
  }
  graph.node = graph.node.flatMap((node) => replacement.get(node) ?? [node]);
}

function emitProduct(
  graph: GraphProto,
  { layer, spec, layout, weights, bias }: QuantizedLayer,
  [codes, scale, zero]: readonly [string, string, string],
  freshName: (base: string) => string,
): NodeProto[] {
  const { rows, columns, at } = rowView(layer);
  const output = layer.node.output[0] ?? "";
  // MatMulInteger reads its weight as [inputs, outputs]; a Gemm's may be stored the other way round.
  const ordered = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < columns; k++) ordered[k * rows + r] = (weights.codes[at(r, k)] ?? 0) & 0xff;
  const type = spec.storage === "uint8" ? T.UINT8 : T.INT8;
  const [w, ws, wz] = ["q", "s", "z"].map((part) => freshName(`${layer.weight}_${part}`)) as [string, string, string];
  graph.initializer.push(
    rawTensor(w, type, [columns, rows], ordered),
    floatTensor(ws, layout.scaleDims, weights.scales),
    rawTensor(
      wz,
      type,
      layout.scaleDims,
      Uint8Array.from(weights.zeroPoints, (code) => code & 0xff),
    ),
  );
  const [sums, floats, scales] = ["sums", "floats", "scales"].map((part) => freshName(`${output}_${part}`)) as [
    string,
    string,
    string,
  ];
  const addsBias = bias !== undefined;
  const product = addsBias ? freshName(`${output}_product`) : output;
  const nodes = [
    makeNode("MatMulInteger", [codes, w, zero, wz], [sums], { name: layer.node.name }),
    makeNode("Cast", [sums], [floats], { attributes: { to: T.FLOAT } }),
    makeNode("Mul", [scale, ws], [scales]),
    makeNode("Mul", [floats, scales], [product]),
  ];
  if (addsBias) {
    const name = freshName(`${layer.bias ?? layer.weight}_c`);
    graph.initializer.push(floatTensor(name, [bias.length], bias));
    nodes.push(makeNode("Add", [product, name], [output]));
  }
  // The manifest finds the stored codes at the layer's weight input.
  layer.node.input[1] = w;
  return nodes;
}
