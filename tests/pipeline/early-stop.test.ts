import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { decide } from "../../harness/pipeline/decide.ts";
import { planSweep, resumeSweep, sweep } from "../../harness/pipeline/sweep.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const simulated = (id: string, more: object = {}) => ({
  id,
  kind: "simulated",
  accuracy: 0.97,
  latency_ms: 2,
  latency_cv: 0.03,
  bytes: 1000,
  ...more,
});

const QUANTS = [
  simulated("fp32"),
  simulated("good", { discordance: 0.01, latency_ms: 1 }),
  simulated("broken", { accuracy: 0.6, discordance: 0.4, latency_ms: 1 }),
];

async function setUp(t: TestContext, more: object = {}) {
  const folder = await scratchFolder(t);
  const config = join(folder, "config.json");
  const document = {
    schema_version: "quantgate.config.v1",
    name: "early",
    models: [{ id: "sim" }],
    runtime: { kind: "simulated" },
    dataset: { kind: "simulated", items: 4000, classes: 4 },
    quants: QUANTS,
    runs_per_quant: 8,
    seed: 5,
    stop: { mode: "anytime" },
    ...more,
  };
  await writeFile(config, JSON.stringify(document));
  return { config, cwd: folder, outDir: "out", env: { QUANTGATE_CACHE_DIR: join(folder, "cache") } };
}

const textOf = (folder: string, name: string) => readFile(join(folder, name), "utf8");

describe("a run that may stop early", () => {
  it("stops a clean and a broken variant before the items end, and both verdicts stand", async (t) => {
    const options = await setUp(t);
    const { summary, exitCode, runFolder } = await sweep(options);
    const row = (tag: string) => summary.rows.find((r) => r.quant_tag === tag);
    assert.equal(exitCode, 0);
    assert.equal(row("good")?.verdict, "pass");
    assert.equal(row("broken")?.verdict, "fail");
    assert.ok((row("good")?.items_used?.share as number) < 0.6);
    assert.ok((row("broken")?.items_used?.evaluated as number) <= 200);
    assert.ok((row("broken")?.items_used?.settled_at as number) <= (row("broken")?.items_used?.evaluated as number));
    for (const { trials } of summary.rows) {
      assert.equal(trials.missing, 0);
      assert.equal(trials.planned, trials.completed + trials.failed + (trials.skipped as number));
    }
    assert.deepEqual(summary.stop, { mode: "anytime", claim: "super-population" });
    const problems = (await checkArtifacts([runFolder])).filter(({ ok }) => !ok);
    assert.deepEqual(problems, []);
    assert.match(await textOf(runFolder, "summary.md"), /Stopped as soon as the verdict was certain/);
  });

  it("killed anywhere and resumed, it writes the same bytes", async (t) => {
    const options = await setUp(t);
    const { runFolder } = await sweep(options);
    const whole = await textOf(runFolder, "journal.ndjson");
    const summary = await textOf(runFolder, "summary.json");
    const lines = whole.trimEnd().split("\n");
    for (const kept of [2, 5, 9, 12, 20, lines.length - 2]) {
      await writeFile(join(runFolder, "journal.ndjson"), `${lines.slice(0, kept).join("\n")}\n`);
      await resumeSweep(runFolder, options);
      assert.equal(await textOf(runFolder, "journal.ndjson"), whole, `killed after ${kept} lines`);
      assert.equal(await textOf(runFolder, "summary.json"), summary, `killed after ${kept} lines`);
    }
  });

  it("a finite set is labelled wherever it decides", async (t) => {
    const { runFolder, summary } = await sweep(await setUp(t, { stop: { mode: "anytime", claim: "finite-set" } }));
    const good = summary.rows.find((row) => row.quant_tag === "good");
    assert.match(good?.drop?.method ?? "", /finite set/);
    const text = await textOf(runFolder, "summary.md");
    assert.match(text, /weaker claim/);
    assert.match(text, /on these items/);
  });

  it("its rule is part of the plan's digest, and a fixed plan has none", async (t) => {
    const options = await setUp(t);
    const planOf = async (more: object): Promise<Plan> => (await planSweep(await setUp(t, more))).plan;
    const { plan } = await planSweep(options);
    assert.equal(plan.stop?.max_items, 4000);
    assert.equal(plan.stop?.chunk_ends.at(-1), 4000);
    const items = plan.trials.filter((trial) => trial.evaluates === "items" && trial.cell_id === "sim/fp32");
    assert.equal(
      items.reduce((sum, trial) => sum + (trial.items?.count as number), 0),
      4000,
    );
    const finite = await planOf({ stop: { mode: "anytime", claim: "finite-set" } });
    assert.notEqual(finite.plan_digest, plan.plan_digest);
    const fixed = await planOf({ stop: { mode: "fixed" } });
    assert.equal(fixed.stop, undefined);
    assert.ok(fixed.trials.every((trial) => trial.items === undefined && trial.evaluates !== "items"));
  });

  it("a fixed run says nothing of early stopping", async (t) => {
    const { summary } = await sweep(await setUp(t, { stop: { mode: "fixed" } }));
    assert.equal(summary.stop, undefined);
    const row = summary.rows.find((r) => r.quant_tag === "good");
    assert.equal(row?.items_used, undefined);
    assert.equal(row?.trials.skipped, undefined);
    assert.equal(row?.gates[0]?.e_pass, undefined);
    assert.match(row?.drop?.method ?? "", /^tango/);
  });

  it("a journal that goes on after its rule was satisfied is refused", async (t) => {
    const options = await setUp(t);
    const { runFolder } = await sweep(options);
    const plan = JSON.parse(await textOf(runFolder, "plan.json")) as Plan;
    const { replayStop } = await import("../../harness/pipeline/stop-rule.ts");
    const { readRun } = await import("../../harness/pipeline/read-run.ts");
    const { record } = await readRun(await RunFolder.open(runFolder, "out"));
    const skipped = plan.trials.find((trial) => record.early?.skipped.has(trial.trial_id));
    const sample = record.trials.find((line) => line.cell_id === skipped?.cell_id && line.block >= 0);
    assert.ok(skipped !== undefined && sample !== undefined);
    const forged = { ...sample, trial_id: skipped.trial_id, seq: skipped.seq, block: skipped.block };
    const facts = { plan, labels: record.labels, order: record.early?.order as Int32Array, failed: new Set<string>() };
    assert.equal(replayStop(facts, record.trials).stranger, undefined);
    assert.equal(replayStop(facts, [...record.trials, forged]).stranger, skipped.trial_id);
  });

  it("decides again by another policy without running anything", async (t) => {
    const options = await setUp(t);
    const { runFolder } = await sweep(options);
    const folder = await RunFolder.open(runFolder, "out");
    const gates = JSON.parse(await textOf(runFolder, "plan.json")).gates as Plan["gates"];
    const strict = gates.map((gate) => (gate.id === "accuracy_drop" ? { ...gate, margin: 0.0005 } : gate));
    const { summary } = await decide(folder, { gates: strict });
    assert.equal(summary.rows.find((row) => row.quant_tag === "good")?.verdict, "inconclusive");
  });

  it("items that a failed trial was to evaluate count as wrong", async (t) => {
    const quants = [simulated("fp32"), simulated("flaky", { discordance: 0.01, failure_rate: 0.5 })];
    const { summary } = await sweep(await setUp(t, { quants }));
    const flaky = summary.rows.find((row) => row.quant_tag === "flaky");
    assert.ok((flaky?.trials.failed as number) > 0);
    assert.equal(flaky?.verdict, "fail");
    assert.ok((flaky?.drop?.value as number) > 0.1);
  });
});
