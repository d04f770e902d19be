import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openAppender } from "../../harness/platform/appender.ts";
import { sha256, sha256OfFile } from "../../harness/platform/digest.ts";
import { atomicWrite, copyFile, ensureFolder, readBytes, readText, swapLink } from "../../harness/platform/files.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

test("an atomic write makes missing folders, replaces the old content and leaves nothing else behind", async () => {
  await atomicWrite(at("a/b/c.json"), "one");
  await atomicWrite(at("a/b/c.json"), new Uint8Array([116, 119, 111]));
  assert.equal(readFileSync(at("a/b/c.json"), "utf8"), "two");
  assert.deepEqual(readdirSync(at("a/b")), ["c.json"]);
});

test("an atomic write through a symbolic link changes the file it points to", async () => {
  writeFileSync(at("real.txt"), "old");
  symlinkSync("real.txt", at("link.txt"));
  await atomicWrite(at("link.txt"), "new");
  assert.equal(readFileSync(at("real.txt"), "utf8"), "new");
  assert.equal(readlinkSync(at("link.txt")), "real.txt");
});

test("an atomic write to a device writes into it and does not replace it", {
  skip: process.platform === "win32",
}, async () => {
  await atomicWrite("/dev/null", "gone");
  assert.equal(readFileSync("/dev/null", "utf8"), "");
});

test("writing where a folder stands, or below a file, is STORE_WRITE and says which", async () => {
  mkdirSync(at("dir.json"));
  writeFileSync(at("file"), "");
  await assert.rejects(atomicWrite(at("dir.json"), "x"), {
    code: "STORE_WRITE",
    message: /dir\.json: a folder of that name/,
  });
  await assert.rejects(atomicWrite(at("file/x.json"), "x"), {
    code: "STORE_WRITE",
    message: /x\.json: .*(in the way|is a file)/,
  });
  await assert.rejects(ensureFolder(at("file/x")), { code: "STORE_WRITE" });
  assert.deepEqual(readdirSync(at("dir.json")), []);
});

test("reading a missing file carries the caller's code, its word for the file and the path", async () => {
  const as = { what: "the policy", code: "CONFIG_INVALID", hint: "Pass --policy." } as const;
  await assert.rejects(readBytes(at("no.json"), as), {
    code: "CONFIG_INVALID",
    message: `Cannot read the policy ${at("no.json")}: there is no such file.`,
    hint: "Pass --policy.",
  });
});

test("text is read without its byte order mark, and bytes that are not UTF-8 are refused", async () => {
  const as = { what: "the config", code: "CONFIG_INVALID" } as const;
  writeFileSync(at("bom.txt"), "\uFEFFhello");
  assert.equal(await readText(at("bom.txt"), as), "hello");
  writeFileSync(at("latin1.txt"), Buffer.from([0x63, 0xe9, 0x21]));
  await assert.rejects(readText(at("latin1.txt"), as), { code: "CONFIG_INVALID", message: /not UTF-8/ });
});

test("digests of bytes, of text and of a file agree, and match the published value for abc", async () => {
  const published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  writeFileSync(at("abc"), "abc");
  assert.equal(sha256("abc"), published);
  assert.equal(sha256(new Uint8Array([97, 98, 99])), published);
  assert.equal(await sha256OfFile(at("abc")), published);
});

test("a copy equals its source, and a missing source is STORE_MISSING", async () => {
  writeFileSync(at("from.bin"), Buffer.from([1, 2, 3]));
  await copyFile(at("from.bin"), at("deep/to.bin"));
  assert.deepEqual(readFileSync(at("deep/to.bin")), Buffer.from([1, 2, 3]));
  await assert.rejects(copyFile(at("absent"), at("deep/other")), { code: "STORE_MISSING" });
  assert.deepEqual(readdirSync(at("deep")), ["to.bin"]);
});

