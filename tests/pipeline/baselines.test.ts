import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { BaselineRow } from "../../harness/domain/generated/baseline-v1.ts";
import type { GateSpecDoc } from "../../harness/domain/generated/plan-v1.ts";
import {
  compareWithBaseline,
  findBaseline,
  mismatchError,
  openBaselines,
  recordBaseline,
  resolveBaseline,
} from "../../harness/pipeline/baselines.ts";
import { compareRuns } from "../../harness/pipeline/baselines-compare.ts";
import { readLog } from "../../harness/store/baseline-log.ts";
import { baseline, baselineRow } from "../fixtures/baseline-builder.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-pipeline-baselines-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const outDir = join(folder, "results");
const storageRoot = join(folder, "baselines");
const fp32 = simulatedQuant("fp32", { bytes: 4_000_000 });
const int8 = simulatedQuant("int8", { latency_ms: 6 });
let approved = "";

before(async () => {
  approved = (await simulatedRun(folder, [fp32, int8])).runId;
  await recordBaseline({ run: approved, outDir, storageRoot, reason: "first" });
});

const compare = async (quants: Parameters<typeof simulatedRun>[1], more: object = {}, options: object = {}) => {
  const run = (await simulatedRun(folder, quants, { seed: 8, ...more })).runId;
  return (await compareWithBaseline({ run, outDir, storageRoot, ...options })).comparison;
};

test("a record holds every cell with its items packed, its blocks and a sketch of its calls", async () => {
  const { store, entry } = await findBaseline({ storageRoot, baselineRef: approved });
  const { rows, dataset, task_revision } = await store.read(entry);
  assert.deepEqual(
    rows.map((row) => [row.quant_tag, row.verdict]),
    [
      ["fp32", "reference"],
      ["int8", "pass"],
    ],
  );
  assert.equal(dataset.count, 2000);
  assert.match(task_revision, /^1-[0-9a-f]{12}$/);
  for (const { quality, latency } of rows) {
    assert.equal(quality?.encoding, "bits");
    assert.equal(Buffer.from(quality?.outcomes ?? "", "base64").length, 250);
    assert.equal(latency.blocks.length, 8);
    assert.equal(latency.samples, 160);
    const seconds = latency.sketch?.seconds ?? [];
    assert.deepEqual(
      seconds,
      [...seconds].sort((x, y) => x - y),
    );
  }
});

test("another seed of the same quants is no regression", async () => {
  const result = await compare([fp32, int8]);
  assert.equal(result.baseline_ref, approved);
  assert.equal(result.verdict, "pass");
});

test("a quant that became slower fails, by its ratio to the full precision of its own session", async () => {
  const result = await compare([fp32, simulatedQuant("int8", { latency_ms: 6.6 })]);
  const [base, row] = result.rows;
  assert.equal(base?.verdict, "pass");
  assert.deepEqual(
    row?.checks.filter((check) => check.verdict === "fail").map((check) => check.gate_id),
    ["latency_ratio"],
  );
  assert.equal(result.verdict, "fail");
});

test("a machine that became slower as a whole is no regression of the quant", async () => {
  const result = await compare([{ ...fp32, latency_ms: 15 }, simulatedQuant("int8", { latency_ms: 9 })]);
  assert.equal(result.verdict, "pass");
  const own = result.rows[0]?.checks.find((check) => check.gate_id === "latency_ratio");
  assert.deepEqual([own?.verdict, own?.tier], ["fail", "advisory"]);
});

test("items that were right and are wrong now fail, item by item", async () => {
  const result = await compare([fp32, simulatedQuant("int8", { latency_ms: 6, accuracy: 0.92, discordance: 0.04 })]);
  const check = result.rows[1]?.checks.find((one) => one.gate_id === "accuracy_drop");
  assert.equal(check?.verdict, "fail");
  assert.match(check?.effect?.method ?? "", /^tango/);
});

