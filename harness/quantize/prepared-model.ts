import type { ModelProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { type GraphView, viewGraph } from "./graph-view.ts";
import { decideLayers, type LayerDecision } from "./layer-selection.ts";
import { findLayers, type LayerList } from "./layers.ts";
import { findProblems } from "./model-problems.ts";
import { graphOf, parseModel } from "./onnx-file.ts";
import { type CleanReport, cleanModel } from "./passes/clean.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";

/** A cleaned float model, its layers, and what the recipe does with each. */
export interface PreparedModel {
  readonly model: ModelProto;
  readonly view: GraphView;
  readonly clean: CleanReport | null;
  readonly list: LayerList;
  readonly decisions: readonly LayerDecision[];
}

/** Opset of QuantizeLinear with an axis; what every recipe needs. */
const BASE_OPSET = 13;
/** Opset of DequantizeLinear with INT4. */
const INT4_OPSET = 21;
/** Opset of DequantizeLinear with INT2. */
const INT2_OPSET = 25;

/**
 * Reads, checks and cleans a model for a recipe.
 * @throws HarnessError CONFIG_MODEL_INVALID for a broken model, QUANTIZE_UNSUPPORTED for an opset that cannot be raised.
 */
export function prepareModel(bytes: Uint8Array, recipe: Recipe): PreparedModel {
  const model = parseModel(bytes);
  const broken = findProblems(model).find((problem) => problem.severity === "error" && problem.code !== "not_sorted");
  if (broken !== undefined) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `The model is invalid: ${broken.message}`, {
      hint: "Run `quantgate inspect` on it to see every problem.",
    });
  }
  const clean = recipe.weights === null ? null : cleanModel(model, opsetFor(recipe), { equalize: recipe.equalize });
  const view = viewGraph(graphOf(model));
  const list = findLayers(view);
  return { model, view, clean, list, decisions: decideLayers(list.layers, recipe) };
}

export function opsetFor(recipe: Recipe): number {
  const specs = [recipe.weights, ...recipe.overrides.map((override) => override.weights)];
  const stores = (storage: WeightSpec["storage"]) => specs.some((spec) => spec?.storage === storage);
  return stores("int2") ? INT2_OPSET : stores("int4") ? INT4_OPSET : BASE_OPSET;
}
