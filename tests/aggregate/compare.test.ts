import assert from "node:assert/strict";
import { test } from "node:test";
import { cellSamples } from "../../harness/aggregate/cell-samples.ts";
import { compareCells } from "../../harness/aggregate/compare.ts";
import type { RunRecord } from "../../harness/aggregate/run-record.ts";
import { handPlan, handRecord, type Outcome } from "../fixtures/hand-run.ts";

// 20 items, labels 0, 1, 0, 1 ...: ten of each class.
const plan = handPlan({ runs_per_quant: 3, evaluate_runs: 2 });

function compare(record: RunRecord) {
  const facts = { labels: record.labels, classNames: plan.dataset.class_names, isNoisy: false };
  const [baseline, q8] = compareCells(cellSamples(record), facts);
  assert.ok(baseline && q8);
  return { baseline, q8 };
}

function run(outcomes: { fp32?: (block: number) => Outcome; q8?: (block: number) => Outcome }) {
  return compare(
    handRecord(plan, ({ cell_id, block }) =>
      cell_id === "m/q8" ? (outcomes.q8?.(block) ?? {}) : (outcomes.fp32?.(block) ?? {}),
    ),
  );
}

const sum = (values: ArrayLike<number> | undefined) => Array.from(values ?? []).reduce((total, x) => total + x, 0);

test("runs that agree give the paired table, overall and by class", () => {
  // The baseline errs on 0-3, the candidate on 2-6: both on 2 and 3.
  const { q8 } = run({ fp32: () => ({ right: (i) => i >= 4 }), q8: () => ({ right: (i) => i < 2 || i > 6 }) });
  assert.deepEqual(q8.overall?.table, { a: 13, b: 3, c: 2, d: 2 });
  assert.deepEqual(q8.overall?.strict, q8.overall?.table);
  assert.equal(q8.overall?.differences, undefined);
  assert.deepEqual([q8.overall?.n, q8.overall?.total], [20, 15]);
  assert.deepEqual(
    q8.classes.map(({ name, n, table }) => [name, n, table]),
    [
      ["class 0", 10, { a: 6, b: 2, c: 1, d: 1 }],
      ["class 1", 10, { a: 7, b: 1, c: 1, d: 1 }],
    ],
  );
});

test("runs that disagree give differences instead of a table, and count against the candidate in the strict one", () => {
  // Item 0 is right in the candidate's second run only, item 1 in the baseline's second run only.
  const { q8 } = run({
    fp32: (run) => ({ right: (i) => i !== 1 || run > 0 }),
    q8: (run) => ({ right: (i) => i !== 0 || run > 0 }),
  });
  assert.equal(q8.overall?.table, undefined);
  assert.deepEqual([...(q8.overall?.differences ?? [])].slice(0, 3), [0.5, -0.5, 0]);
  assert.deepEqual(q8.overall?.strict, { a: 19, b: 1, c: 0, d: 0 });
  assert.equal(q8.overall?.total, 19.5);
  // In class 1 only the baseline's runs differ; in neither class may a table pretend to certainty.
  assert.deepEqual(
    q8.classes.map(({ table }) => table),
    [undefined, undefined],
  );
});

test("a class in which all runs agree keeps its table though another class does not", () => {
  const { q8 } = run({ q8: (run) => ({ right: (i) => i !== 0 || run > 0 }) });
  assert.deepEqual(
    q8.classes.map(({ table }) => table),
    [undefined, { a: 10, b: 0, c: 0, d: 0 }],
  );
});

test("a failed evaluation of the candidate scores 0 on every item and is never lost", () => {
  const { q8 } = run({ q8: (block) => (block === 1 ? "crash" : {}) });
  assert.equal(q8.overall?.total, 10);
  assert.equal(sum(q8.overall?.differences), 10);
  assert.deepEqual(q8.overall?.strict, { a: 0, b: 20, c: 0, d: 0 });
  assert.deepEqual([q8.trials.failed, q8.determinism.n, q8.determinism.matching], [1, 3, 2]);
});

