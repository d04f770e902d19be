import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkHealth } from "../../harness/store/baseline-health.ts";
import { readLog } from "../../harness/store/baseline-log.ts";
import { matchBaseline } from "../../harness/store/baseline-match.ts";
import { BaselineStore } from "../../harness/store/baseline-store.ts";
import { transact } from "../../harness/store/baseline-transaction.ts";
import { baseline } from "../fixtures/baseline-builder.ts";

const root = mkdtempSync(join(tmpdir(), "quantgate-baselines-"));
after(() => rmSync(root, { recursive: true, force: true }));
let stores = 0;
const actor = "tester";

async function storeWith(...refs: string[]): Promise<BaselineStore> {
  const store = new BaselineStore(join(root, `store-${++stores}`), { actor });
  for (const ref of refs) await store.record(baseline({ baseline_ref: ref }), null);
  return store;
}

const refsOf = async (store: BaselineStore) => (await store.list()).entries.map((entry) => entry.ref);
const key = (ref: string) => ({ test_id: "digits", ref });

test("an empty folder holds no baselines and is sound", async () => {
  const store = await storeWith();
  assert.deepEqual(await store.list(), { entries: [], quarantined: [] });
  assert.equal((await checkHealth(store.layout, { actor })).sound, true);
});

test("a record comes back as it was, and the log names who, what and why", async () => {
  const store = await storeWith();
  const document = baseline();
  const { entry, isNew } = await store.record(document, "release 1");
  assert.equal(isNew, true);
  assert.deepEqual(await store.read(entry), document);
  const [line] = (await readLog(store.layout.log))?.lines ?? [];
  assert.equal(line?.op, "record");
  assert.equal(line?.by, actor);
  assert.equal(line?.op === "record" && line.reason, "release 1");
});

test("the same record again is no change; another one of that name is refused", async () => {
  const store = await storeWith("r");
  assert.equal((await store.record(baseline({ baseline_ref: "r" }), null)).isNew, false);
  await assert.rejects(store.record(baseline({ baseline_ref: "r", simulated: true }), null), {
    code: "STORE_WRITE",
    message: /recorded already, with other content/,
  });
  assert.equal((await readLog(store.layout.log))?.lines.length, 1);
});

test("a ref that would leave the folder is refused", async () => {
  const store = await storeWith();
  await assert.rejects(store.record(baseline({ baseline_ref: "../x" }), null), { code: "STORE_SCHEMA" });
  assert.equal(existsSync(store.layout.log), false);
});

test("tests whose names differ only in what a path cannot hold do not share a record", async () => {
  const store = await storeWith();
  await store.record(baseline({ test_id: "a b" }), null);
  await store.record(baseline({ test_id: "a/b" }), null);
  assert.equal((await store.list()).entries.length, 2);
  assert.equal((await checkHealth(store.layout, { actor, deep: true })).sound, true);
});

test("prune keeps the newest unpinned of each test, and every pinned one", async () => {
  const store = await storeWith("a1", "a2", "a3", "a4");
  await store.record(baseline({ test_id: "other", baseline_ref: "b1" }), null);
  await store.setPinned(key("a1"), true, "golden");
  const dry = await store.prune({ keepLast: 2, dryRun: true });
  assert.deepEqual(
    dry.removed.map((entry) => entry.ref),
    ["a2"],
  );
  assert.deepEqual(await refsOf(store), ["a1", "a2", "a3", "a4", "b1"], "a dry run removes nothing");
  await store.prune({ keepLast: 2 });
  assert.deepEqual(await refsOf(store), ["a1", "a3", "a4", "b1"]);
  await store.setPinned(key("a1"), false, null);
  await store.prune({ keepLast: 0, testId: "digits" });
  assert.deepEqual(await refsOf(store), ["b1"]);
  assert.equal((await checkHealth(store.layout, { actor })).sound, true);
});

