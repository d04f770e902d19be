import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Candidates } from "../../../harness/evaluators/detection/candidates.ts";
import { toOriginal } from "../../../harness/evaluators/detection/detect.ts";
import { suppress } from "../../../harness/evaluators/detection/suppress.ts";

type Row = readonly [left: number, top: number, right: number, bottom: number, score: number, category: number];

function table(rows: readonly Row[]): Candidates {
  return {
    count: rows.length,
    corners: Float64Array.from(rows.flatMap((row) => row.slice(0, 4))),
    score: Float64Array.from(rows, (row) => row[4]),
    category: Int32Array.from(rows, (row) => row[5]),
  };
}

// The second overlaps the first by 8 / 12; the third is of another class; the fourth lies apart.
const ROWS: readonly Row[] = [
  [0, 0, 10, 10, 0.9, 0],
  [2, 0, 12, 10, 0.8, 0],
  [2, 0, 12, 10, 0.7, 1],
  [50, 50, 60, 60, 0.95, 1],
];

describe("suppression of overlapping boxes", () => {
  const scores = (kind: "per-class" | "class-offset" | "agnostic" | "none", iou = 0.5) =>
    [...suppress(table(ROWS), { kind, iou }).score].map((x) => Math.round(x * 100) / 100);

  it("drops a box that a surer one of its class overlaps by more than the limit", () => {
    assert.deepEqual(scores("per-class"), [0.95, 0.9, 0.7]);
    assert.deepEqual(scores("class-offset"), [0.95, 0.9, 0.7]);
  });

  it("an overlap of exactly the limit is kept", () => {
    assert.deepEqual(scores("per-class", 80 / 120), [0.95, 0.9, 0.8, 0.7]);
  });

  it("agnostic compares all classes, none compares nothing", () => {
    assert.deepEqual(scores("agnostic"), [0.95, 0.9]);
    assert.deepEqual(scores("none"), [0.95, 0.9, 0.8, 0.7]);
  });

  it("keeps the surest where only so many are wanted", () => {
    const kept = suppress(table(ROWS), { kind: "per-class", iou: 0.5, mostDetections: 2 });
    assert.deepEqual([...kept.score], [0.95, 0.9]);
    const looked = suppress(table(ROWS), { kind: "per-class", iou: 0.5, mostCandidates: 1 });
    assert.deepEqual([...looked.score], [0.95]);
  });

  it("of any boxes, no two kept of a class overlap too much, every dropped one is overlapped by a surer kept one, and class offsets agree", () => {
    const side = fc.integer({ min: 1, max: 30 });
    const row = fc
      .tuple(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        side,
        side,
        fc.integer({ max: 9, min: 1 }),
      )
      .chain(([x, y, w, h, s]) => fc.constant([x, y, x + w, y + h, s / 10, s % 3] as unknown as Row));
    const overlap = (a: Row, b: Row) => {
      const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
      const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
      if (w <= 0 || h <= 0) return 0;
      return (w * h) / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h);
    };
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (rows, iou) => {
        const read = (kept: Candidates): Row[] =>
          Array.from(
            { length: kept.count },
            (_, i) => [...kept.corners.subarray(4 * i, 4 * i + 4), kept.score[i], kept.category[i]] as unknown as Row,
          );
        const kept = read(suppress(table(rows), { kind: "per-class", iou }));
        for (const [i, a] of kept.entries()) {
          for (const b of kept.slice(i + 1)) assert.ok(a[5] !== b[5] || overlap(a, b) <= iou);
        }
        const key = (r: Row) => r.join();
        for (const r of rows.filter((candidate) => !kept.some((k) => key(k) === key(candidate)))) {
          assert.ok(kept.some((k) => k[5] === r[5] && k[4] >= r[4] && overlap(k, r) > iou));
        }
        assert.deepEqual(read(suppress(table(rows), { kind: "class-offset", iou })), kept);
      }),
    );
  });
});

describe("boxes of the model's input in the original image", () => {
  // A 100 x 50 image letterboxed into 64 x 64: scaled to 64 x 32, 16 rows of padding above.
  const placed = { placement: { width: 64, height: 32, left: 0, top: 16 }, size: { width: 100, height: 50 } };

  it("undoes scale and padding", () => {
    assert.deepEqual(toOriginal([32, 16, 64, 32], 0, { ...placed, clip: true }), [50, 0, 50, 25]);
  });

  it("cuts at the edges only where told to", () => {
    assert.deepEqual(toOriginal([-32, 0, 32, 64], 0, { ...placed, clip: true }), [0, 0, 50, 50]);
    assert.deepEqual(toOriginal([-32, 0, 32, 64], 0, { ...placed, clip: false }), [-50, -25, 100, 100]);
  });
});
