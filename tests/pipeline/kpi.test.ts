import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { judgeKpis, kpisOf } from "../../harness/pipeline/kpi.ts";
import { quantizeByProfile } from "../../harness/pipeline/quantize-profile.ts";
import { readRun } from "../../harness/pipeline/read-run.ts";
import { summarize } from "../../harness/pipeline/summarize.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-kpi-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const outDir = join(folder, "results");
const fp32 = simulatedQuant("fp32", { bytes: 4_000_000 });
let good = "";
let flaky = "";

before(async () => {
  good = (await simulatedRun(folder, [fp32, simulatedQuant("int8", { latency_ms: 6 })])).runFolder;
  flaky = (await simulatedRun(folder, [fp32, simulatedQuant("int8", { latency_ms: 6, failure_rate: 0.3 })])).runFolder;
});

const summaryOf = (run: string) => join(run, "summary.json");

/** The KPIs of the good run with its journal's trials changed. */
async function kpisWith(change: (trial: TrialLine) => TrialLine | undefined) {
  const { record, journal } = await readRun(await RunFolder.open(good, outDir));
  const trials = record.trials.flatMap((trial) => change(trial) ?? []);
  const changed = { ...record, trials };
  return kpisOf(changed, summarize(changed, journal, { policyDigest: "0".repeat(64) }).summary).kpis;
}

const isTrial = (trial: TrialLine) => trial.trial_kind === "trial";
const withHost = (trial: TrialLine, host: Partial<NonNullable<TrialLine["measured"]>["host"]>): TrialLine =>
  trial.measured === null
    ? trial
    : { ...trial, measured: { ...trial.measured, host: { ...trial.measured.host, ...host } } };

test("a clean run passes, and the sweep has written the same KPIs that are recomputed", async () => {
  const { kpis, passed, gates } = await judgeKpis({ summary: summaryOf(good), outDir });
  assert.equal(passed, true);
  assert.equal(gates.length, 4);
  assert.deepEqual(kpis.kpis.determinism_rate, {
    value: 1,
    numerator: 16,
    denominator: 16,
    estimate: { ...kpis.kpis.determinism_rate.estimate, value: 1, level: 0.95, n: 16, method: "clopper-pearson" },
    reason: null,
  });
  assert.deepEqual([kpis.kpis.canary_failure_rate.numerator, kpis.kpis.canary_failure_rate.denominator], [0, 9]);
  assert.equal(kpis.kpis.fallback_rate.value, null, "nothing quantized is no rate of 0");
  assert.deepEqual(JSON.parse(readFileSync(join(good, "kpis.json"), "utf8")), JSON.parse(JSON.stringify(kpis)));
});

test("a crash counts against determinism and telemetry, and the gate names both", async () => {
  const { kpis, gates, passed } = await judgeKpis({ summary: summaryOf(flaky), outDir });
  const { determinism_rate, missing_telemetry_rate } = kpis.kpis;
  assert.ok(missing_telemetry_rate.numerator > 0);
  assert.equal(determinism_rate.numerator, 16 - missing_telemetry_rate.numerator);
  assert.equal(missing_telemetry_rate.denominator, 16);
  assert.equal(passed, false);
  assert.deepEqual(
    gates.filter((gate) => !gate.passed).map((gate) => gate.kpi),
    ["missing_telemetry_rate", "frontier_success_rate", "determinism_rate"],
  );
});

test("trials that a run which stopped early had no need of are not missing", async () => {
  const early = await simulatedRun(folder, [fp32, simulatedQuant("int8", { latency_ms: 6 })], {
    stop: { mode: "anytime" },
  });
  const skipped = early.summary.rows.reduce((sum, row) => sum + (row.trials.skipped ?? 0), 0);
  assert.ok(skipped > 0);
  const { kpis, passed } = await judgeKpis({ summary: summaryOf(early.runFolder), outDir });
  assert.equal(passed, true);
  assert.equal(kpis.kpis.missing_telemetry_rate.numerator, 0);
  assert.equal(kpis.kpis.frontier_success_rate.value, 1);
});

