import type { QuantizedLayer } from "./emit-qdq.ts";
import type { LayerStatistics } from "./layer-statistics.ts";
import type { WeightedLayer } from "./layers.ts";
import type { WeightSpec } from "./recipe.ts";
import type { RoundRowsPort, RowsTask } from "./row-rounding.ts";
import { rowView } from "./row-view.ts";
import { emptyCodes, gridForRow, layoutFor, type RowLayout, type WeightCodes } from "./weight-codes.ts";

/** Rows a task has at least: fewer do not pay for factoring the moments once more. */
const LEAST_ROWS = 8;

/** Rounds a layer's weights by GPTQ against the inputs that the quantized layers before it will deliver. */
export async function roundByGptq(
  { layer, spec, weights }: { layer: WeightedLayer; spec: WeightSpec; weights: Float32Array },
  statistics: LayerStatistics,
  { roundRows, parts, signal }: { roundRows: RoundRowsPort; parts: number; signal?: AbortSignal | undefined },
): Promise<{ weights: WeightCodes; layout: RowLayout }> {
  const view = rowView(layer);
  const { columns } = view;
  const layout = layoutFor(spec, layer.weightDims, layer.channelAxis);
  const codes = emptyCodes(weights.length, spec);
  const scales = new Float32Array(layout.rows);
  const zeroPoints = new Int32Array(layout.rows);
  const shared = spec.granularity === "tensor" ? gridForRow(weights, { ...spec, scale: "mse" }) : undefined;
  const rowsPerGroup = view.rows / statistics.groups;
  const each = Math.max(LEAST_ROWS, Math.ceil(rowsPerGroup / parts));
  const tasks: (RowsTask & { readonly first: number })[] = [];
  for (let group = 0; group < statistics.groups; group++) {
    const square = (of: Float64Array) => of.subarray(group * columns * columns, (group + 1) * columns * columns);
    for (let from = 0; from < rowsPerGroup; from += each) {
      const count = Math.min(each, rowsPerGroup - from);
      const first = group * rowsPerGroup + from;
      const rows = Float64Array.from(
        { length: count * columns },
        (_, i) => weights[view.at(first + Math.floor(i / columns), i % columns)] ?? 0,
      );
      const { moments, cross } = statistics;
      tasks.push({ first, spec, columns, count, rows, moments: square(moments), cross: square(cross), shared });
    }
  }
  const results = await roundRows(tasks, signal);
  for (const [t, { first, count }] of tasks.entries()) {
    const result = results[t] as (typeof results)[number];
    for (let i = 0; i < count * columns; i++)
      codes[view.at(first + Math.floor(i / columns), i % columns)] = result.codes[i] as number;
    const gridsPerRow = result.scales.length / count;
    const at = shared === undefined ? first * gridsPerRow : 0;
    scales.set(shared === undefined ? result.scales : result.scales.subarray(0, 1), at);
    zeroPoints.set(shared === undefined ? result.zeroPoints : result.zeroPoints.subarray(0, 1), at);
  }
  return { weights: { codes, scales, zeroPoints }, layout };
}

/** The bias that gives the quantized layer the float layer's mean output: b + W·mean(x) - Ŵ·mean(x̂). */
export function correctedBias(
  entry: Pick<QuantizedLayer, "layer" | "bias">,
  weights: Float32Array,
  dequantized: Float32Array,
  statistics: LayerStatistics,
): Float32Array<ArrayBuffer> {
  const view = rowView(entry.layer);
  const rowsPerGroup = view.rows / statistics.groups;
  return Float32Array.from({ length: view.rows }, (_, r) => {
    const first = Math.floor(r / rowsPerGroup) * statistics.columns;
    let bias = entry.bias?.[r] ?? 0;
    for (let k = 0; k < view.columns; k++) {
      const at = view.at(r, k);
      bias +=
        (weights[at] ?? 0) * (statistics.mean[first + k] ?? 0) -
        (dequantized[at] ?? 0) * (statistics.meanQuantized[first + k] ?? 0);
    }
    return bias;
  });
}
