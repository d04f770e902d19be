import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Affine, fillBatch, type ItemTensor, itemSize } from "../../harness/domain/item-tensor.ts";

/** The definition, one value at a time. */
function slowly({ shape, data, affine }: ItemTensor, indices: readonly number[]): number[] {
  const size = itemSize(shape);
  return indices.flatMap((index) =>
    Array.from({ length: size }, (_, i) => {
      const value = data[index * size + i] as number;
      if (affine === undefined) return Math.fround(value);
      const { scale, mean, std, channelAxis } = affine;
      const channel = Math.floor(i / itemSize(shape.slice(channelAxis + 1))) % (shape[channelAxis] as number);
      return Math.fround(
        (value * scale - (mean[channel] ?? (mean[0] as number))) / (std[channel] ?? (std[0] as number)),
      );
    }),
  );
}

const affines: readonly (Affine | undefined)[] = [
  undefined,
  { scale: 1 / 255, mean: [0.4], std: [0.3], channelAxis: 0 },
  { scale: 2, mean: [1, 2, 3], std: [4, 5, 6], channelAxis: 0 },
  { scale: 2, mean: [1], std: [4, 5, 6], channelAxis: 2 },
  { scale: 1, mean: [1, 2, 3], std: [0.1], channelAxis: 2 },
];

test("a batch holds what the affine's definition says, for each type, layout and order of items", () => {
  for (const affine of affines) {
    const shape = affine?.channelAxis === 2 ? [2, 5, 3] : [3, 2, 5];
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 120, maxLength: 120 }),
        fc.array(fc.nat(3), { maxLength: 6 }),
        fc.boolean(),
        (bytes, indices, isFloat) => {
          const data = isFloat ? Float32Array.from(bytes, (byte) => byte / 3) : bytes;
          const items: ItemTensor = { count: 4, shape, data, ...(affine === undefined ? {} : { affine }) };
          const out = new Float32Array(6 * 30).fill(-7);
          fillBatch(items, indices, out);
          assert.deepEqual([...out.subarray(0, indices.length * 30)], slowly(items, indices));
          assert.ok(out.subarray(indices.length * 30).every((value) => value === -7));
        },
      ),
      { numRuns: 40 },
    );
  }
});

test("an item that does not exist is refused, never filled with what was there before", () => {
  const items: ItemTensor = { count: 2, shape: [2], data: Uint8Array.from([1, 2, 3, 4]) };
  for (const index of [2, -1, NaN]) assert.throws(() => fillBatch(items, [index], new Float32Array(2)), RangeError);
});

test("a batch that is too short is refused", () => {
  const items: ItemTensor = { count: 2, shape: [2], data: Uint8Array.from([1, 2, 3, 4]) };
  assert.throws(() => fillBatch(items, [0, 1], new Float32Array(3)), RangeError);
});
