import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { requestMetrics } from "../../../harness/aggregate/request-metrics.ts";
import { type GenerateRequest, GREEDY } from "../../../harness/domain/language-runtime.ts";
import type { Reply } from "../../../harness/domain/language-trial.ts";
import { collectReply } from "../../../harness/runtimes/language/collect-reply.ts";
import { openaiRuntime } from "../../../harness/runtimes/language/openai.ts";
import { runPrompts } from "../../../harness/runtimes/language/run-prompts.ts";
import { sendJson, serve } from "../../fixtures/language/local-server.ts";

const signal = new AbortController().signal;
/** Of the servers that stall; others are not to be taken for one on a busy machine. */
const STALL_MS = 300;
const LONG_MS = 30_000;
const KEY = "sk-very-secret-0123456789";

type Reaction = (response: ServerResponse, body: Record<string, unknown>) => void;

/** An OpenAI-compatible server that is well behaved for all prompts but those that say "trap". */
async function hostile(t: Parameters<typeof serve>[0], react: Reaction) {
  const seen: Record<string, unknown>[] = [];
  const url = await serve(t, (request, response, text) => {
    if (request.url === "/models") return sendJson(response, { data: [{ id: "tiny" }] });
    const body = JSON.parse(text);
    seen.push(body);
    if (text.includes("trap")) return react(response, body);
    stream(response, [delta(""), delta("four"), finish(), usage(5, 1)]);
  });
  return { runtime: openaiRuntime({ url, apiKey: KEY }), seen };
}

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string) => event({ choices: [{ index: 0, delta: { content } }] });
const finish = () => event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const usage = (prompt: number, completion: number) =>
  event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } });

function stream(response: ServerResponse, parts: readonly (string | Uint8Array)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const part of parts) response.write(part);
  response.end("data: [DONE]\n\n");
}

function request(text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { kind: "chat", messages: [{ role: "user", content: text }] },
    maxTokens: 16,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: LONG_MS,
    stallTimeoutMs: LONG_MS,
    ...more,
  };
}

/** A trial over three prompts, the second of which meets the trap. */
async function trial(
  t: Parameters<typeof serve>[0],
  react: Reaction,
  stallTimeoutMs = LONG_MS,
): Promise<readonly Reply[]> {
  const { runtime } = await hostile(t, react);
  const prompts = ["first", "trap", "third"].map((text, item) => ({
    item,
    prompt: request(text).prompt,
    maxTokens: 16,
    stop: [],
    topLogprobs: 0,
  }));
  const { replies } = await runPrompts(
    runtime,
    {
      trialId: "t",
      model: { name: "tiny" },
      digest: undefined,
      load: { contextTokens: 512, threads: 0, gpuLayers: undefined },
      prompts,
      sampling: GREEDY,
      requestTimeoutMs: LONG_MS,
      stallTimeoutMs,
      timeoutMs: 2 * LONG_MS,
    },
    { signal },
  );
  assert.equal(JSON.stringify(replies).includes(KEY), false, "the API key must not get into a reply");
  return replies;
}

