import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findBaseline, recordBaseline } from "../../harness/pipeline/baselines.ts";
import { recordHistory } from "../../harness/pipeline/history.ts";
import { type JudgeOptions, judgeRun } from "../../harness/pipeline/judge-run.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-judge-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const outDir = join(folder, "results");
const storageRoot = join(folder, "baselines");
const dataset = { kind: "simulated", items: 2000, classes: 4, seed: 1 };

async function run(int8Ms: number, more: { seed?: number; role?: "required" | "candidate"; controls?: object } = {}) {
  const { seed = 7, role = "required", controls = {} } = more;
  const quants = [
    simulatedQuant("fp32", { bytes: 4_000_000, latency_cv: 0.005 }),
    simulatedQuant("int8", { role, latency_ms: int8Ms, latency_cv: 0.005 }),
  ];
  return (await simulatedRun(folder, quants, { seed, dataset, ...controls })).runId;
}

const judge = (runId: string, more: Partial<JudgeOptions> = {}) =>
  judgeRun({ run: runId, outDir, storageRoot, ...more });
const deciding = (judged: Awaited<ReturnType<typeof judge>>) =>
  judged.report.lines
    .filter((line) => line.decides && line.verdict !== "pass")
    .map((line) => `${line.scope} ${line.gate}`);

let good = "";
let slow = "";
before(async () => {
  good = await run(6);
  slow = await run(7);
  await recordBaseline({ run: good, outDir, storageRoot });
});

test("a run that passes by itself and regressed against its baseline fails, and the report says which of the two", async () => {
  assert.equal((await judge(slow)).exitCode, 0);
  const judged = await judge(slow, { baselineRef: "latest" });
  assert.equal(judged.exitCode, 3);
  assert.deepEqual(deciding(judged), ["baseline latency_ratio"]);
  assert.equal(judged.report.verdict, "fail");
  assert.match(judged.report.headline, /passes by itself, but it is worse than before/);
});

test("a baseline that cannot be resolved is no pass: the session's verdict is shown and the exit code is 6", async () => {
  for (const more of [{ baselineRef: "nobody" }, { baselineRef: "latest", pinned: true }]) {
    const judged = await judge(slow, more);
    assert.equal(judged.exitCode, 6);
    assert.equal(judged.mismatch?.code, "BASELINE_MISSING");
    assert.deepEqual([judged.report.verdict, deciding(judged)], ["inconclusive", ["baseline resolve"]]);
    assert.equal(judged.summary.suite.verdict, "pass");
  }
  // A run is no baseline of itself, also by name.
  assert.equal((await judge(good, { baselineRef: good })).exitCode, 6);
});

test("a candidate that nobody ships and that regressed does not turn the run red", async () => {
  const quants = (int4Ms: number) => [
    simulatedQuant("fp32", { bytes: 4_000_000, latency_cv: 0.005 }),
    simulatedQuant("int8", { role: "required", latency_ms: 6, latency_cv: 0.005 }),
    simulatedQuant("int4", { latency_ms: int4Ms, latency_cv: 0.005, bytes: 900_000 }),
  ];
  const store = join(folder, "candidates");
  const first = await simulatedRun(folder, quants(7), { dataset, name: "candidates" });
  await recordBaseline({ run: first.runId, outDir, storageRoot: store });
  const second = await simulatedRun(folder, quants(8.5), { dataset, name: "candidates" });
  const judged = await judge(second.runId, { storageRoot: store, baselineRef: "latest" });
  assert.equal(judged.exitCode, 0);
  const line = judged.report.lines.find((one) => one.scope === "baseline" && one.verdict === "fail");
  assert.deepEqual([line?.cell, line?.gate, line?.decides], ["sim/int4", "latency_ratio", false]);
});

test("on lane ci the history's times advise like the session's", async () => {
  const store = join(folder, "ci-lane");
  const historyDir = join(folder, "ci-history");
  let latest = "";
  for (let i = 0; i < 8; i++) {
    latest = await run(i === 0 ? 6 : 6.6, { seed: 100 + i, controls: { execution_lane: "ci", name: "ci-lane" } });
    await recordHistory({ run: latest, outDir, root: historyDir });
    if (i > 0) continue;
    await recordBaseline({ run: latest, outDir, storageRoot: store });
    const found = await findBaseline({ storageRoot: store, baselineRef: latest });
    await found.store.setPinned(found.entry, true, null);
  }
  const judged = await judge(latest, { storageRoot: store, historyDir });
  assert.equal(judged.exitCode, 0);
  const drift = judged.report.lines.find((line) => line.gate === "drift latency.ratio");
  assert.deepEqual([drift?.verdict, drift?.decides], ["fail", false]);
  assert.match(drift?.text ?? "", /^worse by (9|10)\.\d % \[.*\], margin 5\.0 %, newest 6 runs against pinned /);
});

test("an old run judged again is judged by the history of its day", async () => {
  const historyDir = join(folder, "own-day");
  const runs: string[] = [];
  for (let i = 0; i < 3; i++) {
    runs.push(await run(6, { seed: 200 + i }));
    await recordHistory({ run: runs[i] as string, outDir, root: historyDir });
  }
  const judged = await Promise.all(runs.map((one) => judge(one, { historyDir })));
  assert.deepEqual(
    judged.map((one) => one.history?.runs),
    [1, 2, 3],
  );
});

test("the command to reproduce names the run, not the link that moves on", async () => {
  const judged = await judgeRun({ run: join(outDir, "latest"), outDir, storageRoot });
  assert.match(judged.report.reproduce, /^quantgate gate --run \S+\/2\d{7}T\S+$/);
  assert.doesNotMatch(judged.report.reproduce, /latest/);
});
