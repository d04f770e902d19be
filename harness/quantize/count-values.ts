import type { ValueCounts } from "../domain/value-counts.ts";
import { type CalibrationJob, feedFor, notFinite } from "./calibration-job.ts";
import { cloneModel, exposeOnly } from "./derived-model.ts";
import { nameSource } from "./graph-view.ts";
import { withBatches } from "./model-runner.ts";
import { graphOf } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";

/** Counts of every element of each value. @throws HarnessError QUANTIZE_CALIBRATION as `calibrate`. */
export async function countValues(job: CalibrationJob): Promise<Map<string, ValueCounts>> {
  const model = cloneModel(job.model);
  const inputs = new Set(graphOf(model).input.map((input) => input.name));
  const freshName = nameSource(graphOf(model));
  // A model input cannot also be an output, so it is brought out through a copy.
  const exposed = job.values.map((value) => {
    if (!inputs.has(value)) return { value, output: value };
    const output = freshName(`${value}_copy`);
    graphOf(model).node.push(makeNode("Identity", [value], [output]));
    return { value, output };
  });
  const outputs = exposed.map(({ output }) => output);
  exposeOnly(model, outputs);
  const found = await withBatches(feedFor(job, model), async (session, batches) => {
    for (const { feeds, first, count } of batches) {
      await session.count(feeds, outputs);
      job.onProgress?.((first + count) / job.indices.length);
    }
    return session.counts();
  });
  const counts = new Map<string, ValueCounts>();
  for (const { value, output } of exposed) {
    const one = found[output];
    if (one === undefined) continue;
    if (one.notFinite > 0) throw notFinite(value);
    counts.set(value, one);
  }
  return counts;
}
