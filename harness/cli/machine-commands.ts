import { type Command, InvalidArgumentError, Option } from "commander";
import type { Declaring } from "./store-commands.ts";

const PROFILES = ["nvidia", "amd", "cpu_only", "auto", "none"];

/** `thermal` with `thermal run`, and `doctor`: what is about this machine. */
export function declareMachineCommands(declaring: Declaring): void {
  declareThermal(declaring);
  declareDoctor(declaring);
}

function declareThermal({ command, action, wholeNumber }: Declaring): void {
  const common = (target: Command): Command =>
    target
      .option("--cooldown-target-c <n>", "a run that starts hotter was not cooled down, °C (50)", degrees)
      .option("--polluted-thermal-threshold-c <n>", "a run that ends this hot is polluted, °C (85)", degrees)
      .option(
        "--monotonic-window <n>",
        "rises of the start temperature in a row that are a sign of heat soak (3)",
        wholeNumber(1),
      )
      .addOption(new Option("--execution-lane <lane>", "label of the artifact").choices(["ci", "lab"]))
      .addOption(
        new Option("--vram-profile <profile>", "label of the artifact").choices(["safe", "balanced", "stress"]),
      )
      .option("--provenance-ref <ref>", "reference recorded in the artifact")
      .option("--storage-root <dir>", "keep it in the history of this hardware, lane and profile")
      .option("--json", "print JSON alone");
  const group = common(
    command(
      "thermal",
      "thermal stability of repeated runs; thermal run loads the machine",
      "thermal --summaries results/a,results/b,results/c",
    ),
  )
    .option("--summaries <paths>", "summaries, run folders or run ids, in the order they were run", list)
    .option("--only <model/quant>", "one row; default: the whole run")
    .option("--out <path>", "write the artifact here")
    .option("--out-dir <dir>", "where run folders are", "results")
    .action(action(async () => (await import("./commands/thermal.js")).runThermal));
  common(
    command(
      "run",
      "load this machine block after block and see whether its speed holds",
      "thermal run --seconds 180 --blocks 3 --cool-down",
      group,
    ),
  )
    .argument("[model]", "ONNX file; data: paths are under --data-dir; default: the embedded digits")
    .option("--seconds <n>", "length of the first block; the others do the same work", positive, 180)
    .option("--blocks <n>", "blocks", wholeNumber(1), 3)
    .option("--threads <n>", "threads of the load", wholeNumber(1), 1)
    .option("--batch-size <n>", "batch size of the load", wholeNumber(1), 1)
    .option(
      "--cool-down [cap]",
      "wait between blocks until the machine is cool, at most so many seconds (300)",
      positive,
    )
    .addOption(
      new Option("--hardware-sidecar-profile <profile>", "what reads the machine").choices(PROFILES).default("auto"),
    )
    .option("--quant-tag <tag>", "what the artifact calls the model's quantization")
    .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
    .option("--out <path>", "the artifact; its plot is beside it as .svg", "thermal.json")
    .action(action(async () => (await import("./commands/thermal.js")).runThermalLoad));
}

function declareDoctor({ command, action }: Declaring): void {
  command("doctor", "what this machine can run, and what to do about each gap", "doctor --config my-config.json")
    .option("--config <path>", "check the data and models of this config too")
    .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
    .option("--quick", "leave out the burn-in of some seconds")
    .option("--json", "print JSON alone")
    .action(action(async () => (await import("./commands/doctor.js")).runDoctor));
}

/** Comma-separated values. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function degrees(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Must be a temperature in °C.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Must be a number above 0.");
  return value;
}
