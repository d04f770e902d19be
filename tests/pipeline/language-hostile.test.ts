import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { sendJson, serve } from "../fixtures/language/local-server.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const KEY = "sk-never-write-this-down";
const TASKS = 4;

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string) => event({ choices: [{ index: 0, delta: { content } }] });
const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const usage = (tokens: number) => event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens } });
const DONE = "data: [DONE]\n\n";

function stream(response: ServerResponse, parts: readonly (string | Uint8Array)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const part of parts) response.write(part);
  response.end(DONE);
}

const well = (response: ServerResponse) => stream(response, [delta("four"), finish, usage(1)]);

interface Trap {
  readonly name: string;
  readonly react: (response: ServerResponse, nth: number) => void;
  /** Code that the finding names; undefined: the trap is borne. */
  readonly code: string | undefined;
  readonly finding: "REQUESTS_FAILED" | "TOKEN_COUNT_ODD" | undefined;
}

const TRAPS: readonly Trap[] = [
  { name: "headers that do not come", react: () => undefined, code: "RUNTIME_TIMEOUT", finding: "REQUESTS_FAILED" },
  {
    name: "headers that come late and a stream that then stalls",
    react: (response) => void setTimeout(() => response.writeHead(200).write(delta("fo")), 50),
    code: "RUNTIME_TIMEOUT",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "half a UTF-8 character",
    react: (response) =>
      stream(response, [Buffer.from('data: {"choices":[{"delta":{"content":"\xc3"}}]}\n\n', "latin1")]),
    code: "RUNTIME_PROTOCOL",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "a line that is not JSON",
    react: (response) => stream(response, ["data: {oops\n\n"]),
    code: "RUNTIME_PROTOCOL",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "429 whose Retry-After is honored",
    react: (response, nth) =>
      nth % 2 === 1 ? response.writeHead(429, { "retry-after": "0.02" }).end() : well(response),
    code: undefined,
    finding: undefined,
  },
  {
    name: "429 whose Retry-After is an hour",
    react: (response) => response.writeHead(429, { "retry-after": "3600" }).end(),
    code: "RUNTIME_UNAVAILABLE",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "500 that repeats the key",
    react: (response) => sendJson(response, { error: { message: `no, ${KEY} is not welcome` } }, 500),
    code: "RUNTIME_CRASHED",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "a reset",
    react: (response) => {
      response.writeHead(200).write(delta("fo"));
      setTimeout(() => response.socket?.resetAndDestroy(), 10);
    },
    code: "RUNTIME_CRASHED",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "a line of a megabyte",
    react: (response) => stream(response, [delta("x".repeat(1 << 20))]),
    code: "RUNTIME_PROTOCOL",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "an error in the middle of the stream that repeats the key",
    react: (response) => stream(response, [delta("fo"), event({ error: { message: `${KEY} ran out` } })]),
    code: "RUNTIME_CRASHED",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "the key as an answer",
    react: (response) => stream(response, [delta(`four, by ${KEY}`), finish, usage(1)]),
    code: "RUNTIME_PROTOCOL",
    finding: "REQUESTS_FAILED",
  },
  {
    name: "wrong token counts",
    react: (response) => stream(response, [delta("fo"), delta("u"), delta("r"), finish, usage(1)]),
    code: undefined,
    finding: "TOKEN_COUNT_ODD",
  },
];

const bank = {
  schema_version: "quantgate.task_bank.v1",
  id: "traps",
  title: "Traps",
  max_tokens: 16,
  groups: [
    { id: "all", title: "All" },
    { id: "trap", title: "Trap" },
  ],
  tasks: Array.from({ length: TASKS }, (_, i) => ({
    id: `t${i}`,
    group: i === 1 ? "trap" : "all",
    messages: [{ role: "user", content: i === 1 ? "This is the trap" : `Say four for the time number ${i}` }],
    checks: [{ kind: "exact", value: "four" }],
    reference: "four",
    wrong: [{ answer: "five" }],
  })),
};

for (const { name, react, code, finding } of TRAPS) {
  test(`${name}: the sweep goes on, and ${code ?? finding ?? "nothing"} is told`, async (t) => {
    let asked = 0;
    const url = await serve(t, (request, response, text) => {
      if (request.url === "/v1/models") return sendJson(response, { data: [{ id: "tiny-a" }, { id: "tiny-b" }] });
      const isTrap = text.includes("This is the trap") && JSON.parse(text).model === "tiny-b";
      return isTrap ? react(response, ++asked) : well(response);
    });
    const folder = await scratchFolder(t);
    writeFileSync(join(folder, "bank.json"), JSON.stringify(bank));
    const config = join(folder, "config.json");
    writeFileSync(
      config,
      JSON.stringify({
        schema_version: "quantgate.config.v1",
        name: "hostile",
        dataset: { kind: "task-bank", path: "bank.json" },
        runtime: { kind: "openai" },
        models: [{ id: "tiny", tags: { A: "tiny-a", B: "tiny-b" } }],
        language: {
          url: `${url}/v1`,
          api_key_env: "TEST_KEY",
          allow_unverified: true,
          // Short for those that stall alone: others are not to be taken for one on a busy machine.
          stall_timeout_sec: code === "RUNTIME_TIMEOUT" ? 0.3 : 30,
          request_timeout_sec: code === "RUNTIME_TIMEOUT" ? 2 : 60,
        },
        quants: [
          { id: "A", kind: "tag", role: "baseline" },
          { id: "B", kind: "tag" },
        ],
        runs_per_quant: 2,
        canary: { runs: 2, latency_cv_threshold: 100 },
      }),
    );
    const env = { ...process.env, TEST_KEY: KEY };
    const { summary, runFolder } = await sweep({ config, outDir: join(folder, "out"), env });
    const [a, b] = summary.rows;
    assert.deepEqual([a?.trials.completed, b?.trials.completed], [2, 2], "every trial was run");
    assert.equal(a?.correct, TASKS);
    const lost = (b?.token_metrics?.requests.failed ?? 0) + (b?.token_metrics?.requests.timed_out ?? 0);
    assert.deepEqual([b?.correct, lost], finding === "REQUESTS_FAILED" ? [TASKS - 1, 2] : [TASKS, 0]);
    const told = summary.findings.filter(({ subject }) => subject === b?.cell_id);
    if (finding !== undefined) {
      const message = told.find((one) => one.code === finding)?.message ?? "";
      assert.match(message, new RegExp(code ?? "sent 3 chunks"));
    } else assert.ok((b?.token_metrics?.requests.retries ?? 0) >= 2);
    for (const entry of readdirSync(runFolder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      assert.equal(readFileSync(join(entry.parentPath, entry.name), "latin1").includes(KEY), false, entry.name);
    }
  });
}
