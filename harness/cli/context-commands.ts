import { type Command, InvalidArgumentError, Option } from "commander";
import type { Declaring } from "./store-commands.ts";

const load = () => import("./commands/context.js");

/** `context` with its verbs. */
export function declareContextCommands(declaring: Declaring & { readonly positive: (text: string) => number }): void {
  const { command, action, wholeNumber, share, positive } = declaring;
  const group = command(
    "context",
    "up to which context length a language model can be used here",
    "context ceiling --contexts 4096,8192",
  );
  const common = (target: Command): Command =>
    target
      .option("--contexts <lengths>", "lengths in tokens, comma-separated; default: the profile's", lengths)
      .option(
        "--summary-template <path>",
        "a summary of each length, {context} being it",
        "results/context_{context}.json",
      )
      .option("--adherence-min <share>", "least share of answers in the form asked for; default: the profile's", share)
      .option("--ttft-ceiling-ms <ms>", "longest time to the first token; default: the profile's", positive)
      .option("--decode-floor-tps <rate>", "least tokens a second; default: the profile's", positive)
      .option("--recall-min <share>", "least recall, as a share of that at the shortest length; default 0.8", share)
      .addOption(new Option("--execution-lane <lane>", "for the record").choices(["ci", "lab"]).default("lab"))
      .addOption(
        new Option("--vram-profile <profile>", "lengths and limits")
          .choices(["safe", "balanced", "stress"])
          .default("safe"),
      )
      .option("--provenance-ref <ref>", "reference recorded in the artifacts")
      .option("--json", "print JSON alone");

  common(
    command(
      "sweep",
      "run the lengths against a server: load, fill to the token, recall, time",
      "context sweep --runtime ollama --model qwen2.5:7b --contexts auto",
      group,
    ),
  )
    .addOption(
      new Option("--runtime <name>", "kind of server")
        .choices(["ollama", "llama-server", "openai", "lmstudio", "node-llama-cpp", "command"])
        .makeOptionMandatory(),
    )
    .requiredOption("--model <name>", "model, as the server names it")
    .option("--url <url>", "address of a running server")
    .option("--command <words>", "llama-server, command: program and arguments to start for each length")
    .option("--api-key-env <name>", "environment variable that holds the API key")
    .option("--file <path>", "GGUF file, where the server is started on one; predicts memory")
    .option("--model-id <id>", "model in the artifacts; default: --model")
    .option("--quant-tag <tag>", "quantization in the artifacts; default: as the server says")
    .option("--min-context <tokens>", "auto: first length", wholeNumber(256), 1024)
    .option("--max-context <tokens>", "auto: last length; default: what the model was made for", wholeNumber(256))
    .option("--resolution <share>", "auto: how near the failing length must be", positive, 0.125)
    .option("--seeds <n>", "texts a length", wholeNumber(1), 3)
    .option("--depths <shares>", "places of the codes; default 0,.25,.5,.75,1", shares)
    .option("--threads <n>", "threads of the server; 0: it chooses", wholeNumber(0), 0)
    .option("--gpu-layers <n>", "layers on the accelerator; default: the server chooses", wholeNumber(0))
    .option("--request-timeout-sec <s>", "longest request", positive, 600)
    .action(action(async () => (await load()).runContextSweep));

  common(
    command("ceiling", "decide the ceiling from stored summaries", "context ceiling --contexts 4096,8192,16384", group),
  )
    .option("--out <path>", "write the artifact here")
    .option("--storage-root <dir>", "keep it in the history of this hardware, lane and profile")
    .action(action(async () => (await load()).runContextCeiling));
}

function lengths(text: string): "auto" | number[] {
  if (text.trim() === "auto") return "auto";
  const values = text.split(",").map(Number);
  if (values.length === 0 || values.some((value) => !Number.isInteger(value) || value < 1))
    throw new InvalidArgumentError("Must be auto, or whole numbers of at least 1, comma-separated.");
  return values;
}

function shares(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.some((value) => !(value >= 0 && value <= 1)))
    throw new InvalidArgumentError("Must be numbers from 0 to 1, comma-separated.");
  return values;
}
