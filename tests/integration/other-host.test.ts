import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { canonicalJson } from "../../harness/domain/canonical-json.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

interface Line {
  seq: number;
  plan: string;
  body: { host?: { hard: string; facts: Record<string, unknown> } };
}

test("a run begun on another machine is not gone on with here, and says what differs", async (t) => {
  const outDir = await scratchFolder(t);
  const config = join(packageRoot(), "configs/simulated.json");
  const swept = await runCli(["sweep", config, "--out-dir", outDir, "--json"], { cwd: outDir });
  assert.equal(swept.code, 0, swept.stderr);
  const run = join(outDir, (JSON.parse(swept.stdout) as { run_id: string }).run_id);
  const journal = join(run, "journal.ndjson");
  const lines = readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .slice(0, 20)
    .map((line) => JSON.parse(line) as Line);
  const host = lines[0]?.body.host;
  assert.ok(host);
  host.hard = "0".repeat(16);
  host.facts["cores"] = 4096;
  const sealed = lines.map(({ seq, plan, body }) =>
    canonicalJson({ seq, plan, body, sha256: sha256(canonicalJson({ seq, plan, body })) }),
  );
  const text = `${sealed.join("\n")}\n`;
  writeFileSync(journal, text);
  const resumed = await runCli(["sweep", "--resume", run], { cwd: outDir });
  assert.equal(resumed.code, 5);
  assert.match(resumed.stderr, /another machine or runtime: cores differ/);
  assert.equal(readFileSync(journal, "utf8"), text);
});
