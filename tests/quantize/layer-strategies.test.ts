import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { packBits, unpackBits } from "../../harness/quantize/bit-packing.ts";
import { gptqMatrix, spatialOrder, storedOrder } from "../../harness/quantize/gptq-matrix.ts";
import { dequantizeMatrix, packBook, storedScale, unpackBook } from "../../harness/quantize/matrix-codes.ts";
import { meanCosine, outputSqnr, weightSqnr } from "../../harness/quantize/matrix-quality.ts";
import { type LayerTask, quantizeLayer, readMatrix } from "../../harness/quantize/quantize-layer.ts";
import type { WeightSpec } from "../../harness/quantize/recipe.ts";
import { residualCodes } from "../../harness/quantize/residual-codes.ts";
import { singleStage } from "../../harness/quantize/single-stage.ts";
import { quantizeRows, rowsSqnr, type TimedRows, timeScales } from "../../harness/quantize/time-scales.ts";
import { dequantize, layoutFor, quantizeNearest } from "../../harness/quantize/weight-codes.ts";
import { rng } from "../../harness/stats/rng.ts";

const normals = (count: number, seed: number, size = 1) => {
  const source = rng(seed);
  return Float32Array.from({ length: count }, () => size * source.normal());
};

/** Heavier tails than normal ones, as weights of language models have. */
const heavy = (count: number, seed: number) => normals(count, seed, 0.05).map((value) => value * Math.abs(value) * 20);

const view = (rows: number, columns: number) => ({ rows, columns, order: storedOrder(columns) });

/** Rows whose neighbors are alike, so that errors can make up for each other. */
function correlated(count: number, columns: number, seed: number): TimedRows {
  const source = rng(seed);
  const values = new Float32Array(count * columns);
  for (let r = 0; r < count; r++) {
    const common = source.normal();
    for (let k = 0; k < columns; k++) values[r * columns + k] = common + 0.3 * source.normal();
  }
  return { columns, count, values, times: new Int32Array(count) };
}

