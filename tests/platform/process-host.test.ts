import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram } from "../../harness/platform/process-host.ts";
import { survivors } from "../fixtures/liveness.ts";

const posix = { skip: process.platform === "win32" ? "needs a POSIX shell" : false };

test("a program's output and exit code are its outcome", posix, async () => {
  const outcome = await runProgram("sh", ["-c", "echo out; echo err >&2; exit 3"], { timeoutMs: 10_000 });
  assert.deepEqual(outcome, { status: "exited", exitCode: 3, signal: null, stdout: "out\n", stderr: "err\n" });
});

test("input reaches the program, and one that does not read it is no fault", posix, async () => {
  const echo = await runProgram("cat", [], { timeoutMs: 10_000, input: "hello" });
  assert.equal(echo.status === "exited" && echo.stdout, "hello");
  const deaf = await runProgram("true", [], { timeoutMs: 10_000, input: "x".repeat(1 << 20) });
  assert.equal(deaf.status === "exited" && deaf.exitCode, 0);
});

test("a program that is not installed is an outcome with a reason", async () => {
  const outcome = await runProgram("quantgate-no-such-program", [], { timeoutMs: 10_000 });
  assert.deepEqual(outcome, { status: "not-started", reason: "it is not installed, or not in PATH" });
});

test(
  "a program that hangs is killed on timeout with everything it started, and its output so far is kept",
  posix,
  async () => {
    const script = "sleep 600 & echo $!; echo $$; sleep 600";
    const outcome = await runProgram("sh", ["-c", script], { timeoutMs: 300 });
    assert.equal(outcome.status, "timed-out");
    const pids = outcome.status === "timed-out" ? outcome.stdout.trim().split("\n").map(Number) : [];
    assert.equal(pids.length, 2);
    assert.deepEqual(await survivors(pids), []);
  },
);

test("a grandchild left behind is killed when the program ends, and does not hold up the outcome", posix, async () => {
  const outcome = await runProgram("sh", ["-c", "sleep 600 & echo $!"], { timeoutMs: 60_000 });
  assert.equal(outcome.status, "exited");
  const pid = Number(outcome.status === "exited" && outcome.stdout);
  assert.ok(pid > 1);
  assert.deepEqual(await survivors([pid]), []);
});

test("an abort kills the program and rejects with the signal's reason", posix, async () => {
  const control = new AbortController();
  const pids: number[] = [];
  const run = runProgram("sh", ["-c", "echo $$; sleep 600"], {
    timeoutMs: 60_000,
    signal: control.signal,
    onStdout: (text) => {
      pids.push(Number(text));
      control.abort(new Error("enough"));
    },
  });
  await assert.rejects(run, { message: "enough" });
  assert.deepEqual(await survivors(pids), []);
  await assert.rejects(runProgram("true", [], { timeoutMs: 1000, signal: control.signal }), { message: "enough" });
});

test("only the end of a long standard error is kept", posix, async () => {
  const outcome = await runProgram("sh", ["-c", "head -c 100000 /dev/zero | tr '\\0' x >&2; echo END >&2"], {
    timeoutMs: 10_000,
  });
  const text = outcome.status === "exited" ? outcome.stderr : "";
  assert.match(text, /xEND\n$/);
  assert.ok(text.length < 20_000, `${text.length} characters`);
});