test("pinning what is not there is BASELINE_MISSING; pinning twice is one line", async () => {
  const store = await storeWith("a");
  await assert.rejects(store.setPinned(key("x"), true, null), { code: "BASELINE_MISSING" });
  assert.equal((await store.setPinned(key("a"), true, null)).isNew, true);
  assert.equal((await store.setPinned(key("a"), true, null)).isNew, false);
  assert.equal((await readLog(store.layout.log))?.lines.length, 2);
});

test("a record that was changed is set aside and named on reading; the others go on working", async () => {
  const store = await storeWith("a", "b");
  const path = store.layout.record(key("a"));
  writeFileSync(path, readFileSync(path, "utf8").replace('"forced": false', '"forced": true '));
  const [a, b] = (await store.list()).entries;
  await assert.rejects(store.read(a as NonNullable<typeof a>), {
    code: "STORE_CORRUPT",
    message: /baseline a of digits was set aside/,
  });
  assert.equal(existsSync(path), false);
  assert.equal(readdirSync(store.layout.quarantine).length, 1);
  assert.deepEqual(await refsOf(store), ["b"]);
  assert.equal((await store.read(b as NonNullable<typeof b>)).baseline_ref, "b");
  const report = await checkHealth(store.layout, { actor });
  assert.equal(report.sound, true);
  assert.equal(report.quarantined[0]?.ref, "a");
});

test("health finds a changed, a missing, an unknown and a foreign file, and names each", async () => {
  const store = await storeWith("changed", "missing", "whole");
  const { layout } = store;
  assert.equal((await checkHealth(layout, { actor })).read, 3);
  assert.equal((await checkHealth(layout, { actor })).read, 0, "what did not change is not read again");
  writeFileSync(layout.record(key("changed")), "{}");
  rmSync(layout.record(key("missing")));
  const stranger = await storeWith("stranger");
  writeFileSync(layout.record(key("stranger")), readFileSync(stranger.layout.record(key("stranger"))));
  writeFileSync(join(layout.record(key("x")), "..", "junk.json"), "junk");
  const report = await checkHealth(layout, { actor });
  assert.equal(report.sound, false);
  assert.deepEqual(report.problems.map((problem) => [problem.code, problem.subject]).sort(), [
    ["RECORD_CORRUPT", "changed"],
    ["RECORD_CORRUPT", "junk.json"],
    ["RECORD_MISSING", "missing"],
    ["RECORD_UNKNOWN", "stranger.json"],
  ]);
  const repaired = await checkHealth(layout, { actor, repair: true });
  assert.deepEqual(
    repaired.problems.map((problem) => [problem.code, problem.repaired]),
    [["RECORD_UNKNOWN", true]],
  );
  assert.deepEqual((await refsOf(store)).sort(), ["stranger", "whole"]);
  assert.equal((await checkHealth(layout, { actor, deep: true })).sound, true);
});

test("health sees one changed byte of equal length when asked to read everything", async () => {
  const store = await storeWith("a");
  await checkHealth(store.layout, { actor });
  const path = store.layout.record(key("a"));
  const { utimesSync, statSync } = await import("node:fs");
  const { atime, mtime } = statSync(path);
  writeFileSync(path, readFileSync(path, "utf8").replace("Example", "Exbmple"));
  utimesSync(path, atime, mtime);
  assert.equal((await checkHealth(store.layout, { actor, deep: true })).problems[0]?.code, "RECORD_CORRUPT");
});

