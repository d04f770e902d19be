import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { simulatedQuant } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-provenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a run's provenance names the CI, digests and environment, and no secret", async () => {
  const secret = "hunter2-hunter2";
  const config = join(folder, "config.json");
  const document = {
    schema_version: "quantgate.config.v1",
    // Somebody pasted a secret where it does not belong.
    name: `nightly-${secret}`,
    models: [{ id: "sim" }],
    runtime: { kind: "simulated" },
    dataset: { kind: "simulated", items: 200, classes: 4 },
    quants: [simulatedQuant("fp32"), simulatedQuant("int8")],
    runs_per_quant: 6,
  };
  writeFileSync(config, JSON.stringify(document));
  const env = {
    QUANTGATE_CACHE_DIR: join(folder, "cache"),
    GITHUB_ACTIONS: "true",
    GITHUB_WORKFLOW: "nightly",
    GITHUB_RUN_ID: "7",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_SHA: "c".repeat(40),
    GITHUB_REF: "refs/heads/main",
    DEPLOY_PASSWORD: secret,
    OMP_NUM_THREADS: "2",
    QUANTGATE_API_TOKEN: "another-secret",
  };
  const { runFolder } = await sweep({ config, outDir: join(folder, "results"), env });
  const text = readFileSync(join(runFolder, "provenance.json"), "utf8");
  assert.ok(!text.includes(secret) && !text.includes("another-secret"));
  const { ci, environment, digests, origins, config: shown, provenance } = JSON.parse(text);
  assert.deepEqual([ci.workflow, ci.run_id, ci.run_attempt, ci.ref], ["nightly", "7", "2", "refs/heads/main"]);
  assert.deepEqual(environment, {
    OMP_NUM_THREADS: "2",
    QUANTGATE_API_TOKEN: "[redacted]",
    QUANTGATE_CACHE_DIR: env.QUANTGATE_CACHE_DIR,
  });
  assert.equal(shown.name, "nightly-[redacted]");
  assert.equal(origins.seed, "default");
  assert.ok(Object.keys(provenance.tool_versions).length > 0);
  const plan = JSON.parse(readFileSync(join(runFolder, "plan.json"), "utf8"));
  assert.deepEqual([digests.plan, digests.dataset], [plan.plan_digest, plan.dataset.digest]);
  const bad = (await checkArtifacts([runFolder])).filter((result) => !result.ok);
  assert.deepEqual(bad, []);
});
