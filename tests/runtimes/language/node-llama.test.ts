import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { nodeLlama } from "../../../harness/runtimes/language/node-llama/node-llama.ts";
import { StopTexts } from "../../../harness/runtimes/language/node-llama/stop-texts.ts";
import { tinyGguf } from "../../fixtures/language/tiny-gguf.ts";
import { need } from "../../fixtures/require.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const signal = new AbortController().signal;

/** node-llama-cpp's interface, as far as it is used: a letter is a token, and it says what follows "Say: ". */
const STAND_IN = `
const state = { history: [] };
const letters = (text) => [...text].map((one) => one.codePointAt(0));
export async function getModuleVersion() { return "3.0.0-fake"; }
export async function getLlama(options) {
  console.log("a library that writes to standard output");
  if (options.build !== "never") throw new Error("it would build");
  return {
    async loadModel({ modelPath }) {
      if (modelPath.includes("abort")) process.abort();
      return {
        tokenize: (text) => letters(text),
        detokenize: (tokens) => String.fromCodePoint(...tokens),
        fileInfo: { metadata: { tokenizer: { chat_template: "the template" } } },
        tokens: { bos: 1, bosString: "<s>", eosString: "</s>", shouldPrependBosToken: true },
        async createContext({ contextSize, failedCreationRemedy }) {
          if (failedCreationRemedy !== false) throw new Error("it would shrink");
          const sequence = {
            get nextTokenIndex() { return state.history.length; },
            async clearHistory() { state.history = []; },
            async adaptStateToTokens(tokens) {
              let same = 0;
              while (same < tokens.length && state.history[same] === tokens[same]) same++;
              state.history = state.history.slice(0, same);
            },
            async *evaluate(tokens) { for await (const { token } of this.evaluateWithMetadata(tokens)) yield token; },
            async *evaluateWithMetadata(tokens) {
              state.history.push(...tokens);
              const asked = String.fromCodePoint(...state.history);
              for (const token of letters(/Say: (.*)$/s.exec(asked)?.[1] ?? "ready")) {
                await new Promise((resolve) => setTimeout(resolve, 1));
                state.history.push(token);
                yield { token, probabilities: new Map([[token, 0.75], [120, 0.25]]) };
              }
            },
          };
          return { contextSize, getSequence: () => sequence };
        },
      };
    },
  };
}
`;
const JINJA = `export class Template {
  constructor(text) { this.text = text; }
  render({ messages }) { return messages.map(({ content }) => content).join("\\n"); }
}`;

function install(folder: string): void {
  for (const [name, source] of [
    ["node-llama-cpp", STAND_IN],
    ["@huggingface/jinja", JINJA],
  ] as const) {
    const path = join(folder, "node_modules", name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "package.json"), JSON.stringify({ name, type: "module", exports: "./index.js" }));
    writeFileSync(join(path, "index.js"), source);
  }
}

function asking(text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { kind: "chat", messages: [{ role: "user", content: text }] },
    maxTokens: 40,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 60_000,
    stallTimeoutMs: 60_000,
    ...more,
  };
}

async function opened(t: TestContext, name = "tiny.gguf") {
  const folder = await scratchFolder(t);
  install(folder);
  const before = process.env["QUANTGATE_MODULES_DIR"];
  process.env["QUANTGATE_MODULES_DIR"] = folder;
  const path = join(folder, name);
  tinyGguf(path);
  const runtime = nodeLlama({ loadTimeoutMs: 20_000 });
  t.after(async () => {
    await runtime.close();
    if (before === undefined) delete process.env["QUANTGATE_MODULES_DIR"];
    else process.env["QUANTGATE_MODULES_DIR"] = before;
  });
  const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
  return { runtime, ask, model: { name: "tiny", path } };
}

const SETTINGS = { contextTokens: 100, threads: 2, gpuLayers: 0 };

