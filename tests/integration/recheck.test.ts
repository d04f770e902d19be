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
