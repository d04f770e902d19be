import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRow, rowPValue } from "../../harness/gate/decide-row.ts";
import { DEFAULT_GATES } from "../../harness/plan/defaults.ts";
import { comparison, gateSpec, ratiosAround, scoresOf } from "../fixtures/comparison-builder.ts";

const slower = { latencyLogRatios: ratiosAround(1.3) };

test("a row passes when all its primary gates pass", () => {
  const row = decideRow(DEFAULT_GATES, comparison());
  assert.deepEqual([row.verdict, row.gates.length], ["pass", DEFAULT_GATES.length]);
});

test("one primary fail makes a row fail, one inconclusive keeps it open", () => {
  assert.equal(decideRow(DEFAULT_GATES, comparison(slower)).verdict, "fail");
  assert.equal(decideRow(DEFAULT_GATES, comparison({ isNoisy: true })).verdict, "inconclusive");
  assert.equal(decideRow(DEFAULT_GATES, comparison({ bytesOnDisk: 2000, isNoisy: true })).verdict, "fail");
});

test("advisory gates are reported and decide nothing", () => {
  const advisory = DEFAULT_GATES.map((gate) =>
    gate.id === "latency_ratio" ? { ...gate, tier: "advisory" as const } : gate,
  );
  const row = decideRow(advisory, comparison(slower));
  assert.equal(row.verdict, "pass");
  assert.equal(row.gates.find(({ gate_id }) => gate_id === "latency_ratio")?.verdict, "fail");
});

test("a row without primary gates is inconclusive: nothing decided it", () => {
  assert.equal(decideRow([], comparison()).verdict, "inconclusive");
  assert.equal(decideRow([gateSpec({ tier: "advisory" })], comparison()).verdict, "inconclusive");
});

test("the baseline's row is the reference, whatever its gates say", () => {
  assert.equal(
    decideRow(DEFAULT_GATES, comparison({ role: "baseline", determinism: { n: 9, matching: 1 } })).verdict,
    "reference",
  );
});

test("a fail that holds alone but not among the row's gates leaves it open", () => {
  const specs = (n: number) =>
    Array.from({ length: n }, (_, i) =>
      gateSpec({ id: `g${i}`, policy: i === 0 ? "any-regression" : "non-inferiority", margin: 0.05 }),
    );
  // A drop whose own p-value is between alpha/5 and alpha.
  const doubtful = comparison({ overall: scoresOf({ a: 4961, b: 24, c: 11, d: 4 }) });
  const alone = decideRow(specs(1), doubtful);
  const p = alone.gates[0]?.p_fail as number;
  assert.ok(p > 0.01 && p < 0.05, `p = ${p}`);
  assert.equal(alone.verdict, "fail");
  assert.equal(decideRow(specs(5), doubtful).verdict, "inconclusive");
});

test("a fail that nothing random decided is not corrected away", () => {
  const specs = [
    gateSpec({ metric: "size.bytes_on_disk", policy: "exact", margin: 0 }),
    ...Array.from({ length: 9 }, (_, i) => gateSpec({ id: `g${i}` })),
  ];
  assert.equal(decideRow(specs, comparison({ bytesOnDisk: 1001 })).verdict, "fail");
  const memory = [
    gateSpec({ metric: "memory.peak_rss", margin: 0, margin_kind: "relative", policy: "exact" }),
    gateSpec({ id: "acc" }),
  ];
  assert.equal(decideRow(memory, comparison({ memoryLogRatios: ratiosAround(1.2) })).verdict, "fail");
});

test("the p-value of a pass is that of its hardest primary gate; other verdicts have none", () => {
  const row = decideRow(DEFAULT_GATES, comparison());
  const ps = row.gates.filter(({ tier }) => tier === "primary").map(({ p_pass }) => p_pass ?? 0);
  assert.equal(rowPValue(row), Math.max(...ps));
  assert.ok((rowPValue(row) as number) > 0);
  assert.equal(rowPValue(decideRow(DEFAULT_GATES, comparison(slower))), undefined);
});