test("limits come from flags over the policy file over the defaults", async () => {
  const policy = join(folder, "policy.json");
  writeFileSync(
    policy,
    JSON.stringify({
      schema_version: "quantgate.kpi-policy.v1",
      min_determinism_rate: 0,
      max_missing_telemetry_rate: 1,
    }),
  );
  const failedWith = async (options: object) =>
    (await judgeKpis({ summary: summaryOf(flaky), outDir, ...options })).gates
      .filter((gate) => !gate.passed)
      .map((gate) => gate.kpi);
  assert.deepEqual(await failedWith({ policy }), ["frontier_success_rate"]);
  assert.deepEqual(await failedWith({ policy, limits: { min_frontier_success_rate: 0 } }), []);
  assert.deepEqual(await failedWith({ policy, limits: { min_determinism_rate: 1 } }), [
    "frontier_success_rate",
    "determinism_rate",
  ]);
  writeFileSync(policy, JSON.stringify({ schema_version: "quantgate.kpi-policy.v1", min_determinism: 0 }));
  await assert.rejects(judgeKpis({ summary: summaryOf(good), outDir, policy }), { code: "CONFIG_INVALID" });
});

test("fallback, canary and inconclusive rates are judged where a limit is given, and only there", async () => {
  const gatesWith = async (limits: Parameters<typeof judgeKpis>[0]["limits"]) =>
    (await judgeKpis({ summary: summaryOf(good), outDir, ...(limits === undefined ? {} : { limits }) })).gates;
  assert.equal((await gatesWith({})).length, 4);
  const gates = await gatesWith({ max_canary_failure_rate: 0, max_inconclusive_rate: 0, max_fallback_rate: 1 });
  assert.deepEqual(
    gates.slice(4).map((gate) => [gate.kpi, gate.passed]),
    [
      // Simulated layers have no kernels: what is not known fails the limit that asks for it.
      ["fallback_rate", false],
      ["canary_failure_rate", true],
      ["inconclusive_rate", true],
    ],
  );
});

test("a limit of zero is a limit", async () => {
  const { passed } = await judgeKpis({ summary: summaryOf(flaky), outDir, limits: { max_missing_telemetry_rate: 0 } });
  assert.equal(passed, false);
});

test("a reading that the canary had and a trial lacks is missing telemetry; one that nobody had is not", async () => {
  let spared = false;
  const some = await kpisWith((trial) => {
    if (!isTrial(trial) || spared) return trial;
    spared = true;
    return withHost(trial, { steal_s: null });
  });
  assert.equal(some.missing_telemetry_rate.numerator, 1);
  const none = await kpisWith((trial) => withHost(trial, { steal_s: null }));
  assert.equal(none.missing_telemetry_rate.numerator, 0);
});

test("trials that were planned and not run lack their telemetry", async () => {
  const kpis = await kpisWith((trial) => (isTrial(trial) && trial.block >= 6 ? undefined : trial));
  assert.deepEqual([kpis.missing_telemetry_rate.numerator, kpis.missing_telemetry_rate.denominator], [4, 16]);
  assert.equal(kpis.polluted_run_rate.denominator, 12);
});

test("steal, pressure and a starved loop each make a trial polluted", async () => {
  for (const host of [{ steal_s: 1e6 }, { cpu_pressure_s: 1e6 }, { loop_cpu_s: 0 }]) {
    const kpis = await kpisWith((trial) => (isTrial(trial) && trial.block === 0 ? withHost(trial, host) : trial));
    assert.equal(kpis.polluted_run_rate.numerator, 2, JSON.stringify(host));
  }
});

test("one differing output digest lowers determinism by one trial", async () => {
  let changed = false;
  const kpis = await kpisWith((trial) => {
    if (!isTrial(trial) || trial.measured === null || changed) return trial;
    changed = true;
    return {
      ...trial,
      measured: { ...trial.measured, subset: { ...trial.measured.subset, outputs_sha256: "0".repeat(64) } },
    };
  });
  assert.deepEqual([kpis.determinism_rate.numerator, kpis.determinism_rate.denominator], [15, 16]);
});

test("no finished trial is no pass: what cannot be computed fails its limit", async () => {
  const kpis = await kpisWith((trial) => (isTrial(trial) ? undefined : trial));
  assert.equal(kpis.determinism_rate.value, null);
  assert.equal(kpis.missing_telemetry_rate.value, 1);
  assert.equal(kpis.polluted_run_rate.reason, "no trial was finished");
  assert.equal(kpis.frontier_success_rate.value, 0);
});

