import assert from "node:assert/strict";
import { test } from "node:test";
import { threadedRounding } from "../../harness/pipeline/threaded-rounding.ts";
import type { WeightSpec } from "../../harness/quantize/recipe.ts";
import { type RowsTask, roundRowsHere } from "../../harness/quantize/row-rounding.ts";
import { randomFloats } from "../fixtures/onnx-models.ts";

const spec: WeightSpec = {
  bits: 4,
  granularity: "channel",
  symmetric: true,
  storage: "int8",
  scale: "mse",
  rounding: "gptq",
};

/** Rows against correlated inputs; the moments are views into one larger buffer, as those of a grouped convolution are. */
function tasksOf(columns: number, count: number, parts: number, rounding: WeightSpec["rounding"] = "gptq"): RowsTask[] {
  const square = columns * columns;
  const all = new Float64Array(2 * square);
  const noise = randomFloats(square, 3);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < columns; j++) {
      let sum = i === j ? 0.5 : 0.2;
      for (let s = 0; s < 8; s++) sum += ((noise[s * columns + i] ?? 0) * (noise[s * columns + j] ?? 0)) / 8;
      all[square + i * columns + j] = sum;
    }
  const moments = all.subarray(square);
  return Array.from({ length: parts }, (_, part) => {
    const rows = Float64Array.from(randomFloats(count * columns, 10 + part));
    return { spec: { ...spec, rounding }, columns, count, rows, moments, cross: moments };
  });
}

test("rows rounded on threads have the codes of rows rounded here", async () => {
  const tasks = tasksOf(200, 70, 3);
  const [threaded, here] = [await threadedRounding({ threads: 2 })(tasks), await roundRowsHere(tasks)];
  assert.deepEqual(threaded, here);
  const small = tasksOf(6, 3, 4);
  assert.deepEqual(await threadedRounding({ threads: 2 })(small), await roundRowsHere(small));
});

test("a budget smaller than a task still lets one run at a time", async () => {
  const tasks = tasksOf(200, 70, 2);
  assert.deepEqual(await threadedRounding({ threads: 2, budgetBytes: 1 })(tasks), await roundRowsHere(tasks));
});

test("an abort ends rounding that is under way, with the signal's reason", async () => {
  const stop = new AbortController();
  // Minutes of work if it went on.
  const rounding = threadedRounding({ threads: 2 })(tasksOf(600, 400, 2, "adaround"), stop.signal);
  setTimeout(() => stop.abort(new Error("enough")), 300);
  await assert.rejects(rounding, /enough/);
});

test("moments that are not finite are refused in the words of the quantizer, from a thread too", async () => {
  const tasks = tasksOf(200, 70, 2).map((task) => ({ ...task, moments: task.moments.slice().fill(Number.NaN) }));
  await assert.rejects(threadedRounding({ threads: 2 })(tasks), /NaN or infinite/);
});
