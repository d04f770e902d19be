import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { GREEDY } from "../../harness/domain/language-runtime.ts";
import { type SweepResult, sweep } from "../../harness/pipeline/sweep.ts";
import { collectReply } from "../../harness/runtimes/language/collect-reply.ts";
import { llamaServer } from "../../harness/runtimes/language/llama-server.ts";
import { need } from "../fixtures/require.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** A real model file, and the words that start a real llama-server. */
const gguf = process.env["QUANTGATE_GGUF"] ?? "";
const command = (process.env["QUANTGATE_LLAMA_SERVER"] ?? "").split(" ").filter(Boolean);
const signal = new AbortController().signal;

const bank = {
  schema_version: "quantgate.task_bank.v1",
  id: "two",
  title: "Two tasks",
  max_tokens: 40,
  groups: [{ id: "all", title: "All" }],
  tasks: ["What is the capital of France?", "Name three colors and say where they are seen."].map((content, i) => ({
    id: `t${i}`,
    group: "all",
    messages: [{ role: "user", content }],
    checks: [{ kind: "regex", pattern: i === 0 ? "Paris" : "\\w+" }],
    reference: i === 0 ? "Paris" : "red",
    wrong: [{ answer: i === 0 ? "Rome" : "." }],
  })),
};

/** The same weights twice: a sweep needs something to compare. */
async function sweepReal(t: TestContext, kind: "llama-server" | "node-llama-cpp"): Promise<SweepResult> {
  const folder = await scratchFolder(t);
  writeFileSync(join(folder, "bank.json"), JSON.stringify(bank));
  const config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      schema_version: "quantgate.config.v1",
      name: "real",
      dataset: { kind: "task-bank", path: "bank.json" },
      models: [{ id: "smol", files: { Q4_1: gguf, other: gguf } }],
      runtime: { kind },
      language: { ...(kind === "llama-server" ? { command } : {}), context_tokens: 512, threads: 2 },
      quants: [
        { id: "Q4_1", kind: "tag", role: "baseline" },
        { id: "other", kind: "tag" },
      ],
      runs_per_quant: 2,
      canary: { latency_cv_threshold: 100 },
    }),
  );
  return sweep({ config, outDir: join(folder, "out") });
}

/** Canary, counts, rates, weights; one set of weights, asked greedily, gives the same tokens and no divergence. */
function assertMeasured({ summary, canary }: SweepResult): void {
  assert.equal(canary.verdict, "ok");
  const [own, twin] = summary.rows;
  assert.deepEqual([own?.token_metrics_status, own?.token_metrics?.tokens.source], ["OK", "server"]);
  assert.deepEqual([own?.trials.completed, own?.token_metrics?.requests.failed], [2, 0]);
  assert.ok((own?.token_metrics?.throughput.generation_tokens_per_second ?? 0) > 0);
  assert.ok((own?.token_metrics?.ttft.uncached_s ?? 0) > 0);
  assert.ok((own?.weights?.bits_per_weight ?? 0) > 5);
  assert.equal(own?.token_determinism?.cold.rate.value, 1);
  assert.ok((own?.token_determinism?.warm.pairs ?? 0) > 0);
  assert.ok((twin?.divergence?.positions ?? 0) > 10);
  assert.ok(Math.abs(twin?.divergence?.mean.value ?? 1) < 1e-3);
}

const modules = process.env["QUANTGATE_MODULES_DIR"] ?? "";
const hasLibrary = existsSync(join(modules, "node_modules/node-llama-cpp")) && existsSync(gguf);

describe("node-llama-cpp itself", need("node-llama-cpp", hasLibrary), () => {
  it("is swept on a real model like a server", async (t) => {
    assertMeasured(await sweepReal(t, "node-llama-cpp"));
  });
});

describe("llama-server itself, on a real model", need("llama-server", existsSync(gguf) && command.length > 0), () => {
  it("is swept with canary, gates, divergence and determinism, and its counts are its own", async (t) => {
    assertMeasured(await sweepReal(t, "llama-server"));
  });

  it("refuses an over-long prompt with both counts", async (t) => {
    const runtime = llamaServer({ command, route: "native", loadTimeoutMs: 120_000 });
    t.after(() => runtime.close());
    await runtime.load({ name: "m", path: gguf }, { contextTokens: 256, threads: 2, gpuLayers: undefined }, { signal });
    const prompt = { kind: "raw" as const, text: "The ferry lands in any weather. ".repeat(60) };
    const request = {
      prompt,
      maxTokens: 8,
      sampling: GREEDY,
      cachePrompt: false,
      timeoutMs: 60_000,
      stallTimeoutMs: 60_000,
    };
    await assert.rejects(collectReply(runtime.generate(request, { signal })), {
      code: "RUNTIME_CONTEXT",
      message: /\d+ tokens, and the context has 256/,
    });
  });
});
