import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

test("three simulated models in four quants, with heat and failures, end with the right verdicts and a full set of valid artifacts", async (t) => {
  const outDir = await scratchFolder(t);
  const config = join(packageRoot(), "configs/simulated-language.json");
  const { summary, exitCode, runFolder } = await sweep({ config, outDir });
  assert.equal(exitCode, 0);
  assert.equal(summary.rows.length, 12);
  const verdicts = (tag: string) =>
    summary.rows.filter(({ quant_tag }) => quant_tag === tag).map(({ verdict }) => verdict);
  assert.deepEqual(verdicts("F16"), ["reference", "reference", "reference"]);
  // Made to lose a third of the tasks.
  assert.deepEqual(verdicts("Q2_K"), ["fail", "fail", "fail"]);
  assert.deepEqual(verdicts("Q8_0"), ["pass", "pass", "pass"]);
  assert.ok(!verdicts("Q4_K_M").includes("fail"));
  assert.match(summary.suite.ship ?? "", /Q4_K_M|Q8_0/);
  const codes = new Set(summary.findings.map(({ code }) => code));
  assert.ok(codes.has("SLOWER_OVER_TIME") && codes.has("REQUESTS_FAILED"), [...codes].join(", "));
  const lost = summary.rows.reduce((sum, { token_metrics }) => sum + (token_metrics?.requests.failed ?? 0), 0);
  const asked = summary.rows.reduce((sum, { token_metrics }) => sum + (token_metrics?.requests.total ?? 0), 0);
  assert.ok(lost > 0 && lost / asked < 0.05, `${lost} of ${asked} requests failed`);
  const files = readdirSync(runFolder);
  for (const name of [
    "plan.json",
    "journal.ndjson",
    "canary.json",
    "summary.json",
    "gate.json",
    "kpis.json",
    "frontier.json",
    "scatter.json",
    "provenance.json",
    "summary.md",
    "report.html",
  ]) {
    assert.ok(files.includes(name), name);
  }
  const checked = await checkArtifacts([runFolder]);
  assert.deepEqual(
    checked.filter(({ ok }) => !ok),
    [],
  );
});
