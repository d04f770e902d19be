import type { GraphProto, ModelProto, TensorProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { emitBlocks } from "./emit-blocks.ts";
import { emitWeights } from "./emit-qdq.ts";
import { viewGraph } from "./graph-view.ts";
import type { KernelLabel } from "./kernel-truth.ts";
import { decideLayers } from "./layer-selection.ts";
import { findLayers, type WeightedLayer } from "./layers.ts";
import type { ManifestLayer } from "./manifest.ts";
import { floatRow, quantizedRow } from "./manifest-writer.ts";
import { graphOf, parseModel } from "./onnx-file.ts";
import { upgradeOpset } from "./passes/upgrade-opset.ts";
import { opsetFor } from "./prepared-model.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";
import { elementCount } from "./tensor-values.ts";
import { codesSqnr, layoutFor, quantizeNearest } from "./weight-codes.ts";

/** Where tensors' values come from and go to, one at a time. */
export interface TensorStore {
  /** Values of an external float32 tensor; valid until the next read. */
  read(tensor: TensorProto): Promise<Float32Array>;
  /** Puts a tensor's bytes into the new data file and points the tensor there. */
  write(tensor: TensorProto): Promise<void>;
  /** Copies an external tensor's bytes to the new data file, whatever its type, and points the tensor there. */
  copy(tensor: TensorProto): Promise<void>;
}

export interface StreamedModel {
  /** The graph alone; its tensors are in the store. */
  readonly model: ModelProto;
  readonly layers: readonly ManifestLayer[];
}

export interface StreamOptions {
  readonly store: TensorStore;
  /** Which kernel will run a layer; asked before the layer is changed. */
  readonly kernelOf: (model: ModelProto, layer: WeightedLayer, spec: WeightSpec) => Promise<KernelLabel>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
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
  { store, kernelOf, signal, onProgress }: StreamOptions,
): Promise<StreamedModel> {
  if (!canStream(recipe)) throw cannotStream(recipe);
  const model = parseModel(graphBytes);
  const graph = graphOf(model);
  upgradeOpset(model, opsetFor(recipe));
  const list = findLayers(viewGraph(graph));
  const decisions = decideLayers(list.layers, recipe);
  const stays = (reason: string): KernelLabel => ({ kernel: "skipped", op: null, node: null, reason });
  const layers: ManifestLayer[] = [];
  for (const [i, layer] of list.layers.entries()) {
    signal?.throwIfAborted();
    const decision = decisions[i];
    if (decision === undefined) continue;
    if ("skipped" in decision) {
      const { skipped } = decision;
      layers.push(floatRow(layer.name, layer.op, elementCount(layer.weightDims), skipped, stays(skipped)));
    } else {
      const label = await kernelOf(model, layer, decision.spec);
      layers.push(await streamLayer(model, layer, { spec: decision.spec, label }, store));
    }
    onProgress?.((i + 1) / list.layers.length);
  }
  await keepRest(graph, store, signal);
  const others = list.skipped.map(({ name, op, parameters, reason }) =>
    floatRow(name, op, parameters, reason, stays(reason)),
  );
  return { model, layers: [...layers, ...others] };
}

/** True for weight-only recipes rounded to nearest: the only ones that need no run of the model. */
export function canStream({ weights, activations, bias_correction: corrected, equalize, overrides }: Recipe): boolean {
  const specs = [weights, ...overrides.map((override) => ({ ...weights, ...override.weights }))];
  return (
    weights !== null &&
    activations === null &&
    !corrected &&
    !equalize &&
    specs.every((spec) => spec?.rounding === "nearest")
  );
}

/** QUANTIZE_UNSUPPORTED for a recipe that has to run the model. */
export function cannotStream({ id }: Recipe): HarnessError {
  return new HarnessError("QUANTIZE_UNSUPPORTED", `The recipe ${id} cannot be followed tensor by tensor.`, {
    hint: "Models with external data take weight-only recipes rounded to nearest, such as w8a16 or int4-block32.",
  });
}

async function streamLayer(
  model: ModelProto,
  layer: WeightedLayer,
  { spec, label }: { readonly spec: WeightSpec; readonly label: KernelLabel },
  store: TensorStore,
): Promise<ManifestLayer> {
  const graph = graphOf(model);
  const source = graph.initializer.find((tensor) => tensor.name === layer.weight);
  const layout = layoutFor(spec, layer.weightDims, layer.channelAxis);
  const values = source === undefined ? new Float32Array() : await store.read(source);
  const weights = quantizeNearest(values, layout, spec);
  const row = quantizedRow({ layer, spec, layout }, codesSqnr(values, weights, layout), label);
  const before = new Set(graph.initializer);
  const entry = { layer, spec, layout, weights, bias: undefined };
  if (spec.storage === "packed") emitBlocks(model, [entry]);
  else emitWeights(graph, [entry]);
  for (const tensor of graph.initializer)
    if (!before.has(tensor) && tensor.rawData.length >= INLINE_BYTES) await store.write(tensor);
  return row;
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
