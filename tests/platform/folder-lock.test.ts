import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { lockFolder } from "../../harness/platform/folder-lock.ts";
import { ownerIsGone, thisOwner } from "../../harness/platform/lock-owner.ts";

const root = mkdtempSync(join(tmpdir(), "quantgate-lock-"));
after(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);

function plant(folder: string, file: string, text: string, ageMs = 0): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
  const seconds = (Date.now() - ageMs) / 1000;
  utimesSync(join(folder, file), seconds, seconds);
}

test("holders follow one another, each with a higher generation", async () => {
  const order: number[] = [];
  let inside = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const lock = await lockFolder(at("queue"));
      inside++;
      assert.equal(inside, 1, "two holders at once");
      order.push(lock.generation);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      await lock.release();
    }),
  );
  assert.deepEqual(
    order,
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
});

test("a waiter gives up after its time and names the holder", async () => {
  const lock = await lockFolder(at("busy"));
  await assert.rejects(lockFolder(at("busy"), { timeoutMs: 30 }), {
    code: "STORE_WRITE",
    message: new RegExp(`locked by process ${process.pid}`),
  });
  await lock.release();
  await (await lockFolder(at("busy"), { timeoutMs: 30 })).release();
});

test("the lock of a process that is gone is passed over", async () => {
  const { machine } = thisOwner();
  plant(at("dead"), "7.held", `999999999\n1\n${machine}\n`);
  const lock = await lockFolder(at("dead"), { timeoutMs: 1000 });
  assert.equal(lock.generation, 8);
  assert.deepEqual(readdirSync(at("dead")), ["8.held"]);
  await lock.release();
});

test("a process number that was given again is told apart by its start time", {
  skip: process.platform !== "linux",
}, () => {
  const self = thisOwner();
  assert.equal(ownerIsGone(self, 0), false);
  assert.equal(ownerIsGone({ ...self, startTime: "1" }, 0), true);
});

test("a holder on another machine is believed for ten minutes", () => {
  const other = { pid: 1, startTime: "1", machine: "elsewhere" };
  assert.equal(ownerIsGone(other, 599_000), false);
  assert.equal(ownerIsGone(other, 601_000), true);
});

test("a lock file without content blocks while it may still be written, and not after", async () => {
  plant(at("empty"), "3.held", "");
  await assert.rejects(lockFolder(at("empty"), { timeoutMs: 30 }), { code: "STORE_WRITE" });
  plant(at("empty"), "3.held", "", 10_000);
  const lock = await lockFolder(at("empty"), { timeoutMs: 1000 });
  assert.equal(lock.generation, 4);
});

test("one who creates a generation that was used and freed meanwhile steps back", async () => {
  plant(at("late"), "5.free", "");
  // What a late creator of generation 5 leaves when it is killed before it steps back.
  plant(at("late"), "5.held", `999999999\n1\n${thisOwner().machine}\n`);
  const lock = await lockFolder(at("late"), { timeoutMs: 1000 });
  assert.equal(lock.generation, 6);
});

test("a folder that cannot be written is STORE_WRITE", async () => {
  writeFileSync(at("file"), "");
  await assert.rejects(lockFolder(at("file/locks")), { code: "STORE_WRITE" });
});