describe("node-llama-cpp, by a stand-in of the package", () => {
  it("runs in a process of its own, whose library may write what it likes", async (t) => {
    const { runtime, ask, model } = await opened(t);
    assert.deepEqual(await runtime.versions({ signal }), { "node-llama-cpp": "3.0.0-fake" });
    const loaded = await runtime.load(model, SETTINGS, { signal });
    assert.deepEqual([loaded.identity.quantization, loaded.contextTokens], ["Q8_0", 100]);
    const reply = await ask(asking("Say: four"));
    assert.deepEqual([reply.text, reply.tokenIds?.length, reply.prompt?.tokens, reply.finish], ["four", 4, 9, "stop"]);
    assert.ok((reply.server.promptS ?? 0) > 0);
  });

  it("keeps a prompt only where it may, and at least one token short", async (t) => {
    const { runtime, ask, model } = await opened(t);
    await runtime.load(model, SETTINGS, { signal });
    assert.equal((await ask(asking("Say: four"))).cachedTokens, 0);
    assert.equal((await ask(asking("Say: four", { cachePrompt: true, isRepeat: true }))).cachedTokens, 8);
    assert.equal((await ask(asking("Say: four"))).cachedTokens, 0);
  });

  it("gives the likeliest tokens by their natural logarithms", async (t) => {
    const { runtime, ask, model } = await opened(t);
    await runtime.load(model, SETTINGS, { signal });
    const { details } = await ask(asking("Say: a", { topLogprobs: 2 }));
    assert.deepEqual(
      details?.[0]?.top.map(({ id, logprob }) => [id, Math.exp(logprob)].map((x) => Math.round((x ?? 0) * 100) / 100)),
      [
        [97, 0.75],
        [120, 0.25],
      ],
    );
  });

  it("refuses a prompt that does not fit before the library could shift it", async (t) => {
    const { runtime, ask, model } = await opened(t);
    await runtime.load(model, SETTINGS, { signal });
    await assert.rejects(ask(asking("x".repeat(150))), { code: "RUNTIME_CONTEXT", message: /150 tokens/ });
  });

  it("ends at a stop text, and at the most tokens", async (t) => {
    const { runtime, ask, model } = await opened(t);
    await runtime.load(model, SETTINGS, { signal });
    const stopped = await ask(asking("Say: one END two", { stop: ["END"] }));
    assert.deepEqual([stopped.text, stopped.finish], ["one ", "stop"]);
    const short = await ask(asking("Say: abcdef", { maxTokens: 3 }));
    assert.deepEqual([short.text, short.finish], ["abc", "length"]);
  });

  it("a model that aborts the library ends its process, and no other", async (t) => {
    const { runtime, model } = await opened(t, "abort.gguf");
    await assert.rejects(runtime.load(model, SETTINGS, { signal }), { code: "RUNTIME_CRASHED" });
  });

  it("where it is not installed, says what to install", async (t) => {
    const { runtime, model } = await opened(t);
    process.env["QUANTGATE_MODULES_DIR"] = await scratchFolder(t);
    await assert.rejects(runtime.load(model, SETTINGS, { signal }), {
      code: "RUNTIME_UNAVAILABLE",
      message: /not installed/,
    });
  });
});

describe("StopTexts", () => {
  it("holds back what could begin a stop text, however it is cut", () => {
    for (const cut of [1, 2, 3, 5, 100]) {
      const stops = new StopTexts(["\n\n", "END"]);
      const text = "E EN ENx\ny END tail";
      let out = "";
      for (let i = 0; i < text.length; i += cut) out += stops.push(text.slice(i, i + cut));
      assert.deepEqual([out + stops.rest(), stops.isReached], ["E EN ENx\ny ", true], `cut ${cut}`);
    }
    const open = new StopTexts(["END"]);
    assert.equal(open.push("an EN") + open.rest(), "an EN");
  });
});

const modules = process.env["QUANTGATE_MODULES_DIR"] ?? "";
const gguf = process.env["QUANTGATE_GGUF"] ?? "";
const isInstalled = existsSync(join(modules, "node_modules/node-llama-cpp")) && existsSync(gguf);

describe("node-llama-cpp itself, on a real model", need("node-llama-cpp", isInstalled), () => {
  it("answers, repeats itself out of the cache, gives probabilities, and refuses what does not fit", async (t) => {
    const runtime = nodeLlama({ loadTimeoutMs: 120_000 });
    t.after(() => runtime.close());
    const ask = (request: GenerateRequest) => collectReply(runtime.generate(request, { signal }));
    const loaded = await runtime.load(
      { name: "m", path: gguf },
      { contextTokens: 512, threads: 2, gpuLayers: 0 },
      { signal },
    );
    assert.equal(loaded.contextTokens, 512);
    const text = "What is the capital of France? Answer in one short sentence.";
    const first = await ask(asking(text, { maxTokens: 24 }));
    assert.match(first.text, /Paris/);
    assert.equal(first.prompt?.tokens, (await runtime.countPrompt(asking(text).prompt, { signal }))?.tokens);
    const again = await ask(asking(text, { maxTokens: 24, cachePrompt: true, isRepeat: true, topLogprobs: 5 }));
    assert.ok((again.cachedTokens ?? 0) > 10);
    assert.deepEqual(again.tokenIds, first.tokenIds);
    for (const { top, logprob } of again.details ?? []) {
      const mass = top.reduce((sum, one) => sum + Math.exp(one.logprob), 0);
      assert.ok(top.length === 5 && mass > 0 && mass <= 1 + 1e-6, `mass ${mass}`);
      // Greedy: the token that was taken is the likeliest.
      assert.ok(Math.abs((top[0]?.logprob ?? 0) - logprob) < 1e-6 && logprob <= 0);
    }
    assert.ok(
      (again.details ?? []).some(({ logprob }) => logprob < -1e-3),
      "probabilities of the model, not of the sampler",
    );
    await assert.rejects(ask(asking("word ".repeat(900))), { code: "RUNTIME_CONTEXT" });
  });
});
