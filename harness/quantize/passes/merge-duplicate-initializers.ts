import type { GraphProto, TensorProto } from "onnx-buf";
import { rewireReaders, viewGraph } from "../graph-view.ts";
import { isExternal } from "../tensor-values.ts";

/**
 * Makes readers of equal constants read one of them; returns how many were dropped. Constants that quantization nodes read stay,
 * so that their wiring is unchanged, and so do those that the model's users can see or replace.
 */
export function mergeDuplicateInitializers(graph: GraphProto): number {
  const { consumers, outputs } = viewGraph(graph);
  const visible = new Set([...outputs, ...graph.input.map((input) => input.name)]);
  const buckets = new Map<string, TensorProto[]>();
  const dropped = new Set<TensorProto>();
  for (const tensor of graph.initializer) {
    const readers = consumers.get(tensor.name) ?? [];
    const quantizing = readers.some(({ opType }) => opType === "QuantizeLinear" || opType === "DequantizeLinear");
    if (quantizing || visible.has(tensor.name) || isExternal(tensor) || tensor.rawData.length === 0) continue;
    const key = `${tensor.dataType} ${tensor.dims.join(",")} ${fingerprint(tensor.rawData)}`;
    const bucket = buckets.get(key) ?? [];
    buckets.set(key, bucket);
    const same = bucket.find((other) => equalBytes(other.rawData, tensor.rawData));
    if (same === undefined) {
      bucket.push(tensor);
      continue;
    }
    rewireReaders(graph, tensor.name, same.name);
    dropped.add(tensor);
  }
  graph.initializer = graph.initializer.filter((tensor) => !dropped.has(tensor));
  return dropped.size;
}

/** FNV-1a over the bytes: sorts tensors into buckets; equality is decided byte by byte. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