for (const [what, damage] of [
  ["a changed line", (text: string) => text.replace('"reason":null', '"reason":"me"')],
  ["a removed line", (text: string) => text.split("\n").toSpliced(1, 1).join("\n")],
  [
    "swapped lines",
    (text: string) =>
      text
        .split("\n")
        .toSpliced(0, 2, text.split("\n")[1] ?? "", text.split("\n")[0] ?? "")
        .join("\n"),
  ],
  ["text that is no JSON", (text: string) => `not json\n${text}`],
] as const) {
  test(`a log with ${what} is refused by every command, and repaired from records and pins on demand`, async () => {
    const store = await storeWith("a", "b", "c");
    await store.setPinned(key("b"), true, null);
    const { layout } = store;
    writeFileSync(layout.log, damage(readFileSync(layout.log, "utf8")));
    await assert.rejects(store.list(), { code: "STORE_CORRUPT", message: /damaged at line/ });
    await assert.rejects(store.record(baseline({ baseline_ref: "d" }), null), { code: "STORE_CORRUPT" });
    assert.equal((await checkHealth(layout, { actor })).sound, false);
    const report = await checkHealth(layout, { actor, repair: true });
    assert.equal(report.sound, true);
    const { entries } = await store.list();
    assert.deepEqual(entries.map((entry) => entry.ref).sort(), ["a", "b", "c"]);
    assert.deepEqual(
      entries.filter((entry) => entry.pinned).map((entry) => entry.ref),
      ["b"],
    );
    assert.equal((await checkHealth(layout, { actor, deep: true })).problems.length, 0);
  });
}

test("a torn last line of the log is no damage: it never happened", async () => {
  const store = await storeWith("a");
  writeFileSync(store.layout.log, '{"seq":1,"op":"rec', { flag: "a" });
  assert.deepEqual(await refsOf(store), ["a"]);
  await store.record(baseline({ baseline_ref: "b" }), null);
  assert.deepEqual(await refsOf(store), ["a", "b"]);
  assert.equal((await checkHealth(store.layout, { actor })).sound, true);
});

test("a log that was cut back to an earlier line makes its records unknown, it does not lose them silently", async () => {
  const store = await storeWith("a", "b");
  const [first = ""] = readFileSync(store.layout.log, "utf8").split("\n");
  writeFileSync(store.layout.log, `${first}\n`);
  const report = await checkHealth(store.layout, { actor });
  assert.deepEqual(
    report.problems.map((problem) => problem.code),
    ["RECORD_UNKNOWN"],
  );
});

test("the index is a cache: absent, damaged or of another log it is made again", async () => {
  const store = await storeWith("a", "b");
  await checkHealth(store.layout, { actor });
  const good = readFileSync(store.layout.index, "utf8");
  for (const text of ["", "junk", good.replace('"a"', '"z"'), good.slice(0, 100)]) {
    writeFileSync(store.layout.index, text);
    assert.deepEqual(await refsOf(store), ["a", "b"]);
  }
  const other = await storeWith("c");
  writeFileSync(other.layout.index, good);
  assert.deepEqual(await refsOf(other), ["c"]);
});

test("an operation whose line is in the log is finished by the next process", async () => {
  const store = await storeWith("a", "b");
  const { layout } = store;
  const path = layout.record(key("b"));
  // As after a kill between the line and the rename.
  writeFileSync(join(layout.staging, "1.json"), readFileSync(path));
  rmSync(path);
  // And a staged file whose line was never written.
  writeFileSync(join(layout.staging, "2.json"), "{}");
  const [, b] = (await store.list()).entries;
  assert.equal((await store.read(b as NonNullable<typeof b>)).baseline_ref, "b");
  assert.deepEqual(readdirSync(layout.staging), []);
  assert.equal((await checkHealth(layout, { actor, deep: true })).sound, true);
});

test("what was staged for another log is not put in the place of a record", async () => {
  const store = await storeWith("a", "b");
  const { layout } = store;
  const before = readFileSync(layout.record(key("b")), "utf8");
  // Line 1 of this log is b; what is staged under its number is not.
  writeFileSync(join(layout.staging, "1.json"), readFileSync(layout.record(key("a"))));
  await store.record(baseline({ baseline_ref: "c" }), null);
  assert.equal(readFileSync(layout.record(key("b")), "utf8"), before);
  assert.equal((await checkHealth(layout, { actor, deep: true })).sound, true);
});

test("an old line is not done again: a record that was pruned and recorded again stays", async () => {
  const store = await storeWith("a");
  await store.prune({ keepLast: 0 });
  await store.record(baseline({ baseline_ref: "a" }), null);
  writeFileSync(join(store.layout.staging, "1.json"), "");
  await store.record(baseline({ baseline_ref: "b" }), null);
  assert.deepEqual(await refsOf(store), ["a", "b"]);
  assert.equal((await checkHealth(store.layout, { actor, deep: true })).sound, true);
});

