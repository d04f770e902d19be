import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cellSamples, latencyLogRatios, logRatios, median, present } from "../../harness/aggregate/cell-samples.ts";
import { handPlan, handRecord } from "../fixtures/hand-run.ts";

const plan = handPlan({ runs_per_quant: 4 });

function q8(record = handRecord(plan)) {
  const sample = cellSamples(record).find(({ cell }) => cell.cell_id === "m/q8");
  assert.ok(sample);
  return sample;
}

test("samples come in plan order and know their variant", () => {
  const samples = cellSamples(handRecord(plan));
  assert.deepEqual(
    samples.map(({ cell, variant }) => [cell.cell_id, variant.quant_tag]),
    [
      ["m/fp32", "fp32"],
      ["m/q8", "q8"],
    ],
  );
});

test("one value a block, in block order, however the journal is ordered", () => {
  const record = handRecord(plan, ({ block }) => ({ latencyNs: [1e6, (block + 1) * 1e6, 9e6] }));
  const shuffled = { ...record, trials: [...record.trials].reverse() };
  assert.deepEqual(q8(shuffled), q8(record));
  assert.deepEqual(
    q8(record).latencyMedianS.map((s) => Math.round(s! * 1e3)),
    [1, 2, 3, 4],
  );
});

test("a failed and a missing trial leave their blocks undefined and are counted apart", () => {
  const sample = q8(
    handRecord(plan, ({ block, cell_id }) => {
      if (cell_id !== "m/q8") return {};
      return block === 1 ? "crash" : block === 2 ? "missing" : {};
    }),
  );
  assert.deepEqual(sample.trials, { planned: 4, completed: 2, failed: 1, missing: 1 });
  assert.deepEqual(
    sample.latencyMedianS.map((value) => value === undefined),
    [false, true, true, false],
  );
  assert.equal(sample.latencyS.length, 10);
  assert.equal(present(sample.peakRssBytes).length, 2);
});

test("a trial that timed nothing counts as failed: its block does not just vanish", () => {
  const sample = q8(handRecord(plan, ({ block }) => (block === 3 ? { latencyNs: [] } : {})));
  assert.deepEqual(sample.trials, { planned: 4, completed: 3, failed: 1, missing: 0 });
  assert.equal(sample.latencyMedianS[3], undefined);
});

test("canary trials are no samples", () => {
  const sample = cellSamples(handRecord(plan)).find(({ cell }) => cell.cell_id === "m/fp32");
  assert.equal(sample?.trials.planned, 4);
  assert.equal(sample?.finished.length, 4);
});

test("nothing measured is empty, not zero", () => {
  const sample = q8(handRecord(plan, () => "missing"));
  assert.deepEqual(sample.trials, { planned: 4, completed: 0, failed: 0, missing: 4 });
  assert.equal(sample.quality, undefined);
  assert.equal(sample.latencyS.length, 0);
  assert.deepEqual([...sample.latencyMedianS], [undefined, undefined, undefined, undefined]);
});

test("the median is the middle, or the mean of the two in the middle", () => {
  assert.equal(median([]), undefined);
  assert.equal(median([3]), 3);
  assert.equal(median([10, 9, 2]), 9);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test("log ratios take only blocks that both have", () => {
  const ratios = logRatios([2, undefined, 4, 8], [1, 1, undefined, 2]);
  assert.deepEqual([...ratios], [Math.log(2), Math.log(4)]);
  assert.deepEqual([...logRatios([undefined], [1])], []);
});

test("a value that cannot be measured makes its ratio NaN rather than vanish", () => {
  for (const odd of [0, -1, Number.NaN]) {
    assert.deepEqual([...logRatios([odd, 1], [1, 1])], [Number.NaN, 0]);
    assert.deepEqual([...logRatios([1], [odd])], [Number.NaN]);
  }
});

test("swapping the arms turns every log ratio round", () => {
  const value = fc.option(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value)), (pairs) => {
      const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      const [forth, back] = [logRatios(x, y), logRatios(y, x)];
      assert.equal(forth.length, back.length);
      for (const [i, ratio] of forth.entries()) assert.ok(Math.abs(ratio + back[i]!) < 1e-9);
    }),
  );
});

test("where both were timed in turns a block's ratio is the median over its slices, so that a slow moment slows both sides", () => {
  // The machine is three times slower in the second slice, when the candidate has few calls and the baseline many.
  const record = handRecord(plan, ({ cell_id }) =>
    cell_id === "m/q8"
      ? { latencyNs: [2e6, 2e6, 2e6, 6e6, 2e6], measured: { latency_slices: [3, 1, 1] } }
      : { latencyNs: [1e6, 3e6, 3e6, 3e6, 1e6], measured: { latency_slices: [1, 3, 1] } },
  );
  const [baseline, candidate] = cellSamples(record);
  assert.ok(baseline && candidate);
  const ratios = (values: Float64Array) => [...values].map((ratio) => Math.exp(ratio).toFixed(9));
  assert.deepEqual(ratios(latencyLogRatios(candidate, baseline)), Array(4).fill("2.000000000"));
  assert.deepEqual(ratios(logRatios(candidate.latencyMedianS, baseline.latencyMedianS)), Array(4).fill("0.666666667"));
});

test("slices of another number, or on one side alone, leave the ratio of the blocks' medians; a slice that timed nothing leaves none", () => {
  const of = (slices: number[] | undefined, own: number[]) => {
    const record = handRecord(plan, ({ cell_id }) =>
      cell_id === "m/q8"
        ? { latencyNs: own, measured: slices === undefined ? {} : { latency_slices: slices } }
        : { latencyNs: [1e6, 1e6, 1e6, 1e6, 1e6], measured: { latency_slices: [2, 3] } },
    );
    const [baseline, candidate] = cellSamples(record);
    assert.ok(baseline && candidate);
    return latencyLogRatios(candidate, baseline);
  };
  assert.ok(of(undefined, [1e6, 2e6, 2e6, 2e6, 9e6]).every((ratio) => Math.abs(ratio - Math.LN2) < 1e-9));
  assert.ok(of([1, 1, 3], [1e6, 2e6, 2e6, 2e6, 9e6]).every((ratio) => Math.abs(ratio - Math.LN2) < 1e-9));
  assert.ok(of([2, 3], [0, 0, 2e6, 2e6, 2e6]).every(Number.isNaN));
});
