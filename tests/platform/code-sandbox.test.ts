import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, describe, it } from "node:test";
import type { CodeRequest } from "../../harness/domain/task-port.ts";
import { openCodeSandbox } from "../../harness/platform/sandbox/code-sandbox.ts";
import { isolatedPython } from "../../harness/platform/sandbox/isolated-python.ts";

const sandbox = openCodeSandbox();
after(() => sandbox.close());
const run = (request: Partial<CodeRequest> & { code: string }) =>
  sandbox.run({ language: "javascript", tests: [], timeLimitMs: 2000, memoryLimitMb: 64, ...request });

describe("JavaScript in the sandbox", () => {
  it("runs each test on its own and says which fail", async () => {
    const tests = ["assert.equal(add(1, 2), 3)", "assert.equal(add(1, 2), 4)", "await null; assert(false, 'no')"];
    assert.deepEqual(await run({ code: "function add(a, b) { return a + b; }", tests }), {
      status: "ran",
      failures: [
        { test: 1, message: "Error: it is 3, not 4" },
        { test: 2, message: "Error: no" },
      ],
    });
  });

  it("has no way to files, network, processes, timers or modules", async () => {
    const names = [
      "process",
      "require",
      "fetch",
      "WebSocket",
      "setTimeout",
      "Worker",
      "navigator",
      "Deno",
      "std",
      "os",
    ];
    const tests = [
      ...names.map((name) => `assert.equal(typeof globalThis.${name}, "undefined")`),
      "let imported = true; try { await import('node:fs') } catch { imported = false } assert(!imported)",
      "let found = true; try { new Function('return process')() } catch { found = false } assert(!found)",
    ];
    assert.deepEqual(await run({ code: "", tests }), { status: "ran", failures: [] });
  });

  it("is stopped at its time limit, in a loop, a pattern and a promise that never settles", async () => {
    assert.deepEqual(await run({ code: "while (true) {}", timeLimitMs: 200 }), { status: "timed-out" });
    const pattern = await run({ code: "", tests: ["/^(a+)+$/.test('a'.repeat(60) + '!')"], timeLimitMs: 200 });
    assert.deepEqual(pattern, { status: "timed-out" });
    const waits = await run({ code: "", tests: ["await new Promise(() => {})"] });
    assert.match(JSON.stringify(waits), /never comes/);
  });

  it("is stopped at its memory limit, and by endless recursion, without harm to the next request", async () => {
    const full = await run({
      code: "const kept = []; for (;;) kept.push(new Uint8Array(1 << 20))",
      memoryLimitMb: 16,
      timeLimitMs: 20_000,
    });
    assert.match(JSON.stringify(full), /out of memory/);
    const deep = await run({ code: "function f() { return f() + 1 }", tests: ["f()"] });
    assert.match(JSON.stringify(deep), /stack/);
    assert.deepEqual(await run({ code: "", tests: ["assert(1)"] }), { status: "ran", failures: [] });
  });

  it("what one answer leaves behind does not reach the next", async () => {
    await run({ code: "globalThis.left = 1; Array.prototype.map = null;" });
    const tests = ["assert.equal(typeof left, 'undefined')", "assert.equal([1].map((x) => x + 1)[0], 2)"];
    assert.deepEqual(await run({ code: "", tests }), { status: "ran", failures: [] });
  });

  it("exported functions count, broken code is said to be broken", async () => {
    const code = "export function one() { return 1; }\nexport default one;\nmodule.exports = { one };";
    assert.deepEqual(await run({ code, tests: ["assert.equal(one(), 1)"] }), { status: "ran", failures: [] });
    assert.match(JSON.stringify(await run({ code: "function (" })), /"broke".*SyntaxError/);
  });

  it("compares structures, not spellings", async () => {
    const tests = [
      "assert.deepEqual({ a: [1, { b: 2 }], c: undefined }, { c: undefined, a: [1, { b: 2 }] })",
      "assert.deepEqual(new Map([[1, [2]]]), new Map([[1, [2]]])); assert.deepEqual(new Set([1]), new Set([1]))",
      "assert.throws(() => assert.deepEqual([1], { 0: 1 })); assert.throws(() => assert.deepEqual([1, 2], [1]))",
      "assert.throws(() => assert.deepEqual({ a: 1 }, { a: 1, b: undefined })); assert.equal(NaN, NaN)",
      "assert.throws(() => assert.throws(() => 1))",
    ];
    assert.deepEqual(await run({ code: "", tests }), { status: "ran", failures: [] });
  });

  it("an abort ends it with the signal's reason", async () => {
    const stop = new AbortController();
    const running = sandbox.run(
      { language: "javascript", code: "while (true) {}", tests: [], timeLimitMs: 30_000, memoryLimitMb: 16 },
      { signal: stop.signal },
    );
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await assert.rejects(running, /enough/);
    assert.deepEqual(await run({ code: "", tests: ["assert(1)"] }), { status: "ran", failures: [] });
  });
});

const python = await isolatedPython();
describe("Python in the sandbox", () => {
  const py = (request: Partial<CodeRequest> & { code: string }) => run({ language: "python", ...request });

  it("is refused, and nothing is run, where it cannot be isolated", { skip: "command" in python }, async () => {
    const outcome = await py({ code: "1" });
    assert.equal(outcome.status, "unavailable");
  });

  const isolated = { skip: "reason" in python ? `SKIPPED: ${python.reason}` : false };
  it("runs each test on its own", isolated, async () => {
    const tests = ["assert add(1, 2) == 3", "assert add(1, 2) == 4, 'sum'"];
    assert.deepEqual(await py({ code: "def add(a, b):\n    return a + b", tests }), {
      status: "ran",
      failures: [{ test: 1, message: "AssertionError: sum" }],
    });
  });

  it("does not reach a server of this machine", isolated, async () => {
    const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const outcome = await py({ code: `import socket\nsocket.create_connection(("127.0.0.1", ${port}), 1)` });
    server.close();
    assert.match(JSON.stringify(outcome), /"broke".*(unreachable|refused)/);
  });

  it("reads no file but its own library, writes none, and starts nothing", isolated, async () => {
    const denied = [
      "open('/etc/passwd').read()",
      "open('/tmp/quantgate-sandbox-test', 'w')",
      "import os; os.remove('/etc/hostname')",
      "import os; os.listdir('/proc')",
      "import subprocess; subprocess.run(['/bin/true'])",
    ];
    for (const code of denied) assert.match(JSON.stringify(await py({ code })), /"broke".*PermissionError/, code);
  });

  it("leaving early is no pass, and limits hold", isolated, async () => {
    assert.equal((await py({ code: "import os\nos._exit(0)", tests: ["assert False"] })).status, "broke");
    assert.equal((await py({ code: "import sys\nsys.exit(0)", tests: ["assert False"] })).status, "broke");
    assert.deepEqual(await py({ code: "while True: pass", timeLimitMs: 300 }), { status: "timed-out" });
    assert.match(JSON.stringify(await py({ code: "x = [0] * 10**9" })), /MemoryError/);
  });
});
