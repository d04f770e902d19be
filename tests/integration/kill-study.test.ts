import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";

// A sample of the study; the whole one (25 and 5) is `node scripts/kill-study.mjs`.
test("sweeps killed while they prepare, measure and write artifacts, once and again, lose nothing on resume", () => {
  const script = join(packageRoot(), "scripts/kill-study.mjs");
  const args = [script, "--simulated", "3", "--real", "1", "--seed", "3"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /\n4 runs, \d+ kills, 0 violations\n$/);
  assert.ok(Number(/, (\d+) kills/.exec(stdout)?.[1]) >= 4, stdout);
});
