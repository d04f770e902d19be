import type { QuantizedLayer } from "./emit-qdq.ts";
import { MAX_BIAS_CODE } from "./emit-qdq.ts";
import type { GraphView } from "./graph-view.ts";
import type { Grid } from "./grid.ts";
import type { WeightedLayer } from "./layers.ts";
import type { WeightSpec } from "./recipe.ts";
import { readFloats } from "./tensor-values.ts";
import { layoutFor, quantizeNearest, raiseScales } from "./weight-codes.ts";

/** Rounds one layer's weights on their own, without looking at activations. `input` is the grid of the layer's input, if quantized. */
export function roundLayer(
  view: GraphView,
  layer: WeightedLayer,
  spec: WeightSpec,
  input: Grid | undefined,
): QuantizedLayer {
  const values = layerWeights(view, layer);
  const layout = layoutFor(spec, layer.weightDims, layer.channelAxis);
  const weights = quantizeNearest(values, layout, spec);
  const bias = layerBias(view, layer);
  if (bias !== undefined && input !== undefined) {
    raiseScales(weights, values, layout, spec, scaleFloors(bias, layout.rows, input));
  }
  return { layer, spec, layout, weights, bias };
}

/** A layer's float weights, copied. */
export function layerWeights(view: GraphView, layer: WeightedLayer): Float32Array<ArrayBuffer> {
  const tensor = view.initializer.get(layer.weight);
  return tensor === undefined ? new Float32Array() : readFloats(tensor);
}

/** A layer's float bias, copied; undefined where it has none. */
export function layerBias(view: GraphView, layer: WeightedLayer): Float32Array<ArrayBuffer> | undefined {
  const tensor = layer.bias === undefined ? undefined : view.initializer.get(layer.bias);
  return tensor === undefined ? undefined : readFloats(tensor);
}

/** Smallest weight scale of each row at which the bias still fits its int32 codes. */
export function scaleFloors(bias: Float32Array, rows: number, input: Grid): Float64Array {
  const floors = new Float64Array(rows);
  for (let c = 0; c < bias.length; c++) {
    const row = rows === 1 ? 0 : c;
    floors[row] = Math.max(floors[row] ?? 0, Math.abs(bias[c] ?? 0) / (input.scale * MAX_BIAS_CODE));
  }
  return floors;
}