const text = () => readFileSync(summaryOf(good), "utf8");
for (const [what, content, code, exitCode, message] of [
  ["empty", () => "", "STORE_EMPTY", 3, /it is empty/],
  ["an empty object", () => "{}", "STORE_EMPTY", 3, /it is empty/],
  ["without rows", () => JSON.stringify({ ...JSON.parse(text()), rows: [] }), "STORE_EMPTY", 3, /0 rows/],
  ["holding NaN", () => text().replace(/"value": [\d.]+/, '"value": NaN'), "STORE_EMPTY", 3, /NaN/],
  ["cut off", () => text().slice(0, 2000), "STORE_CORRUPT", 6, /Cannot read/],
  [
    "edited",
    () => text().replace('"verdict": "pass"', '"verdict": "fail"'),
    "STORE_CORRUPT",
    6,
    /not what its journal gives: rows\.0/,
  ],
  ["of another kind", () => '{"schema_version":"quantgate.plan.v1"}', "STORE_CORRUPT", 6, /./],
  ["null", () => "null", "STORE_CORRUPT", 6, /./],
] as const) {
  test(`a summary that is ${what} fails with a reason and exit code ${exitCode}`, async () => {
    const copy = join(folder, "copies", what.replaceAll(" ", "-"));
    cpSync(good, copy, { recursive: true });
    writeFileSync(summaryOf(copy), content());
    await assert.rejects(judgeKpis({ summary: summaryOf(copy), outDir }), { code, exitCode, message });
  });
}

test("a summary away from its run is judged by the run of its id, and without one it is missing", async () => {
  const alone = join(folder, "alone.json");
  writeFileSync(alone, text());
  assert.equal((await judgeKpis({ summary: alone, outDir })).passed, true);
  await assert.rejects(judgeKpis({ summary: alone, outDir: join(folder, "elsewhere") }), { code: "STORE_MISSING" });
});

test("check sees KPIs that were edited", async () => {
  const copy = join(folder, "edited-kpis");
  cpSync(good, copy, { recursive: true });
  const path = join(copy, "kpis.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"numerator": 16', '"numerator": 15'));
  const bad = (await checkArtifacts([copy])).filter((result) => !result.ok && result.path === path);
  assert.ok(bad.some((result) => /not what the journal gives/.test(result.message)));
});

test("the fallbacks of quantizations by a ladder are a rate where their reports are given, and only there", async () => {
  const config = join(packageRoot(), "configs/digits.json");
  const model = join(packageRoot(), "configs/digits/digits-cnn.onnx");
  const made = async (minimum: number, name: string) =>
    quantizeByProfile({
      model,
      config,
      profile: "edge",
      disabled: ["gptq"],
      flags: { minimum_quality: { "2": minimum } },
      outDir: join(folder, name),
    });
  const [fell, kept] = [await made(0.99, "fell"), await made(0.01, "kept")];
  assert.deepEqual([fell.bits, kept.bits], [4, 2]);
  const quantizeReports = [fell.reportPath, kept.reportPath];
  const limits = { max_ladder_fallback_rate: 0.4 };
  const { kpis, gates } = await judgeKpis({ summary: summaryOf(good), outDir, quantizeReports, limits });
  const { numerator, denominator, estimate } = kpis.kpis.ladder_fallback_rate ?? {};
  assert.deepEqual([numerator, denominator, estimate?.n], [1, 2, 2]);
  assert.deepEqual(gates.at(-1), {
    kpi: "ladder_fallback_rate",
    policy: "at most",
    limit: 0.4,
    value: 0.5,
    passed: false,
    reason: "1 of 2",
  });
  const without = await judgeKpis({ summary: summaryOf(good), outDir, limits });
  assert.equal(without.kpis.kpis.ladder_fallback_rate, undefined);
  assert.match(without.gates.at(-1)?.reason ?? "", /no quantize report/);
  const empty = join(folder, "empty.json");
  writeFileSync(empty, "{}");
  await assert.rejects(judgeKpis({ summary: summaryOf(good), outDir, quantizeReports: [empty] }), {
    code: "STORE_SCHEMA",
  });
});