test("the link to the newest run is swapped in place and is relative", async () => {
  mkdirSync(at("runs/one"), { recursive: true });
  mkdirSync(at("runs/two"));
  await swapLink(at("runs/latest"), at("runs/one"));
  await swapLink(at("runs/latest"), at("runs/two"));
  assert.equal(readlinkSync(at("runs/latest")), "two");
  assert.deepEqual(readdirSync(at("runs")).sort(), ["latest", "one", "two"]);
});

test("appends are whole lines in the order they were asked for", async () => {
  const log = await openAppender(at("log/journal.ndjson"));
  await Promise.all(["a", "b", "c"].map((line) => log.append(line)));
  await assert.rejects(log.append("x\ny"), RangeError);
  await log.append("d");
  await log.close();
  assert.equal(readFileSync(at("log/journal.ndjson"), "utf8"), "a\nb\nc\nd\n");
  assert.equal(log.bytes, 8);
});

test("reopening a log can cut off a torn last line first", async () => {
  writeFileSync(at("torn.ndjson"), 'whole\n{"to');
  const log = await openAppender(at("torn.ndjson"), { keepBytes: 6 });
  await log.append("next");
  await log.close();
  assert.equal(readFileSync(at("torn.ndjson"), "utf8"), "whole\nnext\n");
});

const fixture = fileURLToPath(new URL("../fixtures/fake-full-disk.js", import.meta.url));
interface Outcome {
  write: { code: string; message: string };
  append: { code: string; message: string };
  listed: string[];
  small: string;
  whole: boolean;
  appended: number;
}

function runFixture(shell: string, command: readonly string[]): Outcome {
  const where = mkdtempSync(join(folder, "disk-"));
  const [program, ...args] = command as [string, ...string[]];
  const result = spawnSync(program, [...args, shell, "sh", where, process.execPath, fixture], { encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout) as Outcome;
}

const posix = process.platform === "win32" ? "needs a POSIX shell" : false;
test("a file size limit stops a write in the middle, and neither a torn file nor a torn line stays", {
  skip: posix,
}, () => {
  const outcome = runFixture('ulimit -f 40; exec "$2" "$3" "$1"', ["sh", "-c"]);
  assert.equal(outcome.write.code, "STORE_WRITE");
  assert.match(outcome.write.message, /^Cannot write DIR\/small\.json: the file would grow past the size limit\.$/);
  assert.equal(outcome.small, "old");
  assert.equal(outcome.append.code, "STORE_WRITE");
  assert.ok(outcome.whole && outcome.appended > 0, `${outcome.appended} lines`);
  assert.deepEqual(outcome.listed, ["journal.ndjson", "small.json"]);
});

const canMount = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]).status === 0;
const mounts = canMount ? false : "SKIPPED: this machine lets nobody mount a small disk (unshare -rm)";
test("a full disk stops a write in the middle, and neither a torn file nor a torn line stays", { skip: mounts }, () => {
  const outcome = runFixture('mount -t tmpfs -o size=100k none "$1" && exec "$2" "$3" "$1"', [
    "unshare",
    "-rm",
    "sh",
    "-c",
  ]);
  assert.match(outcome.write.message, /^Cannot write DIR\/small\.json: the disk is full\.$/);
  assert.equal(outcome.small, "old");
  assert.match(outcome.append.message, /^Cannot write DIR\/journal\.ndjson: the disk is full\.$/);
  assert.ok(outcome.whole && outcome.appended > 0, `${outcome.appended} lines`);
  assert.deepEqual(outcome.listed, ["journal.ndjson", "small.json"]);
});

test("a read-only disk is named as the reason", { skip: mounts }, () => {
  const outcome = runFixture('mount -t tmpfs -o ro none "$1" && exec "$2" "$3" "$1"', ["unshare", "-rm", "sh", "-c"]);
  assert.match(outcome.write.message, /^Cannot write DIR\/small\.json: the file system is read-only\.$/);
  assert.match(outcome.append.message, /^Cannot write DIR\/journal\.ndjson: the file system is read-only\.$/);
  assert.deepEqual(outcome.listed, []);
});
