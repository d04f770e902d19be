import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startWorker, type Worker } from "../../harness/platform/worker-host.ts";
import { isAlive, survivors } from "../fixtures/liveness.ts";

const start = (): Worker =>
  startWorker(new URL("../fixtures/fake-worker.js", import.meta.url), { label: "the fake worker" });

test("requests are answered in turn, with typed arrays intact and large ones whole", async () => {
  const worker = start();
  const value = { list: new Float32Array([1.5, -0, Number.NaN]), big: new Uint8Array(5 << 20).fill(7), n: 3n };
  const [echo, two] = await Promise.all([
    worker.request({ do: "echo", value }),
    worker.request({ do: "echo", value: 2 }),
  ]);
  assert.deepEqual(echo, value);
  assert.equal(two, 2);
  await worker.close();
});

test("what a worker prints does not disturb its answers", async () => {
  const worker = start();
  assert.equal(await worker.request({ do: "print" }), "printed");
  await worker.close();
});

test("an error of the harness keeps its code, sentence and hint on its way; the worker lives on", async () => {
  const worker = start();
  await assert.rejects(worker.request({ do: "refuse" }), {
    name: "HarnessError",
    code: "CONFIG_MODEL_INVALID",
    message: "The model is no model.",
    hint: "Take another.",
  });
  await assert.rejects(worker.request({ do: "throw" }), { code: "RUNTIME_CRASHED", message: /something odd/ });
  assert.equal(await worker.request({ do: "echo", value: 1 }), 1);
  await worker.close();
});

test("a worker that hangs in native code is killed after its timeout, and says so to later requests too", async () => {
  const worker = start();
  const pid = (await worker.request({ do: "pid" })) as number;
  await assert.rejects(worker.request({ do: "hang" }, { timeoutMs: 200 }), {
    code: "RUNTIME_TIMEOUT",
    message: "The fake worker did not finish within 0.2 s and was killed.",
  });
  assert.deepEqual(await survivors([pid]), []);
  await assert.rejects(worker.request({ do: "echo" }), { code: "RUNTIME_TIMEOUT" });
  await worker.close();
});

test("a worker killed in the middle of a request is a crash that names the signal", async () => {
  await assert.rejects(start().request({ do: "be killed" }), {
    code: "RUNTIME_CRASHED",
    message: "The fake worker died by signal SIGKILL.",
    hint: /memory/,
  });
});

test("a worker that exits is a crash with its exit code and its last words", async () => {
  await assert.rejects(start().request({ do: "exit" }), {
    code: "RUNTIME_CRASHED",
    message: "The fake worker died with exit code 7.",
    hint: "Its last words: the model is cursed",
  });
});

test("garbage on the channel is a protocol error of that worker alone, which is killed", async () => {
  for (const what of ["garbage", "wrong answer"]) {
    const worker = start();
    const pid = (await worker.request({ do: "pid" })) as number;
    await assert.rejects(worker.request({ do: what }), { code: "RUNTIME_PROTOCOL" });
    assert.deepEqual(await survivors([pid]), []);
  }
});

test("a module that cannot be loaded is a crash, not a wait", async () => {
  const worker = startWorker(new URL("../fixtures/no-such-worker.js", import.meta.url), { label: "it" });
  await assert.rejects(worker.request({}), { code: "RUNTIME_CRASHED", message: "It died with exit code 1." });
});

test("an abort kills the worker and its grandchild, and rejects with the signal's reason", async () => {
  const worker = start();
  const pids = [await worker.request({ do: "pid" }), await worker.request({ do: "fork a grandchild" })] as number[];
  const control = new AbortController();
  const request = worker.request({ do: "wait" }, { signal: control.signal });
  control.abort(new Error("interrupted"));
  await assert.rejects(request, { message: "interrupted" });
  assert.deepEqual(await survivors(pids), []);
});

test("closing ends the worker and what it started, and a pending request is told", async () => {
  const worker = start();
  const pids = [await worker.request({ do: "pid" }), await worker.request({ do: "fork a grandchild" })] as number[];
  const pending = assert.rejects(worker.request({ do: "wait" }), { message: /was closed before it answered/ });
  await worker.close();
  await pending;
  assert.deepEqual(await survivors(pids), []);
});

test("a worker whose channel closes ends by itself", async () => {
  const module = fileURLToPath(new URL("../fixtures/fake-worker.js", import.meta.url));
  const child = spawn(process.execPath, [module], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(child.exitCode, null);
  child.stdio[3]?.destroy();
  const [exitCode] = await once(child, "exit");
  assert.equal(exitCode, 0);
});

for (const [how, signal] of [
  ["linger", "SIGKILL"],
  ["linger", "SIGINT"],
  ["linger", "SIGTERM"],
  ["exit", undefined],
  ["throw", undefined],
] as const) {
  test(`nothing outlives an owner that ends by ${signal ?? how}, not even children that hang`, async (t) => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL("../fixtures/fake-owner.js", import.meta.url)), how], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = await once(owner.stdout, "data");
    const pids = JSON.parse(String(line)) as number[];
    t.after(() => pids.filter(isAlive).forEach((pid) => void process.kill(pid, "SIGKILL")));
    assert.equal(pids.filter((pid) => pid > 1).length, 3);
    if (signal !== undefined) {
      assert.deepEqual(pids.filter(isAlive), pids);
      owner.kill(signal);
    }
    if (owner.exitCode === null && owner.signalCode === null) await once(owner, "exit");
    assert.deepEqual(await survivors(pids), []);
  });
}
