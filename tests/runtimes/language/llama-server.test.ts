import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { requestMetrics } from "../../../harness/aggregate/request-metrics.ts";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import { packageRoot } from "../../../harness/platform/package-root.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { llamaServer } from "../../../harness/runtimes/language/llama-server.ts";
import { sendJson, serve } from "../../fixtures/language/local-server.ts";
import { tinyGguf } from "../../fixtures/language/tiny-gguf.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const program = join(packageRoot(), "tests/fixtures/language/fake-llama-server.mjs");
const signal = new AbortController().signal;
const SETTINGS = { contextTokens: 128, threads: 2, gpuLayers: 0 };

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

async function started(t: TestContext, mode = "well") {
  const path = join(await scratchFolder(t), "tiny.Q8_0.gguf");
  tinyGguf(path);
  const runtime = llamaServer({
    command: ["/usr/bin/env", `FAKE_LLAMA=${mode}`, process.execPath, program],
    route: "native",
    loadTimeoutMs: 20_000,
  });
  t.after(() => runtime.close());
  const model = { name: "tiny", path };
  const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
  return { runtime, model, ask, path };
}

describe("llama-server, started on a file", () => {
  it("waits until it has loaded, reads the context back, and counts prompts with the template", async (t) => {
    const { runtime, model } = await started(t, "slow-start");
    const loaded = await runtime.load(model, SETTINGS, { signal });
    assert.deepEqual([loaded.contextTokens, loaded.identity.quantization], [128, "Q8_0"]);
    assert.ok((loaded.loadS ?? 0) > 0 && (loaded.memoryBytes ?? 0) > 0);
    const { prompt } = asking("one two three");
    assert.deepEqual(await runtime.countPrompt(prompt, { signal }), { tokens: 4, source: "tokenizer" });
    assert.equal((await runtime.tokenize("one two three", { signal }))?.length, 3);
  });

  it("its version is known before a model is loaded, and stays the same; a program that tells none is asked when it runs", async (t) => {
    const { runtime, model } = await started(t);
    assert.deepEqual(await runtime.versions({ signal }), { "llama-server": "1 (fake)" });
    await runtime.load(model, SETTINGS, { signal });
    assert.deepEqual(await runtime.versions({ signal }), { "llama-server": "1 (fake)" });
    const silent = await started(t, "no-version");
    await silent.runtime.load(silent.model, SETTINGS, { signal });
    assert.deepEqual(await silent.runtime.versions({ signal }), { "llama-server": "b1-fake" });
  });

  it("progress events are no tokens, and rates come from counts and times, not from what the server computed", async (t) => {
    const { runtime, model, ask } = await started(t);
    await runtime.load(model, SETTINGS, { signal });
    const long = `${"word ".repeat(70)} Say: four and four`;
    const reply = await ask(asking(long));
    assert.deepEqual([reply.text, reply.tokenIds?.length, reply.times.chunkS.length], ["four and four", 3, 3]);
    assert.deepEqual([reply.prompt?.tokens, reply.cachedTokens, reply.finish], [75, 0, "stop"]);
    assert.equal(requestMetrics(reply).prefillTps, 75 / (75 * 0.002));
  });

  it("a prompt that was asked before comes from the cache only where it may", async (t) => {
    const { runtime, model, ask } = await started(t);
    await runtime.load(model, SETTINGS, { signal });
    const text = `${"word ".repeat(70)} Say: four`;
    await ask(asking(text));
    assert.equal((await ask(asking(text))).cachedTokens, 0);
    const again = await ask(asking(text, { cachePrompt: true, isRepeat: true }));
    assert.ok((again.cachedTokens ?? 0) > 60);
    assert.equal(requestMetrics(again).prefillTps, undefined);
  });

  it("log-probabilities come with ids, best first", async (t) => {
    const { runtime, model, ask } = await started(t);
    await runtime.load(model, SETTINGS, { signal });
    const { details } = await ask(asking("Say: yes", { topLogprobs: 3 }));
    const [first] = details ?? [];
    assert.deepEqual([details?.length, first?.text, first?.top.length], [1, "yes", 3]);
    assert.ok(
      first?.id !== undefined && first.logprob < 0 && first.top.every(({ logprob }) => logprob <= first.logprob),
    );
  });

  it("an answer that comes to the end of the context is cut, its prompt is not", async (t) => {
    const { runtime, model, ask } = await started(t);
    await runtime.load(model, SETTINGS, { signal });
    const reply = await ask(asking(`${"word ".repeat(116)} Say: one two three four five`, { maxTokens: 5 }));
    assert.deepEqual([reply.prompt?.tokens, reply.completion?.tokens], [123, 5]);
    assert.deepEqual([reply.isTruncated, reply.finish], [false, "length"]);
  });

  it("an over-long prompt is refused with both counts, never cut", async (t) => {
    const { runtime, model, ask } = await started(t);
    await runtime.load(model, SETTINGS, { signal });
    await assert.rejects(ask(asking("word ".repeat(200))), {
      code: "RUNTIME_CONTEXT",
      message: /201 tokens, and the context has 128/,
    });
  });

  it("a server that allocates less context than it was asked for is refused", async (t) => {
    const { runtime, model } = await started(t, "less-context");
    await assert.rejects(runtime.load(model, SETTINGS, { signal }), {
      code: "RUNTIME_CONTEXT",
      message: /64 tokens, not of 128/,
    });
  });

  it("a port that was taken meanwhile is given up for another", async (t) => {
    const { runtime, model, ask } = await started(t, "port-taken");
    assert.equal((await runtime.load(model, SETTINGS, { signal })).contextTokens, 128);
    assert.equal((await ask(asking("Say: four"))).text, "four");
  });

  it("a server at its port that holds another file is not measured", async (t) => {
    const { runtime, model } = await started(t, "other-model");
    await assert.rejects(runtime.load(model, SETTINGS, { signal }), {
      code: "RUNTIME_PROTOCOL",
      message: /Another server/,
    });
    assert.equal((await runtime.health({ signal })).detail, "started when a model is loaded");
  });

  it("a server that cannot load says why by its last words", async (t) => {
    const { runtime, model } = await started(t, "dies-loading");
    await assert.rejects(runtime.load(model, SETTINGS, { signal }), {
      code: "RUNTIME_CRASHED",
      message: /exited with code 1/,
      hint: /wrong shape/,
    });
  });

  it("a server that dies in the middle of a reply is gone, and can be started again", async (t) => {
    const { runtime, model, ask } = await started(t, "crashes");
    await runtime.load(model, SETTINGS, { signal });
    const gone = { code: "RUNTIME_CRASHED", message: /gone: it exited with code 139/ };
    await assert.rejects(ask(asking("Say: one two three")), gone);
    await assert.rejects(ask(asking("Say: one")), gone);
    await runtime.load(model, SETTINGS, { signal });
    assert.equal((await ask(asking("Say: one"))).text, "one");
  });
});

describe("llama-server, attached to", () => {
  it("a server that holds another file than the planned one is told by its digest", async (t) => {
    const folder = await scratchFolder(t);
    for (const [name, fill] of [
      ["a", 0],
      ["b", 1],
    ] as const)
      tinyGguf(join(folder, `${name}.gguf`), { fill });
    const url = await serve(t, (request, response) => {
      if (request.url === "/props") {
        sendJson(response, { model_path: join(folder, "b.gguf"), default_generation_settings: { n_ctx: 128 } });
      } else sendJson(response, {});
    });
    const runtime = llamaServer({ url, command: [], route: "native", loadTimeoutMs: 5000 });
    const served = await runtime.identify({ name: "a", path: join(folder, "a.gguf") }, { signal });
    const own = llamaServer({ command: [program], route: "native", loadTimeoutMs: 5000 });
    const planned = await own.identify({ name: "a", path: join(folder, "a.gguf") }, { signal });
    assert.notEqual(served.digest, planned.digest);
  });
});
