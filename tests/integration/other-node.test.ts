import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { need } from "../fixtures/require.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const CONFIG = join(packageRoot(), "configs/simulated.json");
/** Another major version of Node than the one that runs the tests; .ci/run installs one. */
const otherNode = process.env["QUANTGATE_OTHER_NODE"] ?? "";

/** What depends on plan, journal and seed alone, of a simulated sweep; run ids and header times put aside. */
function sweepWith(node: string, outDir: string): Record<string, string> {
  const env = { ...process.env, QUANTGATE_CACHE_DIR: join(outDir, "cache") };
  // flaky4 fails, good8 ships: exit code 0.
  execFileSync(node, [MAIN, "sweep", CONFIG, "--out-dir", outDir, "--json"], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const run = basename(realpathSync(join(outDir, "latest")));
  const trials = readFileSync(join(outDir, run, "journal.ndjson"), "utf8")
    .split("\n")
    .filter((line) => line.includes('"kind":"trial"'))
    .join("\n");
  return { run, trials };
}

function decideWith(node: string, run: string): string {
  return execFileSync(node, [MAIN, "gate", "--run", run, "--json"], { encoding: "utf8" });
}

test(
  "another Node version measures the same simulated journal and decides it to the same bytes",
  need("other-node", existsSync(otherNode)),
  () => {
    const scratch = mkdtempSync(join(tmpdir(), "quantgate-nodes-"));
    try {
      const here = sweepWith(process.execPath, join(scratch, "here"));
      const there = sweepWith(otherNode, join(scratch, "there"));
      assert.equal(there["trials"], here["trials"]);
      const run = join(scratch, "here", here["run"] as string);
      const decided = decideWith(process.execPath, run);
      assert.equal(decideWith(otherNode, run), decided);
      assert.equal(decided, readFileSync(join(run, "gate.json"), "utf8"));
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
);
