import assert from "node:assert/strict";
import { test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import { calibrate } from "../../harness/quantize/calibrate.ts";
import type { CalibrationJob } from "../../harness/quantize/calibration-job.ts";
import { cloneModel } from "../../harness/quantize/derived-model.ts";
import { parseModel } from "../../harness/quantize/onnx-file.ts";
import { isStandard, makeNode } from "../../harness/quantize/onnx-node.ts";
import type { ActivationSpec } from "../../harness/quantize/recipe.ts";
import { int64Tensor } from "../../harness/quantize/tensor-values.ts";
import { childSessions } from "../../harness/runtimes/onnxruntime/session-port.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";

const minmax: ActivationSpec = { type: "uint8", symmetric: false, calibration: "minmax" };

/** x → double → minus one, calibrated on these items. */
function job(data: Float32Array, overrides: Partial<CalibrationJob> = {}): CalibrationJob {
  const items: ItemTensor = { count: data.length / 4, shape: [4], data };
  const model = makeModel({ nodes: [makeNode("Add", ["x", "x"], ["d"]), makeNode("Relu", ["d"], ["y"])] });
  const indices = Array.from({ length: items.count }, (_, i) => i);
  return { model, items, indices, values: ["x", "d", "y"], session: inProcessSession, ...overrides };
}

const calibrationError = (pattern: RegExp) => (error: unknown) =>
  error instanceof HarnessError && error.code === "QUANTIZE_CALIBRATION" && pattern.test(error.message);

test("MinMax finds the exact extremes of inputs, inner values and outputs, over several batches", async () => {
  const data = randomFloats(4 * 130, 8);
  const shares: number[] = [];
  const ranges = await calibrate(job(data, { onProgress: (share) => shares.push(share) }), minmax);
  const low = Math.min(...data);
  const high = Math.max(...data);
  assert.deepEqual(ranges.get("x"), { low, high });
  assert.deepEqual(ranges.get("d"), { low: 2 * low, high: 2 * high });
  assert.deepEqual(ranges.get("y"), { low: 0, high: 2 * high });
  assert.equal(shares.at(-1), 1);
  assert.ok(shares.length >= 3);
});

test("only the chosen items count", async () => {
  const data = Float32Array.of(1, 1, 1, 1, 9, 9, 9, 9, 2, 2, 2, 2);
  const ranges = await calibrate(job(data, { indices: [2, 0] }), minmax);
  assert.deepEqual(ranges.get("x"), { low: 1, high: 2 });
});

test("a fixed batch axis is fed whole batches", async () => {
  const model = makeModel({ nodes: [makeNode("Neg", ["x"], ["y"])], inputs: [value("x", [2, 4])] });
  const data = Float32Array.of(1, 1, 1, 1, 2, 2, 2, 2, 9, 9, 9, 9);
  const ranges = await calibrate(job(data, { model, values: ["y"] }), minmax);
  assert.deepEqual(ranges.get("y"), { low: -2, high: -1 });
});

test("NaN and infinity, in an item or made by the model, are refused by the value's name", async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const data = Float32Array.of(0, 1, bad, 3, 4, 5, 6, 7);
    await assert.rejects(calibrate(job(data), minmax), calibrationError(/'x' is NaN or infinite/));
  }
  const model = makeModel({ nodes: [makeNode("Log", ["x"], ["y"])] });
  const negative = Float32Array.of(1, 2, -1, 3);
  await assert.rejects(calibrate(job(negative, { model, values: ["y"] }), minmax), calibrationError(/'y'/));
});

test("no items, items of another shape, and several inputs are refused", async () => {
  await assert.rejects(
    calibrate(job(new Float32Array(), { indices: [] }), minmax),
    calibrationError(/no calibration items/),
  );
  const wide: ItemTensor = { count: 1, shape: [5], data: new Float32Array(5) };
  await assert.rejects(
    calibrate(job(new Float32Array(4), { items: wide, indices: [0] }), minmax),
    calibrationError(/do not fit/),
  );
  const model = makeModel({
    nodes: [makeNode("Add", ["x", "z"], ["y"])],
    inputs: [value("x", ["N", 4]), value("z", ["N", 4])],
  });
  await assert.rejects(
    calibrate(job(new Float32Array(4), { model, values: ["y"] }), minmax),
    calibrationError(/2 inputs/),
  );
});

test("an abort stops calibration with the signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(calibrate(job(new Float32Array(4), { signal }), minmax), /enough/);
});

test("the percentile of a histogram cuts the outliers and keeps the bulk", async () => {
  const data = randomFloats(4 * 1000, 12);
  data[17] = 1000;
  const ranges = await calibrate(job(data), { ...minmax, calibration: "percentile", percentile: 0.999 });
  const range = ranges.get("x");
  assert.ok(range && range.high < 2 && range.high > 0.9 && range.low < -0.9, JSON.stringify(range));
  const relu = ranges.get("y");
  assert.equal(relu?.low, 0);
});

test("the moving average lies inside the extremes", async () => {
  const data = randomFloats(4 * 300, 13);
  data[4 * 250] = 50;
  const ranges = await calibrate(job(data), { ...minmax, calibration: "moving_average" });
  const high = ranges.get("x")?.high ?? Number.NaN;
  assert.ok(high > 0.9 && high < 10, `${high}`);
});

test("every method that looks at the whole distribution says by name what is NaN or infinite", async () => {
  for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const data = randomFloats(4 * 120, 16);
    data[450] = bad;
    for (const calibration of ["percentile", "mse", "entropy"] as const) {
      await assert.rejects(
        calibrate(job(data), { ...minmax, calibration }),
        calibrationError(/'x' is NaN or infinite/),
      );
    }
  }
});

test("a value that has no element on any item is refused by name, not given a range", async () => {
  const slice = (input: string, output: string) => makeNode("Slice", [input, "zero", "zero", "axis"], [output]);
  const model = makeModel({
    initializers: [int64Tensor("zero", [1], [0]), int64Tensor("axis", [1], [1])],
    nodes: [slice("x", "none"), makeNode("Relu", ["none"], ["y"])],
  });
  const data = randomFloats(8, 19);
  await assert.rejects(
    calibrate(job(data, { model, values: ["y"] }), { ...minmax, calibration: "mse" }),
    calibrationError(/'y' has no element/),
  );
});

test("the methods agree in a child process with themselves in this one", async () => {
  const sessions = childSessions();
  try {
    const data = randomFloats(4 * 130, 17);
    data[9] = 30;
    for (const calibration of ["minmax", "percentile", "mse", "entropy"] as const) {
      const spec = { ...minmax, calibration, ...(calibration === "percentile" ? { percentile: 0.99 } : {}) };
      const here = await calibrate(job(data), spec);
      assert.deepEqual(await calibrate(job(data, { session: sessions }), spec), here, calibration);
    }
  } finally {
    await sessions.close();
  }
});

test("a copy of a model keeps the defaults of fields that are not set, and leaves the original alone", () => {
  const model = parseModel(makeBytes({ nodes: [makeNode("Relu", ["x"], ["y"])] }));
  const copy = cloneModel(model);
  const node = copy.graph?.node[0];
  assert.ok(node !== undefined && isStandard(node));
  assert.equal(copy.opsetImport[0]?.domain, "");
  node.input[0] = "z";
  assert.equal(model.graph?.node[0]?.input[0], "x");
});