const TRAPS: readonly { name: string; react: Reaction; code: string }[] = [
  { name: "headers that do not come", react: () => undefined, code: "RUNTIME_TIMEOUT" },
  {
    name: "a stream that stalls",
    react: (response) => {
      response.writeHead(200);
      response.write(delta("fo"));
    },
    code: "RUNTIME_TIMEOUT",
  },
  {
    name: "half a UTF-8 character",
    react: (response) =>
      stream(response, [Buffer.from('data: {"choices":[{"delta":{"content":"\xc3"}}]}\n\n', "latin1")]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a line that is not JSON",
    react: (response) => stream(response, ["data: {oops\n\n"]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "500",
    react: (response) => sendJson(response, { error: { message: `it broke, and your key is ${KEY}` } }, 500),
    code: "RUNTIME_CRASHED",
  },
  {
    name: "a reset connection",
    react: (response) => {
      response.writeHead(200);
      response.write(delta("fo"));
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
    code: "RUNTIME_CRASHED",
  },
  {
    name: "a line of a megabyte",
    react: (response) => stream(response, [delta("x".repeat(1 << 20))]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a stream that ends in the middle",
    react: (response) => {
      response.writeHead(200);
      response.end(delta("fo"));
    },
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a negative count",
    react: (response) => stream(response, [delta("four"), finish(), usage(5, -3)]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a text where a number belongs",
    react: (response) => stream(response, [delta("x"), event({ choices: [], usage: { prompt_tokens: "5" } })]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a stream of tokens that goes on and on",
    react: (response) => stream(response, [delta("x").repeat(40_000)]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "an event that goes on and on",
    react: (response) => stream(response, [`data: ${"x".repeat(1000)}\n`.repeat(2000)]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "an error of many megabytes",
    react: (response) => {
      response.writeHead(500);
      response.end(`${"x".repeat(1000)}\n`.repeat(20_000));
    },
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "the API key as an answer",
    react: (response) => stream(response, [delta(`you are ${KEY}`), finish(), usage(5, 1)]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "the API key as the name of a figure",
    react: (response) => stream(response, [delta("x"), event({ choices: [], timings: { [KEY]: 1 } }), finish()]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a token that is no number",
    react: (response) => stream(response, [event({ choices: [{ delta: { content: "x" }, tokens: ["x"] }] }), finish()]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "a probability above one",
    react: (response) =>
      stream(response, [
        event({ choices: [{ delta: { content: "x" }, logprobs: { content: [{ token: "x", logprob: 0.5 }] } }] }),
        finish(),
      ]),
    code: "RUNTIME_PROTOCOL",
  },
  {
    name: "429 that never ends",
    react: (response) => {
      response.writeHead(429, { "retry-after": "0" });
      response.end();
    },
    code: "RUNTIME_UNAVAILABLE",
  },
  {
    name: "429 that asks for an hour",
    react: (response) => response.writeHead(429, { "retry-after": "3600" }).end(),
    code: "RUNTIME_UNAVAILABLE",
  },
];

for (const { name, react, code } of TRAPS) {
  test(`${name}: that prompt fails with ${code}, and the next is asked`, async (t) => {
    const replies = await trial(t, react, code === "RUNTIME_TIMEOUT" ? STALL_MS : LONG_MS);
    assert.deepEqual(
      replies.map(({ state, failure }) => failure?.code ?? state),
      ["completed", code, "completed"],
    );
  });
}

test("what had arrived before a stream broke is kept", async (t) => {
  const replies = await trial(
    t,
    (response) => {
      response.writeHead(200);
      response.write(delta("fo"));
    },
    STALL_MS,
  );
  assert.deepEqual([replies[1]?.state, replies[1]?.partialText], ["timed-out", "fo"]);
});

test("a server that asks to come back is asked again after its time", async (t) => {
  let refusals = 0;
  const replies = await trial(t, (response) => {
    if (refusals++ < 2) response.writeHead(429, { "retry-after": "0.05" }).end();
    else stream(response, [delta("four"), finish(), usage(5, 1)]);
  });
  assert.deepEqual([replies[1]?.state, replies[1]?.retries], ["completed", 2]);
});

test("a character split between two packets is whole again", async (t) => {
  const bytes = Buffer.from(delta("né"), "utf8");
  const cut = bytes.indexOf(0xc3) + 1;
  const replies = await trial(t, (response) => {
    response.writeHead(200);
    response.write(bytes.subarray(0, cut));
    setTimeout(
      () => response.end(Buffer.concat([bytes.subarray(cut), Buffer.from(`${finish()}data: [DONE]\n\n`)])),
      30,
    );
  });
  assert.equal(replies[1]?.result?.text, "né");
});

test("a server that refuses usage is asked without it, and its chunks are counted as an estimate", async (t) => {
  const { runtime } = await hostile(t, (response, body) => {
    if ("stream_options" in body) sendJson(response, { error: { message: "unknown field stream_options" } }, 400);
    else stream(response, [delta(""), delta("a"), delta("b"), finish()]);
  });
  await runtime.load({ name: "tiny" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  const reply = await collectReply(runtime.generate(request("trap"), { signal }));
  assert.deepEqual(reply.completion, { tokens: 2, source: "estimated" });
  assert.equal(requestMetrics(reply).status, "TOKEN_COUNT_UNAVAILABLE");
});

test("counts that cannot be true are not used", async (t) => {
  const { runtime } = await hostile(t, (response) => {
    stream(response, [..."abcdefgh"].map(delta).concat(finish(), usage(5, 3)));
  });
  await runtime.load({ name: "tiny" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  const reply = await collectReply(runtime.generate(request("trap"), { signal }));
  const metrics = requestMetrics(reply, 16);
  assert.match(metrics.countProblem ?? "", /counts 3 tokens, and sent 8 chunks/);
  assert.equal(metrics.status, "TOKEN_COUNT_UNAVAILABLE");
});

test("an API key that arrives in pieces leaves no piece behind", async (t) => {
  const pieces = [...KEY].map((character) => delta(character));
  const [, reply] = await trial(t, (response) => stream(response, [...pieces, finish()]));
  assert.deepEqual([reply?.failure?.code, reply?.partialText], ["RUNTIME_PROTOCOL", ""]);
  assert.match(reply?.failure?.message ?? "", /repeats the API key/);
});

test("a stand-in for a key is an ordinary word of a reply", async (t) => {
  const url = await serve(t, (asked, response) =>
    asked.url === "/models"
      ? sendJson(response, { data: [{ id: "tiny" }] })
      : stream(response, [delta("use ollama"), finish(), usage(5, 2)]),
  );
  const runtime = openaiRuntime({ url, apiKey: "ollama" });
  await runtime.load({ name: "tiny" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  assert.equal((await collectReply(runtime.generate(request("hello"), { signal }))).text, "use ollama");
});

test("a key among the names of models is not told", async (t) => {
  const url = await serve(t, (_, response) => sendJson(response, { data: [{ id: `model-${KEY}` }] }));
  const runtime = openaiRuntime({ url, apiKey: KEY });
  await assert.rejects(runtime.identify({ name: "tiny" }, { signal }), (error: Error & { hint?: string }) => {
    assert.match(error.hint ?? "", /model-\[api key\]/);
    return true;
  });
});

test("what a server says of an error moves no cursor", async (t) => {
  const replies = await trial(t, (response) =>
    stream(response, [event({ error: { message: "gone\u001b[2J\u202e\nfor good" } })]),
  );
  assert.match(replies[1]?.failure?.message ?? "", /gone \[2J for good$/);
});

test("a key that no header can hold is refused at once", async () => {
  const runtime = openaiRuntime({ url: "http://127.0.0.1:9", apiKey: "two\nlines" });
  await assert.rejects(runtime.identify({ name: "tiny" }, { signal }), { code: "CONFIG_INVALID" });
});

test("a key that the server repeats is taken out of the message", async (t) => {
  const { runtime } = await hostile(t, (response) => sendJson(response, { error: { message: `bad key ${KEY}` } }, 400));
  await runtime.load({ name: "tiny" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  await assert.rejects(collectReply(runtime.generate(request("trap"), { signal })), (error: Error) => {
    assert.equal(
      `${error.message} ${(error as { hint?: string }).hint} ${(error as { body?: string }).body}`.includes(KEY),
      false,
    );
    return true;
  });
});

test("a server that is not there is unavailable, and says so", async () => {
  const runtime = openaiRuntime({ url: "http://127.0.0.1:9" });
  await assert.rejects(runtime.identify({ name: "tiny" }, { signal }), { code: "RUNTIME_UNAVAILABLE" });
});

test("an abort ends a stalled stream at once", async (t) => {
  const { runtime } = await hostile(t, () => undefined);
  await runtime.load({ name: "tiny" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  const controller = new AbortController();
  const reply = collectReply(
    runtime.generate(request("trap", { stallTimeoutMs: 60_000, timeoutMs: 60_000 }), { signal: controller.signal }),
  );
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await assert.rejects(reply, /enough/);
});