test("a candidate whose evaluations all failed has nothing right", () => {
  const { q8 } = run({ q8: (block) => (block < 2 ? "crash" : {}) });
  assert.deepEqual(q8.overall?.table, { a: 0, b: 20, c: 0, d: 0 });
});

test("an evaluation of too few items is a failed one", () => {
  const short = { n: 4, correct: 4, top_k: 1, top_k_correct: 4, invalid_rows: 0, correct_bits: "Dw==" };
  const { q8 } = run({ q8: (block) => (block === 0 ? { measured: { quality: short } } : {}) });
  assert.equal(q8.overall?.total, 10);
});

test("a failed evaluation of the baseline does not make it easier to beat", () => {
  const { q8, baseline } = run({
    fp32: (block) => (block === 0 ? "crash" : {}),
    q8: () => ({ right: (i) => i < 12 }),
  });
  assert.deepEqual(q8.overall?.table, { a: 12, b: 8, c: 0, d: 0 });
  // About itself the baseline is as strict as about others.
  assert.equal(baseline.overall?.total, 10);
});

test("without a completed evaluation of the baseline there is no comparison", () => {
  const { q8 } = run({ fp32: (block) => (block < 2 ? "crash" : {}) });
  assert.equal(q8.overall, undefined);
  assert.deepEqual(q8.classes, []);
});

test("rows with NaN are known of both arms", () => {
  const quality = { n: 20, correct: 20, top_k: 2, top_k_correct: 20, invalid_rows: 3, correct_bits: "//8P" };
  const { q8, baseline } = run({ fp32: (block) => (block === 1 ? { measured: { quality } } : {}) });
  assert.deepEqual([q8.invalidRows, q8.baselineInvalidRows, baseline.invalidRows], [0, 3, 3]);
});

test("ratios are candidate over baseline, of shared blocks only", () => {
  const { q8 } = run({
    fp32: (block) => (block === 2 ? "crash" : { latencyNs: [2e6, 2e6, 2e6] }),
    q8: (block) => (block === 0 ? "missing" : { latencyNs: [1e6, 1e6, 1e6] }),
  });
  assert.deepEqual([...q8.latencyLogRatios], [Math.log(0.5)]);
  assert.equal(q8.memoryLogRatios.length, 1);
  assert.equal(q8.throughputLogRatios.length, 1);
});

test("a clock that stands still is noticed in either arm", () => {
  const still = { latencyNs: [1e6, 1e6, 1e6] };
  assert.equal(run({ q8: () => still }).q8.isLatencyConstant, true);
  assert.equal(run({ fp32: () => still }).q8.isLatencyConstant, true);
  assert.equal(run({}).q8.isLatencyConstant, false);
});

test("bytes come from the variants as made; where none was made they are unknown, not 0", () => {
  const record = handRecord(plan);
  assert.deepEqual([compare(record).q8.bytesOnDisk, compare(record).q8.baselineBytesOnDisk], [250, 1000]);
  const { q8 } = compare({ ...record, variants: [] });
  assert.deepEqual([q8.bytesOnDisk, q8.baselineBytesOnDisk], [undefined, undefined]);
});

test("a variant that could not be made says why", () => {
  const record = handRecord(plan, ({ cell_id }) => (cell_id === "m/q8" ? "crash" : {}));
  const variants = record.variants.map((line) =>
    line.variant_id === "m/q8" ? { ...line, state: "failed" as const, failure: "no such operator" } : line,
  );
  assert.equal(compare({ ...record, variants }).q8.variantFailure, "no such operator");
});

test("a label outside the classes is refused: its item would be in no class", () => {
  const record = handRecord(plan);
  assert.throws(() => compare({ ...record, labels: Int32Array.from(record.labels, (x) => x + 1) }), RangeError);
});
