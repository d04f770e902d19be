import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decide, writeDecision } from "../../harness/pipeline/decide.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { runCli } from "../fixtures/cli.ts";
import { journalBodies, listing, onlyRun } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

const DECIDED = ["summary.json", "gate.json", "summary.md"];

test("the same plan and journal give the same artifacts, byte for byte, wherever they lie", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, digitsBody({ runs_per_quant: 2 }));
  const { code, stderr } = await runCli(["sweep", "config.json"], { cwd });
  assert.ok(code === 0 || code === 3 || code === 4, stderr);
  const run = onlyRun(join(cwd, "results"));
  // Under the same name elsewhere, with nothing but what the decision may rest on.
  const copy = join(cwd, "elsewhere", run.split("/").at(-1) as string);
  mkdirSync(copy, { recursive: true });
  for (const name of ["plan.json", "journal.ndjson", "arrays"])
    cpSync(join(run, name), join(copy, name), { recursive: true });
  const folder = await RunFolder.open(copy, cwd);
  await writeDecision(folder);
  for (const name of DECIDED)
    assert.equal(readFileSync(join(copy, name), "utf8"), readFileSync(join(run, name), "utf8"));
  const [first, second] = [await decide(folder), await decide(folder)];
  assert.deepEqual(first, second);
});

test("a simulated sweep run twice differs in run id and creation time alone", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const once = async () => {
    const { code, stderr } = await runCli(["sweep", "config.json", "--json"], { cwd });
    assert.equal(code, 0, stderr);
    const run = onlyRun(join(cwd, "results"));
    const kept = join(cwd, `kept-${listing(cwd).filter((path) => path.startsWith("kept")).length}`);
    cpSync(run, kept, { recursive: true });
    rmSync(join(cwd, "results"), { recursive: true });
    return kept;
  };
  const [one, two] = [await once(), await once()];
  const normalized = (run: string, name: string) => {
    const { run_id: id, created_at: created } = journalBodies(run)[0] as unknown as Record<string, string>;
    const digest = (JSON.parse(readFileSync(join(run, "gate.json"), "utf8")) as { journal_sha256: string })
      .journal_sha256;
    return readFileSync(join(run, name), "utf8")
      .replaceAll(id as string, "RUN")
      .replaceAll(created as string, "CREATED")
      .replaceAll(digest, "JOURNAL");
  };
  for (const name of [...DECIDED, "canary.json"]) assert.equal(normalized(one, name), normalized(two, name), name);
  const bodies = (run: string) => readFileSync(join(run, "journal.ndjson"), "utf8").split("\n").slice(1).join("\n");
  assert.equal(bodies(one), bodies(two));
  assert.deepEqual(listing(join(one, "arrays")), listing(join(two, "arrays")));
  assert.notEqual(readFileSync(join(one, "journal.ndjson"), "utf8"), readFileSync(join(two, "journal.ndjson"), "utf8"));
});
