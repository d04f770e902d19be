import assert from "node:assert/strict";
import { test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import { type CalibrationJob, calibrate } from "../../harness/quantize/calibrate.ts";
import { gridForRange } from "../../harness/quantize/grid.ts";
import { Histogram } from "../../harness/quantize/histogram.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import type { ActivationSpec } from "../../harness/quantize/recipe.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";

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
  const model = makeModel({ nodes: [makeNode("Relu", ["x"], ["y"])], inputs: [value("x", [2, 4])] });
  const data = Float32Array.of(1, 1, 1, 1, 2, 2, 2, 2, 9, 9, 9, 9);
  const ranges = await calibrate(job(data, { model, values: ["y"] }), minmax);
  assert.deepEqual(ranges.get("y"), { low: 1, high: 2 });
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

test("the full percentile is the whole range, and a constant zero has range zero", () => {
  const histogram = new Histogram({ low: -1, high: 3 });
  histogram.add(Float32Array.of(-1, 0, 3));
  assert.deepEqual(histogram.percentile(1), { low: -1, high: 3 });
  const zero = new Histogram({ low: 0, high: 0 });
  zero.add(new Float32Array(5));
  assert.deepEqual(zero.percentile(0.9), { low: 0, high: 0 });
});

test("the moving average lies inside the extremes", async () => {
  const data = randomFloats(4 * 300, 13);
  data[4 * 250] = 50;
  const ranges = await calibrate(job(data), { ...minmax, calibration: "moving_average" });
  const high = ranges.get("x")?.high ?? Number.NaN;
  assert.ok(high > 0.9 && high < 10, `${high}`);
});

/** Counts of a bell-shaped value with a few far outliers. */
function outlierHistogram(low: number): Histogram {
  const histogram = new Histogram({ low, high: 100 });
  const noise = randomFloats(60_000, 14);
  const bell = Float32Array.from({ length: 20_000 }, (_, i) =>
    Math.abs((noise[3 * i] ?? 0) + (noise[3 * i + 1] ?? 0) + (noise[3 * i + 2] ?? 0)),
  );
  histogram.add(bell);
  histogram.add(Float32Array.of(100));
  return histogram;
}

test("the least-squares range costs no more than the whole, and leaves lone outliers out", () => {
  const histogram = outlierHistogram(0);
  const range = histogram.range({ ...minmax, calibration: "mse" });
  const cost = (high: number) => histogram.squaredError(gridForRange(0, high, { signed: false, symmetric: false }));
  assert.ok(range.high < 100 && range.high >= 20);
  assert.ok(cost(range.high) < cost(100));
  assert.equal(range.low, 0);
});

test("a two-sided least-squares range may draw in one end alone", () => {
  const histogram = new Histogram({ low: -1, high: 50 });
  histogram.add(randomFloats(20_000, 15));
  histogram.add(Float32Array.of(50));
  const range = histogram.range({ ...minmax, calibration: "mse" });
  assert.ok(range.high < 50 && range.low < -0.7, JSON.stringify(range));
});

test("a value that is always zero keeps a range of zero under every histogram method", () => {
  for (const calibration of ["mse", "entropy"] as const) {
    const zero = new Histogram({ low: 0, high: 0 });
    zero.add(new Float32Array(10));
    assert.deepEqual(zero.range({ ...minmax, calibration }).high, 0);
  }
});
