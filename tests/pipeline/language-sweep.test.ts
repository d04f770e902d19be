import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readRun } from "../../harness/pipeline/read-run.ts";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { fakeOllama } from "../fixtures/language/fake-ollama.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const TASKS = 12;

/** A bank whose tasks want their own number back. */
function bank(answer: (i: number) => string) {
  const groups = ["even", "odd"];
  return {
    schema_version: "quantgate.task_bank.v1",
    id: "numbers",
    title: "Numbers",
    max_tokens: 40,
    groups: groups.map((id) => ({ id, title: id })),
    tasks: Array.from({ length: TASKS }, (_, i) => ({
      id: `n${i}`,
      group: groups[i % 2],
      messages: [{ role: "user", content: `Say the words of number ${i} please` }],
      checks: [{ kind: "exact", value: answer(i) }],
      adherence: [{ kind: "count", unit: "words", max: 6 }],
      reference: answer(i),
      wrong: [{ answer: "no such thing" }],
    })),
  };
}

function write(folder: string, config: object, tasks: object): string {
  writeFileSync(join(folder, "bank.json"), JSON.stringify(tasks));
  const path = join(folder, "config.json");
  const all = {
    schema_version: "quantgate.config.v1",
    name: "language",
    dataset: { kind: "task-bank", path: "bank.json" },
    ...config,
  };
  writeFileSync(path, JSON.stringify(all));
  return path;
}

const SIMULATED = {
  models: [{ id: "m" }],
  runtime: { kind: "simulated" },
  quants: [
    { id: "F16", kind: "simulated", role: "baseline", accuracy: 1, bytes: 2000 },
    { id: "Q8_0", kind: "simulated", accuracy: 1, discordance: 0, bytes: 1000, decode_tps: 90, failure_rate: 0.05 },
    { id: "Q2_K", kind: "simulated", accuracy: 0.2, discordance: 0.8, bytes: 500, decode_tps: 90 },
  ],
  runs_per_quant: 6,
  gates: [{ id: "success_drop", margin: 0.35 }],
};

test("a simulated sweep over tasks scores, times and decides, and its journal gives the same again", async (t) => {
  const folder = await scratchFolder(t);
  const config = write(
    folder,
    SIMULATED,
    bank((i) => `number ${i} it is`),
  );
  const { summary, runFolder, canary } = await sweep({ config, outDir: join(folder, "out") });
  assert.equal(canary.verdict, "ok");
  assert.deepEqual([summary.simulated, summary.dataset.item_noun, summary.rows.length], [true, "tasks", 3]);
  const [f16, q8, q2] = summary.rows;
  assert.deepEqual([f16?.accuracy?.value, q2?.verdict], [1, "fail"]);
  assert.equal(q8?.token_metrics_status, "OK");
  assert.ok((q8?.token_metrics?.ttft.uncached_s ?? 0) > 0 && (q8?.token_metrics?.ttft.cold_s ?? 0) > 0);
  assert.ok((q8?.token_metrics?.requests.failed ?? 0) > 0, "some requests fail");
  assert.ok(summary.findings.some(({ code, subject }) => code === "REQUESTS_FAILED" && subject === "m/Q8_0"));
  assert.equal(q2?.per_class.length, 2);
  assert.ok((q2?.adherence?.n ?? 0) === TASKS);
  const opened = await RunFolder.open(runFolder, folder);
  const { record } = await readRun(opened);
  assert.ok(record.trials.every(({ state }) => state === "completed"));
});

test("a stored answer that was changed is found", async (t) => {
  const folder = await scratchFolder(t);
  const config = write(
    folder,
    { ...SIMULATED, runs_per_quant: 2 },
    bank((i) => `number ${i} it is`),
  );
  const { runFolder } = await sweep({ config, outDir: join(folder, "out") });
  const arrays = join(runFolder, "arrays");
  const replies = readdirSync(arrays).filter(
    (name) => name.endsWith(".u8") && readFileSync(join(arrays, name), "utf8").includes('"success":1'),
  );
  assert.ok(replies.length > 0);
  const file = join(arrays, replies[0] as string);
  writeFileSync(file, readFileSync(file, "utf8").replace('"success":1', '"success":0'));
  await assert.rejects(readRun(await RunFolder.open(runFolder, folder)), { code: "STORE_CORRUPT" });
});

const KEY = "sk-do-not-write-me-down";

function ollamaConfig(url: string) {
  return {
    models: [{ id: "tiny", template: "tiny:{quant_ollama}" }],
    runtime: { kind: "ollama" },
    language: { url, api_key_env: "TEST_KEY", context_tokens: 512, stall_timeout_sec: 2, request_timeout_sec: 5 },
    quants: [{ id: "F16", kind: "tag", role: "baseline" }, "Q8_0", "Q4_K_M"],
    runs_per_quant: 2,
    canary: { latency_cv_threshold: 100 },
  };
}

test("a sweep over a provider's tags binds each to its digest, refuses a false label, and keeps the key to itself", async (t) => {
  const fake = await fakeOllama(t, {
    "tiny:fp16": { quantization: "F16", digest: "a".repeat(64), size: 2_000_000, answer: "the answer is four" },
    "tiny:q8_0": { quantization: "Q8_0", digest: "b".repeat(64), size: 1_062_500, answer: "the answer is four" },
    "tiny:q4_K_M": { quantization: "Q8_0", digest: "c".repeat(64), size: 1_062_500, answer: "the answer is four" },
  });
  const folder = await scratchFolder(t);
  const config = write(
    folder,
    ollamaConfig(fake.url),
    bank(() => "the answer is four"),
  );
  const env = { ...process.env, TEST_KEY: KEY };
  const { summary, runFolder } = await sweep({ config, outDir: join(folder, "out"), env });
  const [f16, q8, q4] = summary.rows;
  assert.deepEqual([f16?.correct, f16?.model_sha256, f16?.weights?.name], [TASKS, "a".repeat(64), "tiny:fp16"]);
  assert.deepEqual([q8?.correct, q8?.weights?.quantization, q8?.bytes_on_disk], [TASKS, "Q8_0", 1_062_500]);
  assert.equal(q4?.verdict, "fail");
  assert.match(
    summary.findings.find(({ code }) => code === "VARIANT_FAILED")?.message ?? "",
    /weights are Q8_0, and the quant is called Q4_K_M/,
  );
  for (const name of readdirSync(runFolder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    assert.equal(readFileSync(join(name.parentPath, name.name), "latin1").includes(KEY), false, name.name);
  }
});

test("a model that is swapped under its tag during the sweep fails its trials, and the others go on", async (t) => {
  const fake = await fakeOllama(t, {
    "tiny:fp16": { quantization: "F16", digest: "a".repeat(64), answer: "the answer is four" },
    "tiny:q8_0": { quantization: "Q8_0", digest: "b".repeat(64), answer: "the answer is four" },
  });
  const folder = await scratchFolder(t);
  const config = write(
    folder,
    { ...ollamaConfig(fake.url), quants: [{ id: "F16", kind: "tag", role: "baseline" }, "Q8_0"] },
    bank(() => "the answer is four"),
  );
  const { summary } = await sweep({
    config,
    outDir: join(folder, "out"),
    env: { ...process.env, TEST_KEY: KEY },
    onProgress: (event) => {
      if (event.kind === "canary") (fake.models.get("tiny:q8_0") as { digest: string }).digest = "d".repeat(64);
    },
  });
  const [f16, q8] = summary.rows;
  assert.deepEqual([f16?.trials.completed, q8?.trials.failed], [2, 2]);
  assert.equal(q8?.verdict === "pass", false);
});
