import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packBits, unpackBits } from "../../harness/aggregate/run-record.ts";

test("flags survive packing and unpacking, whatever their number", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (flags) => {
      const bytes = flags.map(Number);
      assert.deepEqual([...unpackBits(packBits(bytes), flags.length)], bytes);
    }),
  );
});

test("the first item is the least significant bit", () => {
  assert.equal(packBits([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from([1, 2]).toString("base64"));
  assert.deepEqual([...unpackBits(Buffer.from([0b10000001]).toString("base64"), 8)], [1, 0, 0, 0, 0, 0, 0, 1]);
});

test("a text with too few bits is refused, not read as wrong answers", () => {
  assert.throws(() => unpackBits(packBits([1, 1, 1]), 9), RangeError);
  assert.throws(() => unpackBits("", 1), RangeError);
});