test("codes of 2 to 8 bits of every granularity survive packing, and dequantize to the same weights", () => {
  const specs = fc.record({
    bits: fc.integer({ min: 2, max: 8 }),
    granularity: fc.constantFrom("tensor" as const, "channel" as const, "block" as const),
    block_size: fc.constantFrom(16, 32, 64, 128, 256),
    symmetric: fc.boolean(),
    scale: fc.constantFrom("max" as const, "mse" as const),
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 70 }),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(specs, ({ rows, columns, seed, symmetric, block_size, ...some }) => {
      const weights = normals(rows * columns, seed);
      const spec = {
        ...some,
        symmetric,
        ...(some.granularity === "block" ? { block_size } : {}),
        storage: symmetric ? "int8" : "uint8",
        rounding: "nearest",
      } as WeightSpec;
      const layout = layoutFor(spec, [rows, columns], 0);
      const made = quantizeNearest(weights, layout, spec);
      const back = unpackBits(packBits(made.codes, spec.bits), made.codes.length, {
        bits: spec.bits,
        signed: symmetric,
      });
      assert.deepEqual([...back], [...made.codes]);
      const codes = made.codes.slice();
      codes.set(back);
      assert.deepEqual(dequantize({ ...made, codes }, layout), dequantize(made, layout));
      // Half a step is the most that rounding loses where nothing is clipped.
      if (spec.scale === "max") {
        const again = dequantize(made, layout);
        for (let r = 0; r < layout.rows; r++) {
          for (let k = 0; k < layout.lengthOf(r); k++) {
            const at = layout.offset(r, k);
            const miss = Math.abs((weights[at] as number) - (again[at] as number));
            assert.ok(miss <= (made.scales[r] as number) * 0.5001 + 1e-6, `${miss} of ${made.scales[r]}`);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("code books of 1 to 8 bits are packed and read back, scales as they were stored", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(255), { minLength: 1, maxLength: 90 }),
      fc.float({ min: Math.fround(1e-9), max: 1e6, noNaN: true }),
      (bits, raw, scale) => {
        const codes = Uint8Array.from(raw, (value) => value % 2 ** bits);
        const book = { bits, first: -3, step: 2, codes, scales: Float32Array.of(storedScale(scale), 0) };
        assert.deepEqual(unpackBook(packBook(book), codes.length), book);
      },
    ),
  );
});

describe("residual codes", () => {
  it("come closer than one code book of the same bits and groups, at every width", () => {
    const weights = heavy(16 * 256, 1);
    for (const bits of [2, 4, 8] as const) {
      const one = weightSqnr(weights, dequantizeMatrix(singleStage(weights, view(16, 256), { bits, groupSize: 64 })));
      const two = weightSqnr(weights, dequantizeMatrix(residualCodes(weights, view(16, 256), { bits, groupSize: 64 })));
      assert.ok((two ?? 0) > (one ?? 0) + 0.2, `${bits} bits: ${two} against ${one} dB`);
    }
  });

  it("of normal weights at two bits reach the Lloyd-Max levels (9.30 dB in the limit)", () => {
    const weights = normals(64 * 512, 2);
    const made = residualCodes(weights, view(64, 512), { bits: 2, groupSize: 512 });
    const db = weightSqnr(weights, dequantizeMatrix(made)) ?? 0;
    assert.ok(Math.abs(db - 9.3) < 0.1, `${db} dB`);
    assert.deepEqual(
      made.books.map(({ bits }) => bits),
      [1, 1],
    );
  });

  it("of zeros are zeros, and a last group may be short", () => {
    const zero = dequantizeMatrix(residualCodes(new Float32Array(40), view(2, 20), { bits: 4, groupSize: 16 }));
    assert.deepEqual([...zero].map(Math.abs), new Array(40).fill(0));
  });
});

describe("time scales", () => {
  const rows: TimedRows = (() => {
    const values = normals(40 * 32, 3);
    const times = Int32Array.from({ length: 40 }, (_, r) => Math.floor(r / 4));
    for (let r = 0; r < 40; r++)
      for (let k = 0; k < 32; k++) values[r * 32 + k] = (values[r * 32 + k] as number) * 2 ** -(times[r] as number);
    return { columns: 32, count: 40, values, times };
  })();

  it("serve every step where one scale serves only the loud ones", () => {
    const one = rowsSqnr(rows, timeScales(rows, 1)) ?? 0;
    const five = rowsSqnr(rows, timeScales(rows, 5)) ?? 0;
    assert.ok(five > one + 15, `${five} against ${one} dB`);
  });

  it("are as many as there are steps at most, and steps beyond those seen take the nearest", () => {
    const many = timeScales(rows, 100);
    assert.equal(many.scales.length, 10);
    assert.deepEqual(many.bounds, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const later = { ...rows, count: 1, times: Int32Array.of(99) };
    assert.ok(quantizeRows(later, many).every((value) => Math.abs(value) <= 127 * (many.scales[9] as number) * 1.0001));
  });
});

describe("spatial groups", () => {
  it("take all channels of a tap before the next tap", () => {
    assert.deepEqual([...(spatialOrder([8, 2, 1, 3]) ?? [])], [0, 3, 1, 4, 2, 5]);
    assert.equal(spatialOrder([8, 16]), undefined);
    assert.equal(spatialOrder([8, 16, 1, 1]), undefined);
  });

  it("lose less where taps differ in size", () => {
    const shape = [16, 32, 3, 3];
    const weights = normals(16 * 288, 4).map((value, i) => (i % 9 === 4 ? 8 : 1) * value);
    const order = spatialOrder(shape) as Int32Array;
    const flat =
      weightSqnr(weights, dequantizeMatrix(singleStage(weights, view(16, 288), { bits: 4, groupSize: 32 }))) ?? 0;
    const made = singleStage(weights, { rows: 16, columns: 288, order }, { bits: 4, groupSize: 32 });
    const grouped = weightSqnr(weights, dequantizeMatrix(made)) ?? 0;
    assert.ok(grouped > flat + 1, `${grouped} against ${flat} dB`);
  });
});

test("GPTQ loses less at a layer's outputs than rounding to nearest, on rows it did not see", () => {
  const weights = normals(24 * 64, 5);
  const [fit, unseen] = [correlated(200, 64, 6), correlated(50, 64, 7)];
  const options = { bits: 2, groupSize: 32 } as const;
  const nearest =
    outputSqnr(weights, dequantizeMatrix(singleStage(weights, view(24, 64), options)), view(24, 64), unseen) ?? 0;
  const rounded =
    outputSqnr(weights, dequantizeMatrix(gptqMatrix(weights, view(24, 64), fit, options)), view(24, 64), unseen) ?? 0;
  assert.ok(rounded > nearest + 5, `${rounded} against ${nearest} dB`);
});

describe("a layer", () => {
  const task = (more: Partial<LayerTask>): LayerTask => ({
    name: "w",
    shape: [16, 128],
    weights: heavy(16 * 128, 8),
    rows: correlated(60, 128, 9),
    calibration: "measured",
    bits: 4,
    groupSize: 32,
    timeGroups: 4,
    steps: ["residual-codes", "time-scales"],
    disabled: [],
    ...more,
  });

  it("is measured on what is stored: its weights read back give the reported ratio", () => {
    for (const shape of [
      [16, 128],
      [16, 8, 4, 4],
    ]) {
      const steps = ["gptq", "spatial-groups"] as const;
      const made = quantizeLayer(task({ shape, steps, bits: 2 }));
      const back = readMatrix(made.matrix, shape);
      assert.equal(made.sqnr_db, weightSqnr(task({}).weights, back));
    }
  });

  it("takes fewer bytes and keeps less with every bit it loses", () => {
    const [two, four, eight] = ([2, 4, 8] as const).map((bits) => quantizeLayer(task({ bits })));
    assert.ok(two && four && eight);
    assert.ok(two.bytes < four.bytes && four.bytes < eight.bytes);
    assert.ok((two.cosine ?? 0) < (four.cosine ?? 0) && (four.cosine ?? 0) < (eight.cosine ?? 0));
  });

  it("records why a part of the strategy was not applied", () => {
    const reasons = (more: Partial<LayerTask>) =>
      Object.fromEntries(
        quantizeLayer(task(more)).steps.map(({ step, applied, reason }) => [step, applied ? "applied" : reason]),
      );
    assert.deepEqual(reasons({ disabled: ["residual-codes"] }), {
      "residual-codes": "switched off by a flag",
      "time-scales": "all its rows are of one time step",
    });
    assert.match(reasons({ steps: ["spatial-groups", "gptq"] })["spatial-groups"] ?? "", /no kernel taps/);
    assert.match(reasons({ timeGroups: 1 })["time-scales"] ?? "", /one time group/);
    const wide = { shape: [1, 2049], weights: heavy(2049, 3), rows: correlated(6, 2049, 1) };
    assert.match(reasons({ ...wide, steps: ["gptq"] })["gptq"] ?? "", /2049 columns/);
  });

  it("never keeps a part that loses on rows it was not fitted to", () => {
    // Independent inputs leave GPTQ nothing to use.
    const rows: TimedRows = { columns: 128, count: 60, values: normals(60 * 128, 10), times: new Int32Array(60) };
    for (const step of quantizeLayer(task({ rows, steps: ["gptq"] })).steps) {
      assert.equal(step.applied, (step.with_db ?? 0) > (step.without_db ?? 0));
    }
  });
});

test("cosines count an output that vanished as lost", () => {
  const exact = { rows: 1, columns: 2, weights: Float32Array.of(1, 1), inputs: Float32Array.of(1, 1, 0, 0) };
  assert.equal(meanCosine(exact, { ...exact, weights: Float32Array.of(0, 0) }, 2), 0.5);
  assert.equal(meanCosine(exact, exact, 0), null);
});
