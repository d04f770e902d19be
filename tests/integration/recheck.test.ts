import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { need } from "../fixtures/require.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const CHECKER = join(packageRoot(), "scripts/recheck.py");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

function recheck(run: string): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("python3", [CHECKER, run], { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

describe("the independent checker, which shares no code with the harness", need("python", hasPython), () => {
  const scratch = mkdtempSync(join(tmpdir(), "quantgate-recheck-"));
  let run = "";
  before(() => {
    const args = ["sweep", join(packageRoot(), "configs/simulated.json"), "--out-dir", scratch, "--json"];
    const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache") };
    assert.equal(spawnSync(process.execPath, [MAIN, ...args], { env }).status, 0);
    run = realpathSync(join(scratch, "latest"));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("recomputes every gate of a run to the same verdict and p-values", () => {
    const { status, text } = recheck(run);
    assert.equal(status, 0, text);
    assert.match(text, /^30 gates of 5 rows recomputed, 0 not covered, 0 differences/);
  });

  it("recomputes runs that stop early from the items, blocks and calls that they used, for either claim", () => {
    const config = JSON.parse(readFileSync(join(packageRoot(), "configs/simulated.json"), "utf8"));
    const gates = [
      { id: "floor", metric: "quality.accuracy", policy: "floor", limit: 0.9, tier: "advisory" },
      { id: "share", metric: "quality.accuracy", policy: "non-inferiority", margin: 0.02, margin_kind: "relative" },
      { id: "p90", metric: "latency.call", policy: "quantile-limit", quantile: 0.9, limit: 0.0023 },
      { id: "faster", metric: "latency.call", policy: "any-regression", margin: 0.05 },
      { id: "seconds", metric: "latency.call", policy: "non-inferiority", margin: 0.001, margin_kind: "absolute" },
    ];
    for (const claim of ["super-population", "finite-set"]) {
      const path = join(scratch, `${claim}.json`);
      writeFileSync(path, JSON.stringify({ ...config, $schema: undefined, gates, stop: { mode: "anytime", claim } }));
      const outDir = join(scratch, claim);
      const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache") };
      spawnSync(process.execPath, [MAIN, "sweep", path, "--out-dir", outDir, "--json"], { env });
      const early = realpathSync(join(outDir, "latest"));
      const { status, text } = recheck(early);
      assert.equal(status, 0, text);
      assert.match(text, /^55 gates of 5 rows recomputed, 0 not covered, 0 differences/);
      const gate = join(early, "gate.json");
      writeFileSync(gate, readFileSync(gate, "utf8").replace('"verdict": "fail"', '"verdict": "pass"'));
      assert.match(recheck(early).text, /DIFFERS/);
    }
  });

  it("recomputes limits, quantiles, differences in seconds and equivalence as well", () => {
    const config = JSON.parse(readFileSync(join(packageRoot(), "configs/simulated.json"), "utf8"));
    const gates = [
      { id: "floor", metric: "quality.accuracy", policy: "floor", limit: 0.9, tier: "advisory" },
      { id: "same", metric: "quality.accuracy", policy: "equivalence", margin: 0.02 },
      { id: "same-time", metric: "latency.call", policy: "equivalence", margin: 0.5 },
      { id: "p90", metric: "latency.call", policy: "quantile-limit", quantile: 0.9, limit: 0.0023 },
      { id: "seconds", metric: "latency.call", policy: "non-inferiority", margin: 0.001, margin_kind: "absolute" },
      { id: "ceiling", metric: "latency.call", policy: "ceiling", limit: 0.0015 },
      { id: "rate", metric: "throughput.items", policy: "floor", limit: 400 },
    ];
    const path = join(scratch, "more-gates.json");
    writeFileSync(path, JSON.stringify({ ...config, $schema: undefined, gates }));
    const outDir = join(scratch, "more-gates");
    const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache") };
    spawnSync(process.execPath, [MAIN, "sweep", path, "--out-dir", outDir, "--json"], { env });
    const { status, text } = recheck(realpathSync(join(outDir, "latest")));
    assert.equal(status, 0, text);
    assert.match(text, /^65 gates of 5 rows recomputed, 0 not covered, 0 differences/);
  });

  it("recomputes ratios of what was timed in turns, slice by slice", () => {
    const config = {
      schema_version: "quantgate.config.v1",
      name: "in-turns",
      models: [{ id: "digits-cnn", path: join(packageRoot(), "configs/digits/digits-cnn.onnx") }],
      quants: ["fp32", "u8s8"],
      dataset: { kind: "items", manifest: join(packageRoot(), "configs/digits/manifest.json"), split: "test" },
      calibration: {
        dataset: { kind: "items", manifest: join(packageRoot(), "configs/digits/manifest.json"), split: "calibration" },
        count: 50,
      },
      runs_per_quant: 6,
      latency: { min_samples: 5, max_samples: 1000, time_budget_ms: 20, slice_ms: 4 },
      canary: { runs: 2, items: 20, latency_cv_threshold: 10 },
      telemetry: { probe: "none" },
    };
    const path = join(scratch, "in-turns.json");
    writeFileSync(path, JSON.stringify(config));
    const outDir = join(scratch, "in-turns");
    const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache") };
    spawnSync(process.execPath, [MAIN, "sweep", path, "--out-dir", outDir, "--json"], { env });
    const sliced = realpathSync(join(outDir, "latest"));
    const trials = readFileSync(join(sliced, "journal.ndjson"), "utf8").match(
      /"latency_slices":\[\d+,\d+,\d+,\d+,\d+\]/g,
    );
    assert.equal(trials?.length, 12);
    const { status, text } = recheck(sliced);
    assert.equal(status, 0, text);
    assert.match(text, /^\d+ gates of 2 rows recomputed, 0 not covered, 0 differences/);
    // Not the ratio of the blocks' medians: that would be seen.
    const gate = JSON.parse(readFileSync(join(sliced, "gate.json"), "utf8"));
    assert.ok(gate.results.length > 0);
  });

  it("is one file of under 300 lines of code, small enough to be read", () => {
    const source = readFileSync(CHECKER, "utf8").replaceAll(/"""[\s\S]*?"""/g, "");
    const code = source.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
    assert.ok(code.length < 300, `${code.length} lines of code`);
    assert.ok(code.every((line) => line.length <= 140));
    assert.doesNotMatch(source, /recheck_|sys\.path/);
  });

  it("sees a verdict that was changed by hand", () => {
    const path = join(run, "gate.json");
    const original = readFileSync(path, "utf8");
    writeFileSync(path, original.replace('"verdict": "fail"', '"verdict": "pass"'));
    const { status, text } = recheck(run);
    writeFileSync(path, original);
    assert.equal(status, 1, text);
    assert.match(text, /DIFFERS/);
  });

  it("sees a measurement that was changed by hand", () => {
    const path = join(run, "journal.ndjson");
    const original = readFileSync(path, "utf8");
    writeFileSync(path, original.replace(/"load_s":0\.\d+/, '"load_s":0.5'));
    const { status, text } = recheck(run);
    writeFileSync(path, original);
    assert.equal(status, 1, text);
    assert.match(text, /line \d+ checksum/);
  });
});
