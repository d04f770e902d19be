import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { rng } from "../../harness/stats/rng.ts";
import { checkHealth } from "../../harness/store/baseline-health.ts";
import { BaselineLayout } from "../../harness/store/baseline-layout.ts";
import { readLog } from "../../harness/store/baseline-log.ts";
import { BaselineStore } from "../../harness/store/baseline-store.ts";

const WORKER = fileURLToPath(new URL("../fixtures/store-worker.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "quantgate-writers-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A worker and what it was told was done, so far. */
function work(folder: string, name: string, operations: number) {
  const child = spawn(process.execPath, [WORKER, folder, name, String(operations)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const done = new Promise<{ code: number | null; acknowledged: string[]; stderr: string }>((resolve) => {
    child.on("close", (code) => {
      // A line that the kill cut in two was not said.
      resolve({ code, acknowledged: out.split("\n").slice(0, -1), stderr: err });
    });
  });
  return { child, done, hasSpoken: () => out.length > 0 };
}

/** Every acknowledged operation is in the log, and the folder is what the log adds up to. */
async function assertLossless(folder: string, acknowledged: readonly string[]): Promise<void> {
  const layout = new BaselineLayout(folder);
  const lines = (await readLog(layout.log))?.lines ?? [];
  const recorded = new Set<string>();
  const pinned = new Set<string>();
  const expected = new Set<string>();
  for (const line of lines) {
    if (line.op === "record") {
      recorded.add(line.entry.ref);
      expected.add(line.entry.ref);
    } else if (line.op === "pin") {
      pinned.add(line.key.ref);
    } else if (line.op === "prune") {
      for (const { ref } of line.keys) {
        assert.ok(!pinned.has(ref), `${ref} was pinned and pruned`);
        assert.ok(expected.delete(ref), `${ref} was pruned twice`);
      }
    }
  }
  for (const line of acknowledged) {
    const [op, ref = ""] = line.split(" ");
    if (op === "record") assert.ok(recorded.has(ref), `${ref} was acknowledged and is not in the log`);
    if (op === "pin") assert.ok(pinned.has(ref), `the pin of ${ref} was acknowledged and is not in the log`);
  }
  const report = await checkHealth(layout, { actor: "test", deep: true });
  assert.deepEqual(report.problems, []);
  const { entries } = await new BaselineStore(folder, { actor: "test" }).list();
  assert.deepEqual(new Set(entries.map((entry) => entry.ref)), expected);
  for (const ref of pinned) assert.ok(entries.find((entry) => entry.ref === ref)?.pinned, `pinned ${ref} is gone`);
  assert.deepEqual(readdirSync(layout.staging), []);
}

test("eight processes that record, pin and prune at once lose nothing, and every pinned record survives", async () => {
  const folder = join(root, "crowd");
  const workers = Array.from({ length: 8 }, (_, i) => work(folder, `w${i}`, 10));
  const results = await Promise.all(workers.map((worker) => worker.done));
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  const acknowledged = results.flatMap((result) => result.acknowledged);
  assert.ok(acknowledged.some((line) => line.startsWith("pin")));
  assert.ok(acknowledged.some((line) => line.startsWith("prune")));
  await assertLossless(folder, acknowledged);
});

test("a store whose writers are killed at random moments is sound, and has all that was acknowledged", async () => {
  const folder = join(root, "killed");
  const random = rng("kill-moments");
  const acknowledged: string[] = [];
  for (let round = 0; round < 6; round++) {
    const workers = [0, 1].map((i) => work(folder, `k${round}-${i}`, 0));
    // Kill only once both are at work: before that there is nothing to interrupt.
    while (!workers.every((worker) => worker.hasSpoken())) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, random.below(120)));
    for (const { child } of workers) child.kill("SIGKILL");
    for (const { done } of workers) acknowledged.push(...(await done).acknowledged);
  }
  assert.ok(acknowledged.length >= 12);
  await assertLossless(folder, acknowledged);
});
