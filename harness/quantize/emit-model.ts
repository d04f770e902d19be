import type { ModelProto, NodeProto } from "onnx-buf";
import type { ActivationPlan } from "./activation-plan.ts";
import { cloneModel } from "./derived-model.ts";
import { emitBlocks } from "./emit-blocks.ts";
import { emitDynamic } from "./emit-dynamic.ts";
import { emitActivations, emitWeights, type QuantizedLayer } from "./emit-qdq.ts";
import type { Grid } from "./grid.ts";
import { graphOf } from "./onnx-file.ts";
import type { PreparedModel } from "./prepared-model.ts";
import type { Recipe } from "./recipe.ts";

/** A model with quantized layers, beside the prepared one it was copied from. */
export interface EmittedModel {
  readonly model: ModelProto;
  /** The same layers, their nodes those of the new model. */
  readonly quantized: readonly QuantizedLayer[];
  /** Node of the new model that was copied from a node of the prepared one. */
  copyOf(node: NodeProto): NodeProto;
}

export interface EmissionParts {
  readonly quantized: readonly QuantizedLayer[];
  readonly plan: ActivationPlan;
  readonly grids: ReadonlyMap<string, Grid>;
}

/** Writes codes and grids into a copy of the prepared model. Layers left out of `parts.quantized` keep float weights. */
export function emitModel(prepared: PreparedModel, parts: EmissionParts, recipe: Recipe): EmittedModel {
  const model = cloneModel(prepared.model);
  const graph = graphOf(model);
  const copies = new Map(prepared.view.graph.node.map((node, i) => [node, graph.node[i] as NodeProto]));
  const copyOf = (node: NodeProto) => copies.get(node) ?? node;
  const quantized = parts.quantized.map((entry) => ({
    ...entry,
    layer: { ...entry.layer, node: copyOf(entry.layer.node) },
  }));
  const packed = quantized.filter(({ spec }) => spec.storage === "packed");
  const others = quantized.filter(({ spec }) => spec.storage !== "packed");
  emitBlocks(model, packed);
  if (recipe.activations?.calibration === "dynamic") emitDynamic(graph, others);
  else emitWeights(graph, others, gridsByValue(parts.plan, parts.grids));
  if (recipe.activations !== null) emitActivations(graph, parts.plan, parts.grids, recipe.activations.type);
  return { model, quantized, copyOf };
}

/** Grids by the values that use them, moved values included. */
export function gridsByValue(plan: ActivationPlan, grids: ReadonlyMap<string, Grid>): Map<string, Grid> {
  const byValue = new Map<string, Grid>();
  for (const [value, source] of plan.rangeSource) {
    const grid = grids.get(source);
    if (grid) byValue.set(value, grid);
  }
  return byValue;
}
