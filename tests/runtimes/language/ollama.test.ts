import assert from "node:assert/strict";
import { test } from "node:test";
import { requestMetrics } from "../../../harness/aggregate/request-metrics.ts";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { ollama } from "../../../harness/runtimes/language/ollama.ts";
import { runPrompts } from "../../../harness/runtimes/language/run-prompts.ts";
import { fakeOllama } from "../../fixtures/language/fake-ollama.ts";

const SETTINGS = { contextTokens: 512, threads: 2, gpuLayers: undefined };
const signal = new AbortController().signal;

function asking(text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { kind: "chat", messages: [{ role: "user", content: text }] },
    maxTokens: 64,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 5000,
    stallTimeoutMs: 2000,
    ...more,
  };
}

async function opened(t: Parameters<typeof fakeOllama>[0], model: Parameters<typeof fakeOllama>[1][string] = {}) {
  const fake = await fakeOllama(t, { "tiny:q4": model });
  const runtime = ollama({ url: fake.url, loadTimeoutMs: 5000 });
  t.after(() => void runtime.close());
  await runtime.load({ name: "tiny:q4" }, SETTINGS, { signal });
  const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
  return { fake, runtime, ask };
}

test("durations are nanoseconds and become seconds", async (t) => {
  const { ask } = await opened(t);
  const { server, completion } = await ask(asking("how much is two and two"));
  assert.equal(server.decodeS, 4 * 0.01);
  assert.equal(server.promptS, 7 * 0.001);
  assert.deepEqual(completion, { tokens: 4, source: "server" });
  assert.equal(server.raw["total_duration"], 500_000_000);
});

test("an absent count after no text is a count of zero, and an absent prompt count is no count", async (t) => {
  const { fake, ask } = await opened(t, { answer: "" });
  fake.countsCached = false;
  const reply = await ask(asking("hello", { cachePrompt: true }));
  assert.deepEqual(reply.completion, { tokens: 0, source: "server" });
  assert.equal(reply.times.firstS, undefined);
  assert.equal(requestMetrics(reply).status, "TIMING_UNAVAILABLE");
});

test("an error line in a stream that began with 200 breaks the reply", async (t) => {
  const { fake, ask } = await opened(t);
  fake.breaksAfter = 2;
  await assert.rejects(ask(asking("hello")), { code: "RUNTIME_CRASHED", message: /signal: killed/ });
});

test("an over-long prompt is refused by a server that knows truncate", async (t) => {
  const { ask } = await opened(t);
  await assert.rejects(ask(asking("word ".repeat(600))), { code: "RUNTIME_CONTEXT" });
});

test("a prompt that an old server cut silently is marked as truncated", async (t) => {
  const { fake, ask } = await opened(t);
  fake.knowsTruncate = false;
  assert.equal((await ask(asking("word ".repeat(560)))).isTruncated, true);
  assert.equal((await ask(asking("word ".repeat(300)))).isTruncated, false);
});

test("cached tokens are part of the prompt count and no part of what was processed", async (t) => {
  const { ask } = await opened(t);
  const long = `${"alpha beta gamma ".repeat(40)}end`;
  const first = await ask(asking(long, { cachePrompt: true }));
  const second = await ask(asking(long, { cachePrompt: true }));
  assert.deepEqual([first.prompt?.tokens, first.cachedTokens ?? 0, first.server.promptTokens], [121, 0, 121]);
  assert.deepEqual([second.prompt?.tokens, second.cachedTokens, second.server.promptTokens], [121, 120, 1]);
  assert.equal(requestMetrics(second).ttftKind, "cached");
  assert.equal(requestMetrics(second).prefillTps, undefined);
});

test("prompts that begin alike share nothing in the cache unless they may", async (t) => {
  const { ask } = await opened(t);
  const shared = "a long preamble that two tasks have in common ".repeat(5);
  await ask(asking(`${shared} one`));
  assert.equal((await ask(asking(`${shared} two`))).cachedTokens ?? 0, 0);
});

test("sampling and seed travel in options, and truncation is always refused", async (t) => {
  const { fake, ask } = await opened(t);
  await ask(asking("hello", { stop: ["\n\n"] }));
  const body = fake.bodies.at(-1) as { options: object; truncate: boolean; shift: boolean; seed?: number };
  assert.deepEqual(body.options, {
    num_ctx: 512,
    num_thread: 2,
    num_predict: 64,
    temperature: 0,
    top_k: 1,
    top_p: 1,
    min_p: 0,
    repeat_penalty: 1,
    seed: 1,
    stop: ["\n\n"],
  });
  assert.deepEqual([body.truncate, body.shift, body.seed], [false, false, undefined]);
});

test("requests never load the model again, and unloading is asked for", async (t) => {
  const { fake, runtime, ask } = await opened(t);
  await ask(asking("one"));
  await ask(asking("two", { maxTokens: 5 }));
  assert.equal(fake.loads.length, 1);
  await runtime.unload({ signal });
  assert.deepEqual(fake.unloads, ["tiny:q4"]);
});

test("what does not fit the accelerator is seen", async (t) => {
  const { runtime } = await opened(t, { size: 1000, sizeVram: 600 });
  assert.deepEqual(await runtime.inspect({ signal }), { contextTokens: 512, offloadedBytes: 400, memoryBytes: 1000 });
});

test("thinking is the first token", async (t) => {
  const { ask } = await opened(t, { thinking: "hm", answer: "four" });
  const reply = await ask(asking("two and two"));
  assert.deepEqual([reply.reasoning, reply.text, reply.times.chunkS.length], ["hm", "four", 2]);
  assert.equal(reply.times.firstS, reply.times.chunkS[0]);
});

test("the provider's label, digest and size come with a name, and a name without a tag is the latest", async (t) => {
  const fake = await fakeOllama(t, { "tiny:latest": { quantization: "Q8_0", size: 1_062_500 } });
  const runtime = ollama({ url: fake.url, loadTimeoutMs: 5000 });
  const identity = await runtime.identify({ name: "tiny" }, { signal });
  assert.deepEqual(
    [identity.quantization, identity.digest, identity.bytes, identity.bitsPerWeight, identity.contextLength],
    ["Q8_0", "a".repeat(64), 1_062_500, 8.5, 4096],
  );
  await assert.rejects(runtime.identify({ name: "other" }, { signal }), { code: "CONFIG_MODEL_MISSING" });
});

test("a model that was swapped under its tag ends the trial", async (t) => {
  const fake = await fakeOllama(t, { "tiny:q4": {} });
  const runtime = ollama({ url: fake.url, loadTimeoutMs: 5000 });
  const request = {
    trialId: "b000.tiny",
    model: { name: "tiny:q4" },
    digest: "a".repeat(64),
    load: SETTINGS,
    prompts: [{ item: 0, prompt: asking("hello to all of you").prompt, maxTokens: 8, stop: [], topLogprobs: 0 }],
    sampling: GREEDY,
    requestTimeoutMs: 5000,
    stallTimeoutMs: 2000,
    timeoutMs: 20_000,
  };
  const trial = await runPrompts(runtime, request, { signal });
  assert.deepEqual(
    trial.replies.map(({ state }) => state),
    ["completed"],
  );
  assert.ok(trial.coldTtftS !== undefined && trial.cachedTtftS !== undefined);
  (fake.models.get("tiny:q4") as { digest: string }).digest = "b".repeat(64);
  await assert.rejects(runPrompts(runtime, request, { signal }), {
    code: "RUNTIME_PROTOCOL",
    message: /no longer stands for the planned weights/,
  });
});
