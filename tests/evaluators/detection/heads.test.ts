import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Candidates } from "../../../harness/evaluators/detection/candidates.ts";
import { type DetectionHead, decodeHead, type HeadShape } from "../../../harness/evaluators/detection/decode-head.ts";

/** Rows of [left, top, right, bottom, score, class], rounded. */
function rows({ count, corners, score, category }: Candidates): number[][] {
  const round = (x: number) => Math.round(x * 1e5) / 1e5;
  return Array.from({ length: count }, (_, i) => [
    ...Array.from(corners.subarray(4 * i, 4 * i + 4), round),
    round(score[i] as number),
    category[i] as number,
  ]);
}

function decode(head: DetectionHead, values: readonly number[], shape: Partial<HeadShape> & { output: number[] }) {
  const whole = { inputWidth: 64, inputHeight: 64, classes: 2, ...shape };
  return rows(decodeHead(head, Float32Array.from(values), { shape: whole, minScore: 0.25 }));
}

describe("heads of detectors", () => {
  // Two anchors, channels first: cx, cy, w, h, class 0, class 1.
  const yolo = [10, 40, 20, 30, 4, 8, 6, 10, 0.9, 0.1, 0.5, 0.3];

  it("yolo: centers and sides become corners, and scores stay the probabilities they are", () => {
    assert.deepEqual(decode({ kind: "yolo" }, yolo, { output: [6, 2] }), [
      [8, 17, 12, 23, 0.9, 0],
      [8, 17, 12, 23, 0.5, 1],
      [36, 25, 44, 35, 0.3, 1],
    ]);
  });

  it("yolo: with one label an anchor only the best class is kept", () => {
    assert.deepEqual(decode({ kind: "yolo", multiLabel: false }, yolo, { output: [6, 2] }), [
      [8, 17, 12, 23, 0.9, 0],
      [36, 25, 44, 35, 0.3, 1],
    ]);
  });

  // A 16 x 8 input at stride 8: two anchors, at (4, 4) and (12, 4). Two bins: the mean of [0, ln 3] is .75.
  const even = [0, 0];
  const far = [0, Math.log(3)];
  const distribution = [even, even, far, far].flatMap(([a, b]) => [a, a, b, b] as number[]);
  const logits = [0, -4, -4, Math.log(4)];

  it("yolo-dfl: distances are means of softmaxed bins times the stride, class logits go through one sigmoid", () => {
    const shape = { output: [10, 2], inputWidth: 16, inputHeight: 8 };
    assert.deepEqual(decode({ kind: "yolo-dfl", bins: 2, strides: [8] }, [...distribution, ...logits], shape), [
      [0, 0, 10, 10, 0.5, 0],
      [8, 0, 18, 10, 0.8, 1],
    ]);
  });

  it("yolo-dfl: probabilities are not put through a sigmoid again", () => {
    const shape = { output: [10, 2], inputWidth: 16, inputHeight: 8 };
    const probabilities = [0.5, 0.1, 0.1, 0.8];
    const head = { kind: "yolo-dfl", bins: 2, strides: [8], scores: "probabilities" } as const;
    assert.deepEqual(decode(head, [...distribution, ...probabilities], shape), [
      [0, 0, 10, 10, 0.5, 0],
      [8, 0, 18, 10, 0.8, 1],
    ]);
  });

  it("yolo-dfl: a real head has 8,400 anchors on 640 x 640 pixels, and another number is refused", () => {
    const shape = { output: [144, 8400], inputWidth: 640, inputHeight: 640, classes: 80 };
    assert.deepEqual(decode({ kind: "yolo-dfl" }, new Array(144 * 8400).fill(-9), shape), []);
    assert.throws(
      () => decode({ kind: "yolo-dfl" }, new Array(144 * 8399).fill(0), { ...shape, output: [144, 8399] }),
      /\[144, 8400\]/,
    );
  });

  it("end-to-end: rows are final, and padding of no class is passed over", () => {
    const values = [1, 2, 3, 4, 0.9, 1, 1, 2, 3, 4, 0.2, 0, 0, 0, 0, 0, 0.9, -1, 5, 6, 7, 8, 0.3, 2];
    assert.deepEqual(decode({ kind: "end-to-end" }, values, { output: [4, 6] }), [[1, 2, 3, 4, 0.9, 1]]);
  });

  it("fastestdet: a cell gives one box, offset by tanh, sized by the sigmoid, scored o^.6 c^.4", () => {
    // One row of two cells on 64 x 64 pixels; channel: objectness, tx, ty, tw, th, class 0, class 1.
    const values = [1, 0.01, Math.atanh(0.5), 0, 0, 0, 0, 0, 0, 0, 0.2, 0.2, 0.8, 0.8];
    assert.deepEqual(decode({ kind: "fastestdet" }, values, { output: [7, 1, 2] }), [
      [0, -16, 32, 16, Math.round(0.8 ** 0.4 * 1e5) / 1e5, 1],
    ]);
  });

  it("a box or score that is not finite is no detection", () => {
    const broken = [...yolo];
    broken[0] = Number.NaN;
    broken[11] = Number.POSITIVE_INFINITY;
    assert.deepEqual(decode({ kind: "yolo" }, broken, { output: [6, 2] }), []);
  });

  for (const [head, output] of [
    [{ kind: "yolo" }, [7, 2]],
    [{ kind: "end-to-end" }, [2, 7]],
    [{ kind: "fastestdet" }, [14, 1]],
  ] as const) {
    it(`${head.kind}: an output of another shape is refused, not misread`, () => {
      assert.throws(() => decode(head, new Array(14).fill(0.5), { output: [...output] }), RangeError);
    });
  }
});
