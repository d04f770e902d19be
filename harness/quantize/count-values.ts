import { HarnessError } from "../domain/errors.ts";
import type { ValueCounts } from "../domain/value-counts.ts";
import { type CalibrationJob, feedFor, notFinite } from "./calibration-job.ts";
import { cloneModel, exposeOnly } from "./derived-model.ts";
import { nameSource } from "./graph-view.ts";
import type { Range } from "./grid.ts";
import { withBatches } from "./model-runner.ts";
import { graphOf } from "./onnx-file.ts";
import { makeNode } from "./onnx-node.ts";

/**
 * Counts every element of each value, and chooses its range from the counts; they are here for one value at a time, as they may be
 * large. @throws HarnessError QUANTIZE_CALIBRATION as `calibrate`.
 */
export async function countValues(
  job: CalibrationJob,
  choose: (counts: ValueCounts) => Range,
): Promise<Map<string, Range>> {
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
  return withBatches(feedFor(job, model), async (session, batches) => {
    for (const { feeds, first, count } of batches) {
      await session.count(feeds, outputs);
      job.onProgress?.((first + count) / job.indices.length);
    }
    const ranges = new Map<string, Range>();
    for (const { value, output } of exposed) {
      const counts = await session.counts(output);
      if (counts.notFinite > 0) throw notFinite(value);
      if (counts.zeros === 0 && counts.width === 0) throw withoutElements(value);
      ranges.set(value, choose(counts));
    }
    return ranges;
  });
}

function withoutElements(value: string): HarnessError {
  return new HarnessError("QUANTIZE_CALIBRATION", `Value '${value}' has no element on the calibration items.`, {
    hint: "Give items on which every part of the model has something to work on.",
  });
}