test("a record that cannot be read for now is an error, and is not set aside", async () => {
  const store = await storeWith("a");
  const [a] = (await store.list()).entries;
  const path = store.layout.record(key("a"));
  const content = readFileSync(path);
  rmSync(path);
  // Not ENOENT, also for root, whom no permission stops.
  symlinkSync(path, path);
  await assert.rejects(store.read(a as NonNullable<typeof a>), { code: "STORE_MISSING" });
  assert.equal((await store.list()).quarantined.length, 0);
  rmSync(path);
  writeFileSync(path, content);
  assert.equal((await store.read(a as NonNullable<typeof a>)).baseline_ref, "a");
});

test("a writer whose lock was passed over writes nothing", async () => {
  const store = await storeWith("a");
  const { layout } = store;
  await assert.rejects(
    transact(layout, async ({ state, commit }) => {
      const [entry] = [...state.entries.values()];
      // Another machine that could not see this process took the next generation.
      writeFileSync(join(layout.locks, "99.held"), "1\n1\nelsewhere\n");
      await commit({ op: "pin", at: "2026-01-01T00:00:00.000Z", by: actor, key: key(entry?.ref ?? ""), reason: null });
    }),
    { code: "STORE_WRITE", message: /lock .* was lost/ },
  );
  rmSync(join(layout.locks, "99.held"));
  assert.equal((await store.list()).entries[0]?.pinned, false);
});

test("lines that somebody wrote without the lock are not cut off", async () => {
  const store = await storeWith("a");
  const { layout } = store;
  await assert.rejects(
    transact(layout, async ({ commit }) => {
      writeFileSync(layout.log, "a line\n", { flag: "a" });
      await commit({ op: "pin", at: "2026-01-01T00:00:00.000Z", by: actor, key: key("a"), reason: null });
    }),
    { code: "STORE_WRITE", message: /changed while it was locked/ },
  );
  assert.match(readFileSync(layout.log, "utf8"), /a line\n$/);
});

test("resolving goes by test, then revision, then hardware, and names what does not fit with the nearest", async () => {
  const store = await storeWith("r1", "r2");
  await store.record(baseline({ baseline_ref: "hw", hardware_fingerprint: "c".repeat(16), task_revision: "r9" }), null);
  const held = await store.list();
  const query = { testId: "digits", revision: "r1", hard: "a".repeat(16), soft: "b".repeat(16) };
  const newest = matchBaseline(query, held);
  assert.equal(newest.status === "resolved" && newest.entry.ref, "r2");
  assert.deepEqual(newest.status === "resolved" && newest.notes, []);
  const named = matchBaseline({ ...query, ref: "r1" }, held);
  assert.equal(named.status === "resolved" && named.entry.ref, "r1");
  const soft = matchBaseline({ ...query, soft: "d".repeat(16) }, held);
  assert.match(soft.status === "resolved" ? (soft.notes[0] ?? "") : "", /kernel, microcode or image/);

  const cases = [
    [{ ...query, testId: "digit" }, "NO_BASELINE", "hw"],
    [{ ...query, ref: "r3" }, "NO_BASELINE", "hw"],
    [{ ...query, revision: "r2" }, "REV_MISMATCH", "r2"],
    [{ ...query, ref: "hw" }, "REV_MISMATCH", "hw"],
    [{ ...query, hard: "d".repeat(16) }, "HW_MISMATCH", "r2"],
    [{ ...query, ref: "r1", hard: "d".repeat(16) }, "HW_MISMATCH", "r1"],
    [{ ...query, pinned: true }, "NO_BASELINE", undefined],
  ] as const;
  for (const [wanted, status, nearest] of cases) {
    const result = matchBaseline(wanted, held);
    assert.equal(result.status as string, status, JSON.stringify(wanted));
    const candidates = "candidates" in result ? result.candidates : [];
    assert.equal(candidates[0]?.entry.ref, nearest, JSON.stringify(wanted));
  }
});
