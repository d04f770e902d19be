import type { TensorValue } from "../domain/session-port.ts";
import { type CalibrationJob, feedFor, notFinite } from "./calibration-job.ts";
import { cloneModel, exposeOnly } from "./derived-model.ts";
import { nameSource } from "./graph-view.ts";
import type { Range } from "./grid.ts";
import { runBatches } from "./model-runner.ts";
import { graphOf } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";

/** Weight of a new batch in the moving average, as quantization-aware training uses it. */
const NEW_BATCH_WEIGHT = 0.1;

/**
 * Extremes of each value, or their moving average over the batches, through reductions inside the graph: half the time, and a fraction
 * of the memory, of bringing every value out. @throws HarnessError QUANTIZE_CALIBRATION as `calibrate`.
 */
export async function findExtremes(
  job: CalibrationJob,
  { average }: { average: boolean },
): Promise<Map<string, Range>> {
  const model = cloneModel(job.model);
  const graph = graphOf(model);
  const freshName = nameSource(graph);
  const reductions = job.values.map((value) => {
    const reduced = (kind: string) => {
      const output = freshName(`${value}_${kind.toLowerCase()}`);
      graph.node.push(makeNode(`Reduce${kind}`, [value], [output], { attributes: { keepdims: 0 } }));
      return output;
    };
    // The sum is there because minima and maxima may drop NaN, sums never do.
    return { value, low: reduced("Min"), high: reduced("Max"), sum: reduced("Sum") };
  });
  const outputs = reductions.flatMap(({ low, high, sum }) => [low, high, sum]);
  exposeOnly(model, outputs);
  const ranges = new Map<string, Range>();
  await runBatches({
    ...feedFor(job, model),
    outputs,
    onBatch: (results, { first, count }) => {
      for (const { value, low, high, sum } of reductions) {
        const range = { low: scalar(results[low]), high: scalar(results[high]) };
        if (![range.low, range.high, scalar(results[sum])].every(Number.isFinite)) throw notFinite(value);
        const known = ranges.get(value);
        ranges.set(value, known === undefined ? range : average ? blend(known, range) : widen(known, range));
      }
      job.onProgress?.((first + count) / job.indices.length);
    },
  });
  return ranges;
}

function widen(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function blend(known: Range, batch: Range): Range {
  return {
    low: known.low + NEW_BATCH_WEIGHT * (batch.low - known.low),
    high: known.high + NEW_BATCH_WEIGHT * (batch.high - known.high),
  };
}

function scalar(tensor: TensorValue | undefined): number {
  return Number(tensor?.data[0] ?? Number.NaN);
}
