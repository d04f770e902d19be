// A hardware sidecar: what llama-bench measures of one file, in the words of a sidecar (docs/probes.md). Times of the prompt and of tokens
// behind it are of the lengths given, so that they can be held against a sweep over prompts of that length.
//
//   node scripts/llama-bench-sidecar.mjs --bench llama-bench --file model.gguf --prompt 240 --generate 48 [--threads N] [--repeats N] --out FILE
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    bench: { type: "string", default: "llama-bench" },
    file: { type: "string" },
    prompt: { type: "string", default: "240" },
    generate: { type: "string", default: "48" },
    threads: { type: "string", default: "2" },
    repeats: { type: "string", default: "5" },
    out: { type: "string" },
  },
});
const { prompt, generate, threads, repeats } = values;
const run = (...sizes) =>
  JSON.parse(
    execFileSync(values.bench, ["-m", values.file, "-t", threads, "-r", repeats, "-o", "json", ...sizes], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  )[0];
const prefill = run("-p", prompt, "-n", "0");
// Behind a prompt of that length: attention over it is part of each token's cost.
const decode = run("-p", "0", "-n", generate, "-d", prompt);
const answer = {
  backend: "cpu",
  // It maps the file before it starts its clock.
  model_load_ms: "NOT_APPLICABLE",
  // The first token is sampled from the prompt's last position.
  ttft_ms: prefill.avg_ns / 1e6,
  prompt_tps: prefill.avg_ts,
  generation_tps: decode.avg_ts,
};
if (values.out === undefined) console.log(JSON.stringify(answer));
else writeFileSync(values.out, JSON.stringify(answer));
