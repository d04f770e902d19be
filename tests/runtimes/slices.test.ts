import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { joinSlices, sliceSettings } from "../../harness/runtimes/onnxruntime/slices.ts";

const latency = {
  batchSize: 1,
  warmupIterations: 20,
  warmupMs: 50,
  minSamples: 20,
  maxSamples: 1000,
  timeBudgetMs: 120,
};

describe("slices of a latency loop", () => {
  it("share out the time and the samples; the first has the warm-up, the others a few calls", () => {
    const slices = sliceSettings({ ...latency, sliceMs: 6 });
    assert.equal(slices.length, 20);
    assert.ok(
      slices.every(
        ({ timeBudgetMs, minSamples, maxSamples }) => timeBudgetMs === 6 && minSamples === 1 && maxSamples === 50,
      ),
    );
    assert.deepEqual([slices[0]?.warmupIterations, slices[0]?.warmupMs], [20, 50]);
    assert.deepEqual([slices[1]?.warmupIterations, slices[1]?.warmupMs], [2, 1]);
  });

  it("never ask for less than the fewest or more than the most samples in all", () => {
    const settings = fc.record({
      minSamples: fc.integer({ min: 5, max: 200 }),
      more: fc.integer({ min: 0, max: 300 }),
      timeBudgetMs: fc.integer({ min: 2, max: 500 }),
      sliceMs: fc.double({ min: 1, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(settings, ({ minSamples, more, timeBudgetMs, sliceMs }) => {
        const maxSamples = minSamples + more;
        const slices = sliceSettings({ ...latency, minSamples, maxSamples, timeBudgetMs, sliceMs });
        const sum = (value: "minSamples" | "maxSamples") => slices.reduce((total, slice) => total + slice[value], 0);
        assert.equal(sum("maxSamples"), maxSamples);
        assert.ok(sum("minSamples") >= minSamples);
        assert.ok(slices.every((slice) => slice.minSamples >= 1 && slice.minSamples <= slice.maxSamples));
      }),
    );
  });

  it("join to one loop: samples in order, times added up, unknown switches unknown", () => {
    const slice = (values: number[], involuntarySwitches: number | undefined) => ({
      latencyS: Float64Array.from(values),
      warmup: { iterations: values.length, seconds: 1 },
      loopWallS: 2,
      loopCpuS: 1,
      involuntarySwitches,
      gcS: 0.5,
    });
    const joined = joinSlices([slice([1, 2], 3), slice([3], 4)]);
    assert.deepEqual(
      [[...joined.latencyS], joined.slices, joined.warmup.iterations, joined.loopWallS, joined.loopCpuS, joined.gcS],
      [[1, 2, 3], [2, 1], 2, 4, 2, 1],
    );
    assert.equal(joined.involuntarySwitches, 7);
    assert.equal(joinSlices([slice([1], 3), slice([3], undefined)]).involuntarySwitches, undefined);
  });
});
