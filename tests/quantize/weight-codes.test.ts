import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packBits, packedBytes, unpackBits } from "../../harness/quantize/bit-packing.ts";
import { codeRange, encode, gridForRange, roundHalfEven } from "../../harness/quantize/grid.ts";
import type { WeightSpec } from "../../harness/quantize/recipe.ts";
import {
  blockRows,
  channelRows,
  dequantize,
  layoutFor,
  quantizeNearest,
  raiseScales,
} from "../../harness/quantize/weight-codes.ts";
import { randomFloats } from "../fixtures/onnx-models.ts";

const int8: WeightSpec = {
  bits: 8,
  granularity: "channel",
  symmetric: true,
  storage: "int8",
  scale: "max",
  rounding: "nearest",
};

function squaredError(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
}

test("a grid over a range holds zero exactly, and its ends within one step", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -50, max: 50, noNaN: true }),
      fc.double({ min: -50, max: 50, noNaN: true }),
      (a, b) => {
        const grid = gridForRange(Math.min(a, b), Math.max(a, b), { signed: false, symmetric: false });
        assert.ok(Number.isInteger(grid.zeroPoint) && grid.zeroPoint >= 0 && grid.zeroPoint <= 255);
        assert.equal(encode(0, grid), grid.zeroPoint);
        const back = (value: number) => (encode(value, grid) - grid.zeroPoint) * grid.scale;
        for (const value of [a, b]) assert.ok(Math.abs(back(value) - value) <= grid.scale * 1.001 + 1e-6);
      },
    ),
  );
});

test("the range of a Relu gets zero point 0, so that the Relu can be absorbed", () => {
  assert.equal(gridForRange(0, 6, { signed: false, symmetric: false }).zeroPoint, 0);
  assert.equal(gridForRange(0, 6, { signed: true, symmetric: false }).zeroPoint, -128);
});

test("a range of zero width gives a usable grid", () => {
  const grid = gridForRange(0, 0, { signed: false, symmetric: false });
  assert.equal(grid.scale, 1);
  assert.equal(encode(0, grid), grid.zeroPoint);
});

test("halves are rounded to even, as QuantizeLinear rounds them", () => {
  assert.deepEqual(
    [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1.4, -1.6].map(roundHalfEven).map((v) => v + 0),
    [0, 2, 2, 0, -2, -2, 1, -2],
  );
});

test("codes never leave their bits, at every width and granularity", () => {
  const weights = randomFloats(6 * 40, 7);
  for (const bits of [2, 3, 4, 5, 6, 7, 8] as const) {
    for (const granularity of ["tensor", "channel", "block"] as const) {
      for (const scale of ["max", "mse"] as const) {
        const spec = { ...int8, bits, granularity, scale, ...(granularity === "block" ? { block_size: 16 } : {}) };
        const { codes } = quantizeNearest(weights, layoutFor(spec, [40, 6], 1), spec);
        const { min, max } = codeRange(bits, true, scale === "max" || bits === 8);
        assert.ok(
          codes.every((code) => code >= min && code <= max),
          `${bits} bits ${granularity} ${scale}`,
        );
      }
    }
  }
});

test("the least-squares scale is never worse than the largest weight's, and better at four bits", () => {
  const weights = randomFloats(4 * 200, 11).map((value) => value ** 3);
  const layout = channelRows([4, 200], 0);
  for (const bits of [2, 3, 4, 8] as const) {
    const error = (scale: "max" | "mse") => {
      const spec = { ...int8, bits, scale };
      return squaredError(weights, dequantize(quantizeNearest(weights, layout, spec), layout));
    };
    assert.ok(error("mse") <= error("max"));
    if (bits <= 4) assert.ok(error("mse") < 0.95 * error("max"), `${bits} bits`);
  }
});

test("per-channel scales follow the axis they are told", () => {
  const weights = Float32Array.of(1, 10, 2, 20, 3, 30);
  const { scales } = quantizeNearest(weights, channelRows([3, 2], 1), int8);
  assert.deepEqual([...scales], [Math.fround(3 / 127), Math.fround(30 / 127)]);
  assert.equal(quantizeNearest(weights, channelRows([3, 2], 0), int8).scales.length, 3);
});

test("blocks run down the reduced axis, and the last may be short", () => {
  const layout = blockRows([20, 3], 1, 16);
  assert.deepEqual(layout.scaleDims, [3, 2]);
  assert.deepEqual([layout.lengthOf(0), layout.lengthOf(5)], [16, 4]);
  const seen = new Set<number>();
  for (let row = 0; row < layout.rows; row++)
    for (let k = 0; k < layout.lengthOf(row); k++) seen.add(layout.offset(row, k));
  assert.equal(seen.size, 60);
});

test("asymmetric uint8 weights reconstruct within half a step", () => {
  const weights = randomFloats(300, 3).map((value) => value + 0.7);
  const spec: WeightSpec = { ...int8, granularity: "tensor", symmetric: false, storage: "uint8" };
  const layout = layoutFor(spec, [300], 0);
  const codes = quantizeNearest(weights, layout, spec);
  assert.ok(codes.codes instanceof Uint8Array);
  const back = dequantize(codes, layout);
  const step = codes.scales[0] ?? 0;
  assert.ok(weights.every((value, i) => Math.abs(value - (back[i] ?? 0)) <= step * 0.51 + 1e-6));
});

test("a scale below its floor is raised and its row coded again", () => {
  const weights = Float32Array.of(1e-9, -1e-9, 1, -1);
  const layout = channelRows([2, 2], 0);
  const codes = quantizeNearest(weights, layout, int8);
  raiseScales(codes, weights, layout, int8, Float64Array.of(1e-3, 1e-3));
  assert.ok((codes.scales[0] ?? 0) >= 1e-3);
  assert.deepEqual([...codes.codes], [0, 0, 127, -127]);
});

test("codes of 2 to 8 bits at every granularity survive packing to their bits, and give the same weights back", () => {
  const cases = fc.record({
    bits: fc.constantFrom(2, 3, 4, 5, 6, 7, 8),
    granularity: fc.constantFrom("tensor", "channel", "block"),
    symmetric: fc.boolean(),
    size: fc.constantFrom(16, 32),
    dims: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 })),
    axis: fc.constantFrom(0, 1),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(cases, ({ bits, granularity, symmetric, size, dims, axis, seed }) => {
      const spec = {
        ...int8,
        bits,
        granularity,
        symmetric,
        storage: symmetric ? "int8" : "uint8",
        ...(granularity === "block" ? { block_size: size } : {}),
      } as WeightSpec;
      const layout = layoutFor(spec, dims, axis);
      const made = quantizeNearest(randomFloats(dims[0] * dims[1], seed), layout, spec);
      const packed = packBits(made.codes, bits);
      assert.equal(packed.length, packedBytes(made.codes.length, bits));
      const back = unpackBits(packed, made.codes.length, { bits, signed: symmetric });
      assert.deepEqual([...back], [...made.codes]);
      const codes = made.codes instanceof Int8Array ? Int8Array.from(back) : Uint8Array.from(back);
      assert.deepEqual(dequantize({ ...made, codes }, layout), dequantize(made, layout));
    }),
    { numRuns: 400 },
  );
});
