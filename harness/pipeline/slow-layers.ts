import { fillBatch, type ItemTensor, itemSize } from "../domain/item-tensor.ts";
import type { SessionPort, TensorValue } from "../domain/session-port.ts";
import { sha256 } from "../platform/digest.ts";
import { soleInput } from "../quantize/derived-model.ts";
import type { ManifestLayer } from "../quantize/manifest.ts";
import { parseModel } from "../quantize/onnx-file.ts";
import { quantizeModel } from "../quantize/quantize-model.ts";
import { resolveRecipe } from "../quantize/recipes.ts";

/** A layer that takes longer than the original's, by ONNX Runtime's profiler. */
export interface SlowLayer {
  readonly name: string;
  readonly kernel: ManifestLayer["kernel"];
  readonly seconds: number;
  readonly original_s: number;
}

export interface SlowLayers {
  /** Largest loss first. */
  readonly layers: readonly SlowLayer[];
  /** What QuantizeLinear and DequantizeLinear nodes take together, which the original has none of. */
  readonly conversions_s: number;
}

/** What a variant's file is made of; `layers` as its manifest has them. */
export interface ProfiledVariant {
  readonly path: string;
  readonly sessionConfig: Readonly<Record<string, string>>;
  readonly layers: readonly Pick<ManifestLayer, "name" | "kernel" | "kernel_node">[];
}

const CONVERSIONS = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** Times the original's layers once; each variant is then held against them, at batch 1 on one thread. */
export async function layerProfiler(options: {
  readonly original: { readonly path: string; readonly bytes: Uint8Array };
  readonly items: ItemTensor;
  readonly session: SessionPort;
}): Promise<(variant: ProfiledVariant) => Promise<SlowLayers>> {
  const { original, items, session } = options;
  const { manifest } = await quantizeModel({ model: original.bytes, recipe: resolveRecipe("fp32"), session, sha256 });
  const feeds = firstItem(original.bytes, items);
  const secondsByNode = async (path: string, sessionConfig: Readonly<Record<string, string>>) => {
    const times = await session.profile(path, feeds, { sessionConfig });
    return { times, of: new Map(times.map(({ node, seconds }) => [node, seconds])) };
  };
  const before = await secondsByNode(original.path, {});
  const originals = new Map(
    manifest.layers.map(({ name, kernel_node: node }) => [name, before.of.get(node ?? "")] as const),
  );
  return async ({ path, sessionConfig, layers }) => {
    const after = await secondsByNode(path, sessionConfig);
    const slow = layers.flatMap(({ name, kernel, kernel_node: node }): SlowLayer[] => {
      const [seconds, was] = [after.of.get(node ?? ""), originals.get(name)];
      return seconds !== undefined && was !== undefined && seconds > was
        ? [{ name, kernel, seconds, original_s: was }]
        : [];
    });
    slow.sort((a, b) => b.seconds - b.original_s - (a.seconds - a.original_s));
    const conversions = after.times.filter(({ op }) => CONVERSIONS.has(op));
    return { layers: slow, conversions_s: conversions.reduce((sum, { seconds }) => sum + seconds, 0) };
  };
}

function firstItem(model: Uint8Array, items: ItemTensor): Record<string, TensorValue> {
  const data = new Float32Array(itemSize(items.shape));
  fillBatch(items, [0], data);
  return { [soleInput(parseModel(model)).name]: { dtype: "float32", dims: [1, ...items.shape], data } };
}
