import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { tinyGguf } from "../fixtures/language/tiny-gguf.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const fixture = (name: string) => join(packageRoot(), "tests/fixtures/language", name);
const TASKS = 5;

const bank = {
  schema_version: "quantgate.task_bank.v1",
  id: "say",
  title: "Say",
  max_tokens: 40,
  groups: [{ id: "all", title: "All" }],
  tasks: Array.from({ length: TASKS }, (_, i) => ({
    id: `t${i}`,
    group: "all",
    messages: [{ role: "user", content: `Say: this is number ${i} of all` }],
    checks: [{ kind: "exact", value: `this is number ${i} of all` }],
    reference: `this is number ${i} of all`,
    wrong: [{ answer: "no" }],
  })),
};

function write(folder: string, config: object): string {
  writeFileSync(join(folder, "bank.json"), JSON.stringify(bank));
  const path = join(folder, "config.json");
  const dataset = { kind: "task-bank", path: "bank.json" };
  writeFileSync(path, JSON.stringify({ schema_version: "quantgate.config.v1", name: "likeness", dataset, ...config }));
  return path;
}

test("a sweep on llama-server tells divergence from the variant with the most bits, and determinism cold and warm", async (t) => {
  const folder = await scratchFolder(t);
  const ones = [{ name: "w", type: "Q8_0" as const, dims: [64, 4] }];
  tinyGguf(join(folder, "tiny.Q8_0.gguf"), { fileType: 7, tensors: ones });
  const fours = [{ name: "w", type: "Q4_0" as const, dims: [64, 4] }];
  tinyGguf(join(folder, "tiny.Q4_0.gguf"), { fileType: 2, tensors: fours });
  const config = write(folder, {
    models: [{ id: "tiny", gguf: "tiny.{quant}.gguf" }],
    runtime: { kind: "llama-server" },
    language: { command: [process.execPath, fixture("fake-llama-server.mjs")], context_tokens: 256, top_logprobs: 3 },
    // The variant with fewer bits is the baseline: divergence is from the most bits all the same.
    quants: [{ id: "Q4_0", kind: "tag", role: "baseline" }, "Q8_0"],
    runs_per_quant: 2,
    canary: { runs: 2, latency_cv_threshold: 100 },
  });
  const { summary, runFolder } = await sweep({ config, outDir: join(folder, "out") });
  const [q4, q8] = summary.rows;
  assert.deepEqual([q4?.correct, q8?.correct], [TASKS, TASKS]);
  assert.equal(q8?.divergence, null);
  const found = q4?.divergence;
  assert.deepEqual(
    [found?.reference_variant_id, found?.source, found?.prompts, found?.positions, found?.unmatched],
    ["tiny/Q8_0", "top-k", TASKS, TASKS * 6, 0],
  );
  assert.ok((found?.mean.value ?? 0) > 0.001 && (found?.mean.low ?? 0) <= (found?.mean.value ?? 0));
  assert.equal(found?.top_agreement.value, 1);
  const pairs = q8?.token_determinism;
  // Two trials: a pair of cold answers and one of warm ones for each task, and four of one each.
  assert.deepEqual(
    [pairs?.cold, pairs?.warm, pairs?.across].map((one) => [one?.pairs, one?.rate.value, one?.uncompared]),
    [
      [TASKS, 1, 0],
      [TASKS, 1, 0],
      [TASKS * 4, 1, 0],
    ],
  );
  const text = readFileSync(join(runFolder, "summary.md"), "utf8");
  for (const title of ["## Tokens", "## Divergence from Q8_0", "## Determinism on tokens"])
    assert.ok(text.includes(title));
  const html = readFileSync(join(runFolder, "report.html"), "utf8");
  assert.ok(html.includes("Divergence from Q8_0"));
});

test("a program of one's own is swept like a server, its digest read from itself", async (t) => {
  const folder = await scratchFolder(t);
  const config = write(folder, {
    models: [{ id: "tiny", template: "tiny/{quant}" }],
    runtime: { kind: "command" },
    language: { command: [process.execPath, fixture("fake-engine.mjs")], context_tokens: 256, top_logprobs: 2 },
    quants: [{ id: "Q8_0", kind: "tag", role: "baseline" }, "Q4_0"],
    runs_per_quant: 2,
    canary: { runs: 2, latency_cv_threshold: 100 },
  });
  const { summary } = await sweep({ config, outDir: join(folder, "out") });
  const [q8, q4] = summary.rows;
  assert.deepEqual([q8?.correct, q4?.correct, q4?.model_sha256?.length], [TASKS, TASKS, 64]);
  assert.equal(summary.provenance.tool_versions["engine"], "1.2");
  // .8 and .2 against .6 and .4, at every place.
  const expected = 0.8 * Math.log(0.8 / 0.6) + 0.2 * Math.log(0.2 / 0.4);
  assert.ok(Math.abs((q4?.divergence?.mean.value ?? 0) - expected) < 1e-4, String(q4?.divergence?.mean.value));
});

test("nothing is asked twice where the config says none", async (t) => {
  const folder = await scratchFolder(t);
  const config = write(folder, {
    models: [{ id: "tiny", template: "tiny/{quant}" }],
    runtime: { kind: "command" },
    language: { command: [process.execPath, fixture("fake-engine.mjs")], context_tokens: 256, repeat: "none" },
    quants: [{ id: "Q8_0", kind: "tag", role: "baseline" }, "Q4_0"],
    runs_per_quant: 2,
    canary: { runs: 2, latency_cv_threshold: 100 },
  });
  const { summary } = await sweep({ config, outDir: join(folder, "out") });
  assert.deepEqual(
    summary.rows.map(({ divergence, token_determinism }) => [divergence, token_determinism?.warm.pairs]),
    [
      [null, 0],
      [null, 0],
    ],
  );
});
