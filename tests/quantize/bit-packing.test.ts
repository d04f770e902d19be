import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packBits, packedBytes, unpackBits } from "../../harness/quantize/bit-packing.ts";

const signedCase = fc.integer({ min: 2, max: 8 }).chain((bits) =>
  fc.boolean().chain((signed) => {
    const min = signed ? -(2 ** (bits - 1)) : 0;
    return fc
      .array(fc.integer({ min, max: min + 2 ** bits - 1 }), { maxLength: 70 })
      .map((codes) => ({ bits, signed, codes }));
  }),
);

test("codes of 2 to 8 bits survive packing, and take no more bytes than their bits", () => {
  fc.assert(
    fc.property(signedCase, ({ bits, signed, codes }) => {
      const packed = packBits(codes, bits);
      assert.equal(packed.length, packedBytes(codes.length, bits));
      assert.deepEqual([...unpackBits(packed, codes.length, { bits, signed })], codes);
    }),
    { numRuns: 500 },
  );
});

test("four-bit codes are packed as ONNX packs INT4: the first value in the low half", () => {
  assert.deepEqual([...packBits([1, -1, 7], 4)], [0xf1, 0x07]);
});

test("widths outside 2 to 8 and too few bytes are refused", () => {
  assert.throws(() => packBits([0], 1), RangeError);
  assert.throws(() => packBits([0], 9), RangeError);
  assert.throws(() => unpackBits(new Uint8Array(1), 3, { bits: 4, signed: true }), RangeError);
});
