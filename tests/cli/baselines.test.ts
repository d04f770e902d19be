import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BaselineLayout } from "../../harness/store/baseline-layout.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const MAIN = fileURLToPath(new URL("../../harness/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quantgate-cli-baselines-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const outDir = join(folder, "results");
const root = join(folder, "store");
const quants = [simulatedQuant("fp32", { bytes: 4_000_000 }), simulatedQuant("int8", { latency_ms: 6 })];
let good = "";
let slow = "";

before(async () => {
  good = (await simulatedRun(folder, quants)).runId;
  slow = (await simulatedRun(folder, [quants[0] as never, simulatedQuant("int8", { latency_ms: 7.5 })])).runId;
});

function quantgate(...args: string[]) {
  const result = spawnSync(process.execPath, [MAIN, "baselines", ...args, "--storage-root", root], {
    encoding: "utf8",
    cwd: folder,
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

test("record, list, resolve, compare, pin, prune and health agree with one another", () => {
  const missing = quantgate("resolve", "--run", good, "--out-dir", outDir, "--json");
  assert.equal(missing.status, 6);
  assert.equal(JSON.parse(missing.stdout).status, "NO_BASELINE");

  const recorded = quantgate("record", "--run", good, "--out-dir", outDir);
  assert.equal(recorded.status, 0, recorded.stderr);
  assert.match(recorded.stdout, new RegExp(`^recorded ${good} of simulated\n$`));
  assert.match(quantgate("list").stdout, new RegExp(`simulated +${good} `));

  const resolved = quantgate("resolve", "--run", slow, "--out-dir", outDir, "--json");
  assert.equal(resolved.status, 0);
  assert.equal(JSON.parse(resolved.stdout).entry.ref, good);
  const compared = quantgate("compare", "--run", slow, "--out-dir", outDir);
  assert.equal(compared.status, 3);
  assert.match(compared.stdout, /latency_ratio \(primary\): fail: worse by 2\d\.\d % \[/);

  assert.equal(quantgate("pin-baseline", "--baseline-ref", good, "--reason", "golden").status, 0);
  const pruned = quantgate("prune", "--keep-last", "0", "--json");
  assert.deepEqual(JSON.parse(pruned.stdout).removed, []);
  assert.equal(quantgate("unpin-baseline", "--baseline-ref", good).status, 0);
  assert.match(quantgate("prune", "--keep-last", "0", "--dry-run").stdout, /would remove 1 record, keep 0/);
  assert.match(quantgate("health").stdout, /^sound: 1 record, 0 pinned/);
  assert.equal(JSON.parse(quantgate("show", "--baseline-ref", good).stdout).baseline_ref, good);
});

test("a corrupt record ends in exit code 6 and is named, and health says so once", () => {
  const path = new BaselineLayout(root).record({ test_id: "simulated", ref: good });
  writeFileSync(path, readFileSync(path, "utf8").replace('"threads": 1', '"threads": 9'));
  const report = quantgate("health");
  assert.equal(report.status, 6);
  assert.match(report.stdout, new RegExp(`NOT SOUND.*\nRECORD_CORRUPT: ${good} of simulated was set aside`));
  const again = quantgate("health");
  assert.equal(again.status, 0);
  assert.match(again.stdout, /in quarantine: /);
  const named = quantgate("resolve", "--run", slow, "--out-dir", outDir, "--baseline-ref", good);
  assert.equal(named.status, 6);
  assert.match(named.stderr, /in quarantine/);
});

test("a ref that does not exist, and a query without a test, are said so", () => {
  const unknown = quantgate("pin-baseline", "--baseline-ref", "nobody");
  assert.equal(unknown.status, 6);
  assert.match(unknown.stderr, /\[BASELINE_MISSING\]/);
  const vague = quantgate("resolve", "--test-id", "simulated");
  assert.equal(vague.status, 2);
  assert.match(vague.stderr, /--task-revision/);
});

test("gate against a recorded run fails for what regressed, and says both", () => {
  const store = join(folder, "gate-store");
  const main = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", cwd: folder });
  const where = ["--out-dir", outDir, "--storage-root", store];
  assert.equal(main("baselines", "record", "--run", good, ...where).status, 0);
  const alone = main("gate", "--run", slow, "--out-dir", outDir);
  assert.equal(alone.status, 0, "by itself the slower run still beats full precision");
  const against = main("gate", "--run", slow, "--baseline-ref", "latest", ...where);
  assert.equal(against.status, 3);
  assert.match(against.stdout, /latency_ratio \(primary\): fail/);
  const wrong = main("gate", "--run", slow, "--baseline-ref", "nobody", ...where);
  assert.equal(wrong.status, 6);
  assert.match(wrong.stderr, /NO_BASELINE/);
});

test("kpi and history work from the files of a sweep", () => {
  const main = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", cwd: folder });
  const summary = join(outDir, good, "summary.json");
  const report = main("kpi", "--summary", summary, "--out", "kpis.json");
  assert.equal(report.status, 0, report.stderr);
  assert.match(report.stdout, /KPI policy: pass\n$/);
  assert.equal(JSON.parse(readFileSync(join(folder, "kpis.json"), "utf8")).schema_version, "quantgate.kpis.v1");
  assert.equal(main("kpi", "--summary", summary, "--max-polluted-run-rate", "2").status, 2);
  writeFileSync(join(folder, "empty.json"), "");
  assert.equal(main("kpi", "--summary", "empty.json").status, 3);
  const history = main("history", "--history-dir", outDir);
  assert.equal(history.status, 0, history.stderr);
  assert.match(history.stdout, /^2 runs, 8 series\nno change, alarm or drift\n$/);
});
