import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HarnessError } from "../../../harness/domain/errors.ts";
import {
  type DetectionRowSettings,
  detectionRow,
  detectionsOf,
} from "../../../harness/evaluators/detection/detection-rows.ts";
import { surestHits } from "../../../harness/evaluators/detection/hit.ts";
import { rowMapper } from "../../../harness/evaluators/detection/row-mapper.ts";

const settings: DetectionRowSettings = {
  head: { kind: "end-to-end" },
  suppression: { kind: "none", iou: 1, mostDetections: 3 },
  minScore: 0.1,
  clip: true,
  classes: 2,
  input: { width: 64, height: 64, resize: "letterbox" },
  most: 3,
};
const sizes = [{ width: 128, height: 64 }];

describe("rows of a detector's boxes", () => {
  it("hold the surest boxes in pixels of the input, and come back in pixels of the image", () => {
    const output = Float32Array.from([0, 16, 32, 48, 0.25, 1, 32, 16, 64, 48, 0.5, 0]);
    const row = detectionRow(output, [2, 6], settings);
    assert.deepEqual([...row], [32, 16, 64, 48, 0.5, 0, 0, 16, 32, 48, 0.25, 1, 0, 0, 0, 0, 0, -1]);
    const found = detectionsOf(row, sizes, settings);
    assert.deepEqual([...found.box], [64, 0, 64, 64, 0, 0, 64, 64]);
    assert.deepEqual([...found.category], [0, 1]);
    assert.equal(found.invalidRows, 0);
  });

  it("an output with NaN is a row of NaN: invalid, and nothing detected", () => {
    const row = detectionRow(Float32Array.from([0, 0, 9, 9, Number.NaN, 1]), [1, 6], settings);
    assert.ok(row.every(Number.isNaN));
    const found = detectionsOf(row, sizes, settings);
    assert.equal(found.invalidRows, 1);
    assert.equal(found.score.length, 0);
  });

  it("an output of another shape than the head's is a fault of the config or the model, named", () => {
    assert.throws(
      () => rowMapper(settings)(new Float32Array(10), [2, 5]),
      (error: HarnessError) => {
        assert.equal(error.code, "CONFIG_MODEL_INVALID");
        assert.match(error.message, /shape \[2, 5\] is not that of the head end-to-end/);
        return true;
      },
    );
  });
});

describe("whether the surest box of an image is right", () => {
  const truth = {
    images: 4,
    categories: 2,
    image: Int32Array.of(0, 1, 2),
    category: Int32Array.of(0, 0, 1),
    box: Float64Array.of(0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10),
    area: Float64Array.of(100, 100, 100),
    crowd: Uint8Array.of(0, 0, 1),
  };
  const found = (rows: readonly (readonly [image: number, category: number, x: number, score: number])[]) => ({
    image: Int32Array.from(rows, (row) => row[0]),
    category: Int32Array.from(rows, (row) => row[1]),
    box: Float64Array.from(rows.flatMap((row) => [row[2], 0, 10, 10])),
    score: Float64Array.from(rows, (row) => row[3]),
  });

  it("is decided by the surest alone, by class and half an overlap", () => {
    const hits = surestHits(
      truth,
      found([
        [0, 0, 1, 0.9],
        [1, 0, 0, 0.3],
        [1, 1, 0, 0.6],
      ]),
    );
    assert.deepEqual([...hits], [1, 0, 1, 1]);
    assert.deepEqual([...surestHits(truth, found([[0, 0, 6, 0.9]]))], [0, 0, 1, 1]);
  });

  it("an image without boxes, or with a crowd alone, is right where nothing sure is seen in it", () => {
    const hits = surestHits(
      truth,
      found([
        [2, 0, 0, 0.25],
        [3, 0, 0, 0.24],
      ]),
    );
    assert.deepEqual([...hits], [0, 0, 0, 1]);
  });
});