test("a larger file fails exactly", async () => {
  const result = await compare([fp32, { ...int8, bytes: 1_000_001 }]);
  assert.equal(result.rows[1]?.checks.find((one) => one.gate_id === "bytes")?.verdict, "fail");
});

test("a variant or thread count that the baseline has not is unmatched, and that is no pass", async () => {
  const result = await compare([fp32, int8, simulatedQuant("int4", { latency_ms: 5 })]);
  assert.match(result.rows[2]?.unmatched ?? "", /no such variant/);
  assert.equal(result.verdict, "inconclusive");
  const threads = await compare([fp32, int8], { runtime: { kind: "simulated", threads: [2] } });
  assert.match(threads.rows[1]?.unmatched ?? "", /other threads/);
});

test("other items are another revision, other hardware is a mismatch, and neither falls back", async () => {
  const { runId: run } = await simulatedRun(folder, [fp32, int8], {
    dataset: { kind: "simulated", items: 1000, classes: 4 },
  });
  await assert.rejects(compareWithBaseline({ run, outDir, storageRoot }), {
    code: "BASELINE_REV_MISMATCH",
    message: /^REV_MISMATCH/,
    hint: new RegExp(approved.replaceAll(".", "\\.")),
  });
  const hardware = { run: approved, outDir, storageRoot, hardwareFingerprint: "0".repeat(16) };
  const again = (await simulatedRun(folder, [fp32, int8], { seed: 9 })).runId;
  await assert.rejects(compareWithBaseline({ ...hardware, run: again }), { code: "BASELINE_HW_MISMATCH", exitCode: 6 });
  await assert.rejects(compareWithBaseline({ run: again, outDir, storageRoot, baselineRef: "nobody" }), {
    code: "BASELINE_MISSING",
    message: /no baseline nobody of simulated/,
  });
  const { match } = await resolveBaseline({ run: again, outDir, storageRoot, testId: "elsewhere" });
  assert.equal(match.status as string, "NO_BASELINE");
  assert.equal("candidates" in match && mismatchError(match).code, "BASELINE_MISSING");
});

test("a run is no baseline of itself", async () => {
  await assert.rejects(compareWithBaseline({ run: approved, outDir, storageRoot }), { code: "BASELINE_MISSING" });
});

test("a failing run is not recorded; by force it is, and the log and the record say so", async () => {
  const { runId: run } = await simulatedRun(folder, [fp32, simulatedQuant("int8", { latency_ms: 20 })]);
  const root = join(folder, "forced");
  await assert.rejects(recordBaseline({ run, outDir, storageRoot: root }), {
    code: "BASELINE_NOT_PASSING",
    exitCode: 3,
  });
  assert.deepEqual((await openBaselines(root).list()).entries, []);
  const { entry } = await recordBaseline({ run, outDir, storageRoot: root, force: true, reason: "known" });
  assert.deepEqual([entry.forced, entry.verdict], [true, "fail"]);
  const [line] = (await readLog(openBaselines(root).layout.log))?.lines ?? [];
  assert.ok(line?.op === "record" && line.entry.forced && line.reason === "known");
  // Force on a run that passes is nothing to remark.
  const passing = await recordBaseline({ run: approved, outDir, storageRoot: root, force: true });
  assert.equal(passing.entry.forced, false);
});

test("a row that did not pass approves nothing, unless the record was forced", async () => {
  const root = join(folder, "rows");
  const slow = simulatedQuant("slow8", { latency_ms: 20 });
  const first = (await simulatedRun(folder, [fp32, int8, slow])).runId;
  const { runId: run } = await simulatedRun(folder, [fp32, int8, slow], { seed: 11 });
  await recordBaseline({ run: first, outDir, storageRoot: root });
  const { comparison } = await compareWithBaseline({ run, outDir, storageRoot: root });
  assert.match(comparison.rows[2]?.unmatched ?? "", /verdict in the baseline is fail/);
});

