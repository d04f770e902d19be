import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCli } from "../fixtures/cli.ts";
import { listing } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, digitsItems, simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

interface PlanDoc {
  readonly variants: { variant_id: string; role: string }[];
  readonly trials: { trial_id: string }[];
  readonly trial_counts: { canary: number; per_cell: number; total: number };
  readonly experimental_controls: { seed: number };
  readonly execution_lane: string;
  readonly vram_profile: string;
  readonly canary: { runs: number; latency_cv_threshold: number };
  readonly gates: { id: string; tier: string }[];
  readonly origins: Record<string, string>;
  readonly notices: string[];
  readonly plan_digest: string;
  readonly models: { id: string }[];
}

async function plan(cwd: string, ...args: string[]): Promise<PlanDoc> {
  const { code, stdout, stderr } = await runCli(["plan", ...args, "--json"], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as PlanDoc;
}

test("sweep --dry-run prints the plan and touches nothing on disk, the cache included", async (t) => {
  const cwd = await scratchFolder(t);
  const recipes = ["fp32", "u8s8"];
  writeConfig(
    cwd,
    digitsBody({ quants: recipes, calibration: { dataset: digitsItems("calibration", 50), count: 50 } }),
  );
  const before = listing(cwd);
  const dry = await runCli(["sweep", "config.json", "--dry-run"], { cwd });
  assert.deepEqual([dry.code, dry.stderr], [0, ""]);
  for (const part of [
    "commit_sha",
    "plan digest",
    "experimental controls",
    "canary",
    "sidecar",
    "row policy",
    "gates",
  ]) {
    assert.ok(dry.stdout.includes(part), `${part} is printed`);
  }
  assert.match(dry.stdout, /total +2 +2 +4 +8\n/);
  assert.match(dry.stdout, /onnx\/digits__u8s8\.onnx/);
  assert.match(dry.stdout, /estimate\n {2}time .*\n {2}disk /);
  assert.deepEqual(listing(cwd), before);
  assert.equal((await runCli(["plan", "config.json"], { cwd })).stdout, dry.stdout);
});

test("flags beat the config, and the plan records where each value comes from", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const plain = await plan(cwd, "config.json");
  const flags = ["--runs", "3", "--seed", "99", "--execution-lane", "ci", "--vram-profile", "stress"];
  const canary = ["--canary-runs", "4", "--canary-latency-variance-threshold", "0.5"];
  const given = await plan(cwd, "--matrix-config", "config.json", ...flags, ...canary);
  assert.deepEqual(plain.trial_counts, { canary: 3, per_cell: 8, total: 27 });
  assert.deepEqual(given.trial_counts, { canary: 4, per_cell: 3, total: 13 });
  assert.equal(given.experimental_controls.seed, 99);
  assert.deepEqual([given.execution_lane, given.vram_profile], ["ci", "stress"]);
  assert.equal(given.canary.latency_cv_threshold, 0.5);
  const tier = (doc: PlanDoc) => doc.gates.find((gate) => gate.id === "latency_ratio")?.tier;
  assert.deepEqual([tier(plain), tier(given)], ["primary", "advisory"]);
  assert.deepEqual(
    [plain.origins["seed"], given.origins["seed"], given.origins["alpha"]],
    ["config", "flag", "default"],
  );
  assert.notEqual(plain.plan_digest, given.plan_digest);
});

test("another seed gives another order of the same trials", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const ids = async (seed: string) => (await plan(cwd, "config.json", "--seed", seed)).trials.map((x) => x.trial_id);
  const [one, same, other] = [await ids("1"), await ids("1"), await ids("2")];
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
  assert.deepEqual(one.toSorted(), other.toSorted());
});

test("--only narrows to a variant and keeps its baseline", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const ids = async (only: string) =>
    (await plan(cwd, "config.json", "--only", only)).variants.map((v) => v.variant_id);
  assert.deepEqual(await ids("sim/good8"), ["sim/fp32", "sim/good8"]);
  assert.deepEqual(await ids("lossy4"), ["sim/fp32", "sim/lossy4"]);
  assert.deepEqual(await ids("sim/*"), ["sim/fp32", "sim/good8", "sim/lossy4"]);
  const none = await runCli(["plan", "config.json", "--only", "good16"], { cwd });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /matches no variant.*\nhint: .*sim\/good8/);
});

test("models and quants of a config beat --model-id and --quant-tags, and a line says so", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const args = ["config.json", "--model-id", "placeholder", "--quant-tags", "q4,q8"];
  const given = await plan(cwd, ...args);
  assert.deepEqual(
    given.models.map((model) => model.id),
    ["sim"],
  );
  assert.equal(given.plan_digest, (await plan(cwd, "config.json")).plan_digest);
  const swept = await runCli(["sweep", ...args], { cwd });
  assert.equal(swept.code, 0);
  assert.match(swept.stderr, /note: --model-id is ignored: the config declares models\n/);
  assert.match(swept.stderr, /note: --quant-tags is ignored: the config declares quants\n/);
});

test("--model-id and --quant-tags serve a config that declares none", async (t) => {
  const cwd = await scratchFolder(t);
  const { models, quants, ...rest } = digitsBody();
  writeConfig(cwd, rest);
  assert.ok(Array.isArray(models) && Array.isArray(quants));
  const path = (models as { path: string }[])[0]?.path as string;
  const given = await plan(cwd, "config.json", "--model-id", path, "--quant-tags", "fp32, w8a16");
  assert.deepEqual(
    given.variants.map((v) => v.variant_id),
    ["digits-cnn/fp32", "digits-cnn/w8a16"],
  );
  assert.deepEqual(given.notices, []);
  const without = await runCli(["plan", "config.json", "--quant-tags", "fp32"], { cwd });
  assert.equal(without.code, 2);
  assert.match(without.stderr, /declares no models.*\nhint: .*--model-id/);
});

test("--out-dir and --summary-out decide where files go, and latest points to the newest run", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const args = ["sweep", "config.json", "--out-dir", "out/runs", "--summary-out", "out/summary.json", "--json"];
  const first = await runCli(args, { cwd });
  const second = await runCli(args, { cwd });
  assert.deepEqual([first.code, second.code], [0, 0]);
  assert.deepEqual(
    listing(cwd).filter((path) => path.startsWith("results")),
    [],
  );
  const latest = readFileSync(join(cwd, "out/runs/latest/summary.json"), "utf8");
  assert.equal(latest, second.stdout);
  assert.equal(readFileSync(join(cwd, "out/summary.json"), "utf8"), latest);
  assert.notEqual(first.stdout, second.stdout);
});
