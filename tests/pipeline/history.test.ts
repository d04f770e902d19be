import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { HistoryLine } from "../../harness/domain/generated/history-v1.ts";
import { openBaselines } from "../../harness/pipeline/baselines.ts";
import { analyzeHistory, recordHistory } from "../../harness/pipeline/history.ts";
import { renderHistory } from "../../harness/report/history-text.ts";
import { appendHistory, readHistory } from "../../harness/store/history.ts";
import { baseline } from "../fixtures/baseline-builder.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";
import { stats } from "../stats/namespace.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-history-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let roots = 0;

function line(i: number, ratio: number, more: Partial<HistoryLine> = {}): HistoryLine {
  return {
    schema_version: "quantgate.history.v1",
    generated_at: new Date(86_400_000 * i).toISOString(),
    run_id: `run-${i}`,
    test_id: "digits",
    revision: "r1",
    hard: "a".repeat(16),
    soft: "b".repeat(16),
    commit_sha: `commit-${i}`,
    state: "complete",
    verdict: "pass",
    points: [{ cell_id: "digits/u8s8", metric: "latency.ratio", value: ratio }],
    ...more,
  };
}

async function historyOf(lines: readonly HistoryLine[]) {
  const root = join(folder, `history-${++roots}`);
  for (const one of lines) await appendHistory(root, one);
  return { root, storageRoot: join(root, "baselines") };
}

const noise = (seed: string, count: number, level: (i: number) => number) => {
  const random = stats.rng(seed);
  return Array.from({ length: count }, (_, i) => line(i, level(i) + 0.01 * random.normal()));
};

test("a step is named with its direction, its levels and the commits it lies between", async () => {
  const { root, storageRoot } = await historyOf(noise("step", 60, (i) => (i >= 40 ? 0.08 : 0)));
  const { series } = await analyzeHistory({ root, storageRoot });
  const [change, ...others] = series[0]?.changes ?? [];
  assert.deepEqual(others, []);
  assert.equal(change?.direction, "worse");
  assert.deepEqual(change?.commits, ["commit-39", "commit-40"]);
  assert.ok(Math.abs((change?.after ?? 0) - 0.08) < 0.01);
  assert.equal(series[0]?.alarms[0]?.direction, "worse");
  assert.equal(series[0]?.ratchet?.verdict, "beyond");
  const text = renderHistory(await analyzeHistory({ root, storageRoot }));
  assert.match(text, /worse: .* at run-40 \(commits commit-39\.\.commit-40\)/);
});

test("creep of .4 % a run is no step at any one run, and is caught against the pinned baseline", async () => {
  const lines = noise("creep", 26, (i) => 0.004 * i);
  const { root, storageRoot } = await historyOf(lines);
  const before = await analyzeHistory({ root, storageRoot });
  assert.equal(before.series[0]?.drift, null, "without a pinned baseline there is nothing to drift from");
  const store = openBaselines(storageRoot);
  await store.record(baseline({ baseline_ref: "run-0" }), null);
  await store.setPinned({ test_id: "digits", ref: "run-0" }, true, null);
  const { series } = await analyzeHistory({ root, storageRoot });
  assert.equal(series[0]?.drift?.verdict, "beyond");
  assert.equal(series[0]?.drift?.baseline_ref, "run-0");
  const short = await historyOf(lines.slice(0, 8));
  const early = openBaselines(short.storageRoot);
  await early.record(baseline({ baseline_ref: "run-0" }), null);
  await early.setPinned({ test_id: "digits", ref: "run-0" }, true, null);
  assert.notEqual((await analyzeHistory(short)).series[0]?.drift?.verdict, "beyond");
});

test("runs on other hardware, of another revision or test are series of their own", async () => {
  const lines = [
    line(0, 0),
    line(1, 0, { hard: "c".repeat(16) }),
    line(2, 0, { revision: "r2" }),
    line(3, 0, { test_id: "x" }),
  ];
  const { root, storageRoot } = await historyOf(lines);
  assert.equal((await analyzeHistory({ root, storageRoot })).series.length, 4);
  assert.equal((await analyzeHistory({ root, storageRoot, testId: "digits" })).series.length, 3);
});

test("a run stands once; a torn end is cut off, and a damaged line is named and left out", async () => {
  const { root } = await historyOf([line(0, 0), line(1, 0)]);
  assert.equal(await appendHistory(root, line(1, 5)), false);
  const path = join(root, "history.ndjson");
  writeFileSync(path, `${readFileSync(path, "utf8")}{"torn`);
  assert.equal(await appendHistory(root, line(2, 0)), true);
  const damaged = readFileSync(path, "utf8").replace('"run-1"', "run-1");
  writeFileSync(path, damaged);
  const { runs, unreadable } = await readHistory(root);
  assert.deepEqual([runs.map((run) => run.run_id), unreadable], [["run-0", "run-2"], [2]]);
});

test("a sweep records itself, failing ones too, and recording it again adds nothing", async () => {
  const quants = [simulatedQuant("fp32"), simulatedQuant("int8", { latency_ms: 20 })];
  const { runId, exitCode } = await simulatedRun(folder, quants);
  assert.equal(exitCode, 3);
  const root = join(folder, "results");
  const { runs } = await readHistory(root);
  assert.deepEqual(
    runs.map((run) => [run.run_id, run.verdict, run.state]),
    [[runId, "fail", "complete"]],
  );
  assert.deepEqual(
    runs[0]?.points.map((point) => [point.cell_id, point.metric]),
    [
      ["sim/fp32", "quality.error"],
      ["sim/fp32", "size.bytes"],
      ["sim/fp32", "latency.p50"],
      ["sim/fp32", "memory.peak"],
      ["sim/int8", "quality.error"],
      ["sim/int8", "size.bytes"],
      ["sim/int8", "latency.ratio"],
      ["sim/int8", "memory.ratio"],
    ],
  );
  const ratio = runs[0]?.points.find((point) => point.metric === "latency.ratio")?.value ?? 0;
  assert.ok(Math.abs(ratio - Math.LN2) < 0.02);
  assert.equal(await recordHistory({ run: runId, outDir: root, root }), false);
});
