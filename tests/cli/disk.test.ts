import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { listing, onlyRun, plannedIds, trialIds } from "../fixtures/run-files.ts";
import { simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

const mounts = { skip: canMount() ? false : "SKIPPED: mounting a small disk needs root and CAP_SYS_ADMIN on Linux" };

function mount(...args: string[]): boolean {
  return spawnSync("mount", args, { stdio: "ignore" }).status === 0;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "quantgate-mount-"));
  try {
    if (!mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)) return false;
    return spawnSync("umount", [folder]).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A scratch folder in which `folder` will be a mount; unmounted before it is removed. */
function scratchMount(t: TestContext, folder: string): { cwd: string; mounted: string } {
  const cwd = mkdtempSync(join(tmpdir(), "quantgate-test-"));
  const mounted = join(cwd, folder);
  mkdirSync(mounted);
  t.after(() => {
    spawnSync("umount", ["-l", mounted]);
    rmSync(cwd, { recursive: true, force: true });
  });
  return { cwd, mounted };
}

function mountTmpfs(folder: string, size: string): void {
  assert.ok(mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder));
}

function makeReadOnly(folder: string): void {
  assert.ok(mount("--bind", folder, folder));
  assert.ok(mount("-o", "remount,bind,ro", folder));
}

test(
  "a disk that fills up is exit code 5; what was finished stays, nothing is half-written, and a resume goes on",
  mounts,
  async (t) => {
    const { cwd, mounted: disk } = scratchMount(t, "disk");
    mountTmpfs(disk, "160k");
    writeConfig(cwd, simulatedBody());
    const full = await runCli(["sweep", "config.json", "--out-dir", disk], { cwd });
    assertRefused(full, { exitCode: 5, code: "STORE_WRITE", says: /the disk is full/, hint: /--resume/ });
    assert.match(full.stderr, /Nothing is lost: quantgate sweep --resume disk\/\S+\n/);
    const run = onlyRun(disk);
    assert.deepEqual(
      listing(disk).filter((path) => path.endsWith(".tmp")),
      [],
    );
    const kept = readFileSync(join(run, "journal.ndjson"));
    const done = trialIds(run);
    assert.equal(kept.at(-1), 10, "the journal ends with a whole line");
    assert.ok(done.length > 0 && done.length < plannedIds(run).length, `${done.length} trials were kept`);

    assert.ok(mount("-o", "remount,size=8m", disk));
    const { code, stderr } = await runCli(["sweep", "--resume", run, "--json"], { cwd });
    assert.equal(code, 0, stderr);
    assert.deepEqual(readFileSync(join(run, "journal.ndjson")).subarray(0, kept.length), kept);
    assert.deepEqual(trialIds(run), plannedIds(run));
    assert.equal((await runCli(["check", run], { cwd })).code, 0);
  },
);

test(
  "a disk too small for the plan is exit code 5, and no run is left that could be taken for one",
  mounts,
  async (t) => {
    const { cwd, mounted: disk } = scratchMount(t, "disk");
    mountTmpfs(disk, "4k");
    writeConfig(cwd, simulatedBody());
    const full = await runCli(["sweep", "config.json", "--out-dir", disk], { cwd });
    assertRefused(full, { exitCode: 5, code: "STORE_WRITE", says: /the disk is full/ });
    assert.deepEqual(
      listing(disk).filter((path) => path.includes(".")),
      listing(disk).filter((path) => !path.includes("/")),
    );
  },
);

test("a read-only results folder is exit code 5 and says so; nothing is written elsewhere", mounts, async (t) => {
  const { cwd, mounted: results } = scratchMount(t, "results");
  makeReadOnly(results);
  writeConfig(cwd, simulatedBody());
  const before = listing(cwd);
  const refused = await runCli(["sweep", "config.json"], { cwd });
  assertRefused(refused, { exitCode: 5, code: "STORE_WRITE", says: /the file system is read-only/, hint: /--out-dir/ });
  assert.deepEqual(listing(cwd), before);
});

test("a stored run on a read-only disk can be decided again and checked", mounts, async (t) => {
  const { cwd, mounted: results } = scratchMount(t, "results");
  writeConfig(cwd, simulatedBody());
  const swept = await runCli(["sweep", "config.json", "--json"], { cwd });
  assert.equal(swept.code, 0, swept.stderr);
  makeReadOnly(results);
  assert.equal((await runCli(["gate", "--run", "latest"], { cwd })).code, 0);
  assert.equal((await runCli(["check", "results/latest"], { cwd })).code, 0);
});
