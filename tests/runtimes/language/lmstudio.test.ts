import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { requestMetrics } from "../../../harness/aggregate/request-metrics.ts";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { lmstudio } from "../../../harness/runtimes/language/lmstudio.ts";
import { fakeLmstudio } from "../../fixtures/language/fake-lmstudio.ts";

const signal = new AbortController().signal;
const SETTINGS = { contextTokens: 512, threads: 2, gpuLayers: undefined };
const NAME = "smollm2-135m-instruct@q8_0";

function asking(text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: {
      kind: "chat",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: text },
      ],
    },
    maxTokens: 16,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 5000,
    stallTimeoutMs: 2000,
    ...more,
  };
}

async function opened(t: TestContext) {
  const fake = await fakeLmstudio(t, { [NAME]: { quantization: "Q8_0", bits: 8.5, size: 144_811_072 } });
  const runtime = lmstudio({ url: fake.url, loadTimeoutMs: 5000 });
  const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
  return { fake, runtime, ask };
}

describe("LM Studio", () => {
  it("names label, size and bits, and no digest; embeddings are no language models", async (t) => {
    const { runtime } = await opened(t);
    assert.deepEqual(await runtime.list({ signal }), [NAME]);
    const identity = await runtime.identify({ name: NAME }, { signal });
    assert.deepEqual(
      [identity.digest, identity.quantization, identity.bitsPerWeight, identity.parameters, identity.contextLength],
      [undefined, "Q8_0", 8.5, 135e6, 8192],
    );
    await assert.rejects(runtime.identify({ name: "other" }, { signal }), { code: "CONFIG_MODEL_MISSING" });
  });

  it("loads with a context that is read back, and unloads the instance that it loaded", async (t) => {
    const { fake, runtime } = await opened(t);
    const loaded = await runtime.load({ name: NAME }, SETTINGS, { signal });
    assert.deepEqual([loaded.loadS, loaded.contextTokens], [1.25, 512]);
    assert.equal((await runtime.inspect({ signal })).contextTokens, 512);
    await runtime.unload({ signal });
    assert.deepEqual(fake.bodies.at(-1), { path: "/api/v1/models/unload", body: { instance_id: `${NAME}:2` } });
    fake.givesContext = 256;
    await assert.rejects(runtime.load({ name: NAME }, SETTINGS, { signal }), { code: "RUNTIME_CONTEXT" });
  });

  it("streams named events: prompt progress is no token, thinking is, and the counts come last", async (t) => {
    const { fake, runtime, ask } = await opened(t);
    await runtime.load({ name: NAME }, SETTINGS, { signal });
    const reply = await ask(asking("two and two"));
    assert.deepEqual([reply.text, reply.reasoning], ["the answer is four", "hm"]);
    assert.deepEqual(reply.completion, { tokens: 5, source: "server" });
    assert.equal(requestMetrics(reply).prefillTps, undefined);
    assert.equal(requestMetrics(reply).ttftKind, "unknown");
    const body = fake.bodies.at(-1)?.body as { store: boolean; system_prompt: string; input: string };
    assert.equal(body.store, false);
    // The mark that keeps the cache out stands at the very start.
    assert.match(body.system_prompt, /^\[[0-9a-f]{8}\] Be brief\.$/);
    assert.equal(body.input, "two and two");
  });

  it("a prompt of which half was counted was cut", async (t) => {
    const { runtime, ask } = await opened(t);
    await runtime.load({ name: NAME }, SETTINGS, { signal });
    assert.equal((await ask(asking("supercalifragilistic ".repeat(600)))).isTruncated, true);
  });

  it("an error event breaks the reply", async (t) => {
    const { fake, runtime, ask } = await opened(t);
    await runtime.load({ name: NAME }, SETTINGS, { signal });
    fake.breaksAfter = 2;
    await assert.rejects(ask(asking("two")), { code: "RUNTIME_CRASHED", message: /the model was unloaded/ });
  });

  it("what its chat cannot take goes by the OpenAI route: turns, stop texts, log-probabilities", async (t) => {
    const { fake, runtime, ask } = await opened(t);
    await runtime.load({ name: NAME }, SETTINGS, { signal });
    for (const more of [{ stop: ["\n"] }, { topLogprobs: 5 }]) {
      assert.equal((await ask(asking("two", more))).text, "by the other route");
      assert.equal(fake.bodies.at(-1)?.path, "/v1/chat/completions");
    }
  });
});
