import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import { packageRoot } from "../../../harness/platform/package-root.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { commandRuntime } from "../../../harness/runtimes/language/command/command-runtime.ts";

const program = join(packageRoot(), "tests/fixtures/language/fake-engine.mjs");
const signal = new AbortController().signal;
const MODEL = { name: "tiny/Q8_0" };
const SETTINGS = { contextTokens: 64, threads: 2, gpuLayers: undefined };
const STALL_MS = 300;

function asking(text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { kind: "chat", messages: [{ role: "user", content: text }] },
    maxTokens: 40,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 10_000,
    stallTimeoutMs: 5000,
    ...more,
  };
}

async function opened(t: TestContext, mode = "well") {
  const runtime = commandRuntime({
    kind: "command",
    command: ["/usr/bin/env", `ENGINE_MODE=${mode}`, process.execPath, program],
    who: "the engine",
    loadTimeoutMs: 10_000,
  });
  t.after(() => runtime.close());
  const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
  return { runtime, ask };
}

describe("a program that speaks the line protocol", () => {
  it("is asked who it is, what its models are, and what fits", async (t) => {
    const { runtime } = await opened(t);
    assert.deepEqual(await runtime.versions({ signal }), { engine: "1.2" });
    assert.deepEqual(await runtime.list({ signal }), ["tiny/Q8_0", "tiny/Q4_0"]);
    const identity = await runtime.identify(MODEL, { signal });
    assert.deepEqual([identity.digest?.length, identity.quantization, identity.bitsPerWeight], [64, "Q8_0", 8.5]);
    const loaded = await runtime.load(MODEL, SETTINGS, { signal });
    assert.deepEqual([loaded.contextTokens, (loaded.memoryBytes ?? 0) > 0], [64, true]);
    assert.equal((await runtime.inspect({ signal })).memoryBytes, 123_456);
    assert.deepEqual(await runtime.countPrompt(asking("a b c").prompt, { signal }), { tokens: 3, source: "tokenizer" });
  });

  it("answers in chunks that are timed as they arrive, with ids and log-probabilities", async (t) => {
    const { runtime, ask } = await opened(t);
    await runtime.load(MODEL, SETTINGS, { signal });
    const reply = await ask(asking("Say: four and four", { topLogprobs: 2 }));
    assert.deepEqual([reply.text, reply.tokenIds?.length, reply.finish], ["four and four", 3, "stop"]);
    assert.deepEqual([reply.prompt, reply.cachedTokens], [{ tokens: 4, source: "server" }, 0]);
    assert.ok((reply.times.firstS ?? 0) > 0 && (reply.times.lastS ?? 0) <= reply.times.endS);
    assert.equal(reply.details?.[0]?.top.length, 2);
    assert.ok(Math.abs((reply.details?.[0]?.logprob ?? 0) - Math.log(0.8)) < 1e-9);
  });

  it("refuses a prompt that does not fit", async (t) => {
    const { runtime, ask } = await opened(t);
    await runtime.load(MODEL, SETTINGS, { signal });
    await assert.rejects(ask(asking("word ".repeat(100))), { code: "RUNTIME_CONTEXT", message: /100 tokens/ });
    assert.equal((await ask(asking("Say: still there"))).text, "still there");
  });

  it("that is silent is cancelled when its time is over, and goes on", async (t) => {
    const { runtime, ask } = await opened(t, "mute");
    await runtime.load(MODEL, SETTINGS, { signal });
    await assert.rejects(ask(asking("trap", { stallTimeoutMs: STALL_MS })), {
      code: "RUNTIME_TIMEOUT",
      message: /sent nothing within 0.3 s/,
    });
    assert.equal((await ask(asking("Say: next"))).text, "next");
  });

  it("that does not even hear the cancel is ended, and the next load starts it again", async (t) => {
    const { runtime, ask } = await opened(t, "deaf");
    await runtime.load(MODEL, SETTINGS, { signal });
    await assert.rejects(ask(asking("trap", { stallTimeoutMs: STALL_MS })), { code: "RUNTIME_TIMEOUT" });
    await assert.rejects(ask(asking("Say: next")), { code: "RUNTIME_CRASHED", message: /did not stop/ });
    await runtime.load(MODEL, SETTINGS, { signal });
    assert.equal((await ask(asking("Say: next"))).text, "next");
  });

  const traps: readonly (readonly [
    mode: string,
    what: string,
    error: { code: string; message?: RegExp; hint?: RegExp },
  ])[] = [
    ["garbage", "words on its standard output", { code: "RUNTIME_PROTOCOL", message: /not JSON/ }],
    ["half", "half a line and nothing more", { code: "RUNTIME_TIMEOUT" }],
    ["dies", "its death", { code: "RUNTIME_CRASHED", message: /exited with code 139/, hint: /Segmentation fault/ }],
    ["other-id", "an answer to a request that was not made", { code: "RUNTIME_PROTOCOL", message: /was not made/ }],
    ["long-line", "a line of a megabyte", { code: "RUNTIME_PROTOCOL" }],
    ["endless", "an answer that goes on and on", { code: "RUNTIME_PROTOCOL", message: /sent more than \d+ bytes/ }],
  ];
  for (const [mode, what, error] of traps) {
    it(`${what} ends the request with ${error.code}, and a load starts it again`, async (t) => {
      const { runtime, ask } = await opened(t, mode);
      await runtime.load(MODEL, SETTINGS, { signal });
      await assert.rejects(ask(asking("trap", mode === "half" ? { stallTimeoutMs: STALL_MS } : {})), error);
      await runtime.load(MODEL, SETTINGS, { signal });
      assert.equal((await ask(asking("Say: again"))).text, "again");
    });
  }

  it("of another protocol, or that is not there, cannot be used", async (t) => {
    const { runtime } = await opened(t, "other-protocol");
    await assert.rejects(runtime.versions({ signal }), { code: "RUNTIME_PROTOCOL", message: /quantgate.command.v1/ });
    const none = commandRuntime({ kind: "command", command: ["/no/such/program"], who: "x", loadTimeoutMs: 1000 });
    await assert.rejects(none.load(MODEL, SETTINGS, { signal }), { code: "RUNTIME_UNAVAILABLE" });
    assert.equal((await none.health({ signal })).state, "unavailable");
  });

  it("an abort ends a request at once", async (t) => {
    const { runtime } = await opened(t, "mute");
    await runtime.load(MODEL, SETTINGS, { signal });
    const controller = new AbortController();
    const reply = collectReply(runtime.generate(asking("trap"), { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await assert.rejects(reply, /enough/);
  });
});
