import type { GraphProto, ModelProto, TensorProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { emitBlocks } from "./emit-blocks.ts";
import { emitWeights } from "./emit-qdq.ts";
import { viewGraph } from "./graph-view.ts";
import { decideLayers } from "./layer-selection.ts";
import { findLayers, type WeightedLayer } from "./layers.ts";
import { graphOf, parseModel } from "./onnx-file.ts";
import { upgradeOpset } from "./passes/upgrade-opset.ts";
import { opsetFor } from "./prepared-model.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";
import { layoutFor, quantizeNearest } from "./weight-codes.ts";

/** Where tensors' values come from and go to, one at a time. */
export interface TensorStore {
  /** Values of an external float32 tensor; valid until the next read. */
  read(tensor: TensorProto): Promise<Float32Array>;
  /** Puts a tensor's bytes into the new data file and points the tensor there. */
  write(tensor: TensorProto): Promise<void>;
  /** Copies an external tensor's bytes to the new data file, whatever its type, and points the tensor there. */
  copy(tensor: TensorProto): Promise<void>;
}

export interface StreamedLayer {
  readonly name: string;
  readonly op: string;
  readonly bits: number | null;
  readonly skipped: string | null;
}

export interface StreamedModel {
  /** The graph alone; its tensors are in the store. */
  readonly model: ModelProto;
  readonly layers: readonly StreamedLayer[];
}

/** Tensors of fewer bytes stay inside the graph's file, as exporters keep them. */
const INLINE_BYTES = 1024;

/**
 * Quantizes weights of a model that keeps its tensors in other files, one layer in memory at a time: at most the layer's floats, its
 * codes and a packed copy of them. Only weight-only recipes rounded to nearest: others have to run the model layer by layer.
 * @throws HarnessError QUANTIZE_UNSUPPORTED for other recipes; CONFIG_MODEL_INVALID for a broken graph; whatever the store throws.
 */
export async function streamWeights(
  graphBytes: Uint8Array,
  recipe: Recipe,
  {
    store,
    signal,
    onProgress,
  }: { readonly store: TensorStore; readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void },
): Promise<StreamedModel> {
  refuseOthers(recipe);
  const model = parseModel(graphBytes);
  const graph = graphOf(model);
  upgradeOpset(model, opsetFor(recipe));
  const list = findLayers(viewGraph(graph));
  const decisions = decideLayers(list.layers, recipe);
  const layers: StreamedLayer[] = list.skipped.map(({ name, op, reason }) => ({
    name,
    op,
    bits: null,
    skipped: reason,
  }));
  for (const [i, layer] of list.layers.entries()) {
    signal?.throwIfAborted();
    const decision = decisions[i];
    const spec = decision !== undefined && "spec" in decision ? decision.spec : undefined;
    if (spec !== undefined) await streamLayer(model, layer, spec, store);
    const skipped = decision !== undefined && "skipped" in decision ? decision.skipped : null;
    layers.push({ name: layer.name, op: layer.op, bits: spec?.bits ?? null, skipped });
    onProgress?.((i + 1) / list.layers.length);
  }
  await keepRest(graph, store, signal);
  return { model, layers };
}

function refuseOthers({ id, weights, activations, bias_correction: corrected, equalize, overrides }: Recipe): void {
  const specs = [weights, ...overrides.map((override) => ({ ...weights, ...override.weights }))];
  if (
    weights !== null &&
    activations === null &&
    !corrected &&
    !equalize &&
    specs.every((s) => s?.rounding === "nearest")
  )
    return;
  throw new HarnessError("QUANTIZE_UNSUPPORTED", `The recipe ${id} cannot be followed tensor by tensor.`, {
    hint: "Models with external data take weight-only recipes rounded to nearest, such as w8a16 or int4-block32.",
  });
}

async function streamLayer(
  model: ModelProto,
  layer: WeightedLayer,
  spec: WeightSpec,
  store: TensorStore,
): Promise<void> {
  const graph = graphOf(model);
  const source = graph.initializer.find((tensor) => tensor.name === layer.weight);
  if (source === undefined) return;
  const layout = layoutFor(spec, layer.weightDims, layer.channelAxis);
  const weights = quantizeNearest(await store.read(source), layout, spec);
  const before = new Set(graph.initializer);
  const entry = { layer, spec, layout, weights, bias: undefined };
  if (spec.storage === "packed") emitBlocks(model, [entry]);
  else emitWeights(graph, [entry]);
  for (const tensor of graph.initializer)
    if (!before.has(tensor) && tensor.rawData.length >= INLINE_BYTES) await store.write(tensor);
}

/** Tensors that are still read keep their values, in the new file; the others go. */
async function keepRest(graph: GraphProto, store: TensorStore, signal: AbortSignal | undefined): Promise<void> {
  const { consumers, outputs } = viewGraph(graph);
  graph.initializer = graph.initializer.filter(({ name }) => consumers.has(name) || outputs.has(name));
  for (const tensor of graph.initializer) {
    signal?.throwIfAborted();
    await store.copy(tensor);
  }
}
