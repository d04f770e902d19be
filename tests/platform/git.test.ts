import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { workingTreeCommit } from "../../harness/platform/git.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-git-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const hasGit = spawnSync("git", ["--version"]).status === 0;
const withGit = { skip: hasGit ? false : "SKIPPED: git is not installed here" };

function git(cwd: string, ...args: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
  const result = spawnSync("git", [...identity, ...args], { cwd, encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout.trim();
}

test("the commit of a working tree is named, and whether files differ from it", withGit, async () => {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  git(tree, "init", "-q");
  const empty = await workingTreeCommit(tree);
  assert.deepEqual(empty, { sha: null, reason: "the repository has no commit yet" });
  writeFileSync(join(tree, "a.txt"), "one");
  git(tree, "add", ".");
  git(tree, "commit", "-qm", "first");
  const sha = git(tree, "rev-parse", "HEAD");
  writeFileSync(join(tree, "untracked.txt"), "x");
  assert.deepEqual(await workingTreeCommit(join(tree, "sub")), { sha, isDirty: false });
  writeFileSync(join(tree, "a.txt"), "two");
  assert.deepEqual(await workingTreeCommit(tree), { sha, isDirty: true });
});

test("a folder without a repository has no commit, with git's own reason", withGit, async () => {
  const found = await workingTreeCommit(folder);
  assert.equal(found.sha, null);
  assert.match(found.sha === null ? found.reason : "", /not a git repository/);
});

test("a machine without git, and a git that fails without a word, have no commit and a reason", async () => {
  const none = await workingTreeCommit(folder, { program: join(folder, "no-git") });
  assert.deepEqual(none, { sha: null, reason: "git could not be run: it is not installed, or not in PATH" });
  const script = join(folder, "broken-git");
  writeFileSync(script, "#!/bin/sh\nexit 9\n");
  chmodSync(script, 0o755);
  assert.deepEqual(await workingTreeCommit(folder, { program: script }), { sha: null, reason: "git ended with 9" });
});
