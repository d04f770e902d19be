import type { WeightedLayer } from "./layers.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";

/** What a recipe does with one layer: the spec for its weights, or why it stays float. */
export type LayerDecision = { readonly spec: WeightSpec } | { readonly skipped: string };

/** Applies the recipe's skips and overrides (the last that matches wins) to the layers, in graph order. */
export function decideLayers(layers: readonly WeightedLayer[], recipe: Recipe): LayerDecision[] {
  return layers.map((layer, index) => {
    const place = { first: index === 0, last: index === layers.length - 1 };
    if (recipe.weights === null) return { skipped: "the recipe keeps float32 weights" };
    if (recipe.skip.some((pattern) => matches(pattern, layer, place))) return { skipped: "the recipe skips it" };
    let spec: WeightSpec = recipe.weights;
    for (const override of recipe.overrides) {
      if (override.layers.some((pattern) => matches(pattern, layer, place))) spec = { ...spec, ...override.weights };
    }
    if (spec.granularity === "block" && layer.op === "Conv") {
      return { skipped: "blocks of weights have kernels for MatMul and Gemm, not Conv" };
    }
    if (recipe.activations?.calibration === "dynamic" && layer.op === "Conv") {
      return { skipped: "convolutions gain nothing from ranges found at every run" };
    }
    return { spec };
  });
}

function matches(pattern: string, layer: WeightedLayer, place: { first: boolean; last: boolean }): boolean {
  if (pattern === "@first") return place.first;
  if (pattern === "@last") return place.last;
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(layer.name);
}
