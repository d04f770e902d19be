import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Frontier } from "../../harness/domain/generated/frontier-v1.ts";
import { buildFrontier } from "../../harness/explore/frontier.ts";
import { appendExplorer, explorerHistoryPath, readExplorer } from "../../harness/store/explorer-history.ts";
import { figuresBaseline, figuresRow, frontierSummary } from "../fixtures/frontier-builder.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

function artifact(runId: string, more: Partial<Frontier> = {}): Frontier {
  const rows = [figuresBaseline(8), figuresRow("Q8_0", 8.5, { lost: 0, speed: 2, gib: 2 })];
  const summary = { ...frontierSummary(rows, "Q8_0"), run_id: runId };
  const source = { path: "summary.json", sha256: "0".repeat(64) };
  return { ...buildFrontier(summary, { source, resamples: 10 }), ...more };
}

test("appending the same artifact twice stores it once", async (t) => {
  const root = await scratchFolder(t);
  assert.equal(await appendExplorer(root, artifact("a")), true);
  assert.equal(await appendExplorer(root, artifact("a")), false);
  assert.equal(await appendExplorer(root, artifact("b")), true);
  const { artifacts, unreadable } = await readExplorer(root, artifact("a"));
  assert.deepEqual([artifacts.map((one) => one.source.run_id), unreadable], [["a", "b"], []]);
});

test("only artifacts of the same hardware, lane and memory profile are comparable", async (t) => {
  const root = await scratchFolder(t);
  const others: Partial<Frontier>[] = [
    { hardware_fingerprint: "f".repeat(16) },
    { execution_lane: "ci" },
    { vram_profile: "stress" },
  ];
  for (const more of others) await appendExplorer(root, artifact("other", more));
  assert.deepEqual((await readExplorer(root, artifact("own"))).artifacts, []);
});

test("many writers at once lose nothing and repeat nothing", async (t) => {
  const root = await scratchFolder(t);
  const names = ["a", "b", "c", "a", "b", "c", "a", "b", "c"];
  const added = await Promise.all(names.map((name) => appendExplorer(root, artifact(name))));
  assert.equal(added.filter(Boolean).length, 3);
  const { artifacts } = await readExplorer(root, artifact("a"));
  assert.deepEqual(artifacts.map((one) => one.source.run_id).sort(), ["a", "b", "c"]);
});

test("a line that a crash tore is cut off by the next append; one that was changed is named and left out", async (t) => {
  const root = await scratchFolder(t);
  await appendExplorer(root, artifact("a"));
  const path = explorerHistoryPath(root, artifact("a"));
  appendFileSync(path, '{"schema_version":"explorer.fr');
  await appendExplorer(root, artifact("b"));
  assert.equal((await readExplorer(root, artifact("a"))).artifacts.length, 2);
  const [first = "", second = ""] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, `${first.replace('"sessions"', '"session"')}\n${second}\n`);
  const { artifacts, unreadable } = await readExplorer(root, artifact("a"));
  assert.deepEqual([artifacts.map((one) => one.source.run_id), unreadable], [["b"], [1]]);
});

test("what is no explorer artifact, or not what its schema asks for, is refused", async (t) => {
  const root = await scratchFolder(t);
  const code = (expected: string) => (error: unknown) => (error as { code: string }).code === expected;
  await assert.rejects(
    appendExplorer(root, { ...artifact("a"), schema_version: "quantgate.summary.v1" } as never),
    code("STORE_SCHEMA"),
  );
  await assert.rejects(appendExplorer(root, { ...artifact("a"), sessions: "none" } as never), code("STORE_SCHEMA"));
});