test("times of a polluted session or with failed trials decide nothing against the baseline", () => {
  const gates: GateSpecDoc[] = [
    {
      id: "latency_ratio",
      metric: "latency.call",
      policy: "non-inferiority",
      margin: 0.05,
      margin_kind: "relative",
      limit: null,
      tier: "primary",
      alpha: 0.05,
    },
  ];
  const slower = { latency: { samples: 160, blocks: new Array<number>(8).fill(0.02), sketch: null } };
  const judge = (more: Partial<BaselineRow>) => {
    const run = baseline({ baseline_ref: "run-2", rows: [reference, baselineRow("u8s8", { ...slower, ...more })] });
    const { rows } = compareRuns(run, baseline(), { gates, labels: new Int32Array(16), classNames: ["0"] });
    const check = rows[1]?.checks[0];
    return [check?.verdict, ...(check?.reasons ?? [])];
  };
  const reference = baselineRow("fp32", { role: "baseline", verdict: "reference" });
  assert.deepEqual(judge({}), ["fail"]);
  assert.deepEqual(judge({ run_quality: "polluted" }), ["inconclusive", "polluted"]);
  assert.deepEqual(judge({ trials: { planned: 8, completed: 7, failed: 1, missing: 0 } }), [
    "inconclusive",
    "failed-trials",
  ]);
  assert.deepEqual(judge({ lineage: { base_sha256: "9".repeat(64), variant_sha256: null } }), [undefined]);
});

test("a run that stopped early has no planned numbers to compare by: it is recorded, and decides nothing", async () => {
  const { runId: run } = await simulatedRun(folder, [fp32, int8], { seed: 12, stop: { mode: "anytime" } });
  const root = join(folder, "early");
  await recordBaseline({ run: approved, outDir, storageRoot: root });
  const { comparison } = await compareWithBaseline({ run, outDir, storageRoot: root });
  const checks = comparison.rows[1]?.checks ?? [];
  const of = (id: string) => checks.find((check) => check.gate_id === id);
  for (const id of ["accuracy_drop", "worst_class_drop", "latency_ratio", "peak_memory"]) {
    assert.equal(of(id)?.verdict, "inconclusive", id);
    assert.ok(of(id)?.reasons.includes("stopped-early"), id);
  }
  assert.equal(of("bytes")?.verdict, "pass");
  assert.equal(comparison.verdict, "inconclusive");
  const recorded = await recordBaseline({ run, outDir, storageRoot: join(folder, "early-record") });
  const { rows } = await openBaselines(join(folder, "early-record")).read(recorded.entry);
  assert.ok((rows[1]?.trials.skipped as number) > 0);
  assert.equal(rows[1]?.quality, null);
});

test("margins in the metric's own unit, and shares of the baseline's accuracy, are compared as such", () => {
  const latency: GateSpecDoc = {
    id: "latency",
    metric: "latency.call",
    policy: "non-inferiority",
    margin: 0.002,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: 0.05,
  };
  const gates = [
    latency,
    { ...latency, id: "share", metric: "quality.accuracy" as const, margin_kind: "relative" as const, margin: 0.9 },
  ];
  const reference = baselineRow("fp32", { role: "baseline", verdict: "reference" });
  const blocks = (base: number) => Array.from({ length: 8 }, (_, i) => base + i * 1e-5);
  const now = (base: number) =>
    baseline({
      baseline_ref: "run-2",
      rows: [reference, baselineRow("u8s8", { latency: { samples: 160, blocks: blocks(base), sketch: null } })],
    });
  const checksOf = (base: number) =>
    compareRuns(now(base), baseline(), { gates, labels: new Int32Array(16), classNames: ["0"] }).rows[1]?.checks;
  // One millisecond of a hundred is a tenth of the ratio, and half of this margin.
  assert.equal(checksOf(0.011)?.[0]?.verdict, "pass");
  assert.equal(checksOf(0.014)?.[0]?.verdict, "fail");
  assert.ok(Math.abs((checksOf(0.014)?.[0]?.effect?.value as number) - 0.004) < 2e-4);
  assert.match(checksOf(0.011)?.[1]?.effect?.method ?? "", /ratio/);
});
