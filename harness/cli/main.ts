#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { SHELLS, type Shell } from "./completion.ts";
import { declareContextCommands } from "./context-commands.ts";
import { describeError, describeUsage, EXIT } from "./exit.ts";
import { declareFrameworkCommands } from "./framework-commands.ts";
import { declareMachineCommands } from "./machine-commands.ts";
import { packageVersion } from "./package-version.ts";
import { declarePublishCommands } from "./publish-commands.ts";
import { declareStoreCommands } from "./store-commands.ts";

/** A command's work, imported only when it is called: `--help` pays for none of them. Resolves to the exit code. */
type Run<Args extends unknown[]> = (...args: Args) => Promise<number>;

const program = new Command("quantgate")
  .description("Which quantized model can I ship? An answer with error bars.")
  .version(packageVersion())
  .showSuggestionAfterError(true)
  .enablePositionalOptions()
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })
  .addHelpText(
    "after",
    "\nExit codes: 0 ship, 2 usage or config, 3 fail, 4 inconclusive, 5 environment, 6 stored data, 130/143 interrupted.\n" +
      "Run without a config, sweep judges the digits model that comes with quantgate.",
  );

/** Declares a command; `parent`: the group it belongs to. */
function command(name: string, description: string, example: string, parent: Command = program): Command {
  return parent
    .command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", `\nExample:\n  $ quantgate ${example}`);
}

function action<Args extends unknown[]>(load: () => Promise<Run<Args>>) {
  return async (...args: unknown[]): Promise<void> => {
    const run = await load();
    // Commander appends the command itself.
    process.exitCode = await run(...(args.slice(0, -1) as Args));
  };
}

const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Must be a whole number of at least ${least}.`);
    return value;
  };
const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Must be a number above 0.");
  return value;
};
const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("Must be a number from 0 to 1.");
  return value;
};
const list = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** An option that may be given several times. */
const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];

function sweepOptions(target: Command): Command {
  return target
    .argument("[config]", "matrix config; default: the embedded digits")
    .option("--matrix-config <path>", "the same as the argument")
    .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
    .option("--model-id <ids>", "models, where the config declares none", list)
    .option("--quant-tags <tags>", "quants, where the config declares none", list)
    .option("--task-bank <path>", "tasks for language models, in place of the config's dataset")
    .option("--max-images <n>", "detectors: the first n image ids, in ascending order", wholeNumber(1))
    .option("--image-ids-list <path>", "detectors: only the image ids of this file, e.g. a run's image-ids.txt")
    .option("--only <model/quant>", "narrow to one variant (and its baseline); * matches any")
    .option("--runs <n>", "trials of each cell", wholeNumber(1))
    .option("--seed <n>", "seed of every random choice", wholeNumber(0))
    .addOption(new Option("--execution-lane <lane>", "ci: time gates advise; lab: they decide").choices(["ci", "lab"]))
    .addOption(new Option("--vram-profile <profile>", "memory profile").choices(["safe", "balanced", "stress"]))
    .option("--canary-runs <n>", "baseline runs before the sweep", wholeNumber(2))
    .option("--canary-latency-variance-threshold <cv>", "latency CV above which the canary fails", positive)
    .option("--allow-polluted-frontier", "let polluted rows into frontier and recommendation")
    .option(
      "--hardware-sidecar-template <command>",
      "program to run once a cell, e.g. 'bench --model {model_id} --out {out_file}'",
    )
    .option("--hardware-sidecar-timeout-sec <n>", "limit of one sidecar", positive)
    .addOption(
      new Option("--hardware-sidecar-profile <profile>", "hardware that probes and sidecar read").choices([
        "nvidia",
        "amd",
        "cpu_only",
        "auto",
        "none",
      ]),
    )
    .option("--sidecar-profiles-config <path>", "what each sidecar profile requires")
    .option("--out-dir <dir>", "where run folders go", "results")
    .option("--json", "print JSON alone");
}

/** What a CI shows of a result. */
function ciOptions(target: Command): Command {
  return target
    .option("--junit <path>", "write JUnit XML there")
    .option("--comment <path>", "write a Markdown comment for a pull request there")
    .option("--step-summary <path>", "write a longer Markdown summary there")
    .addOption(
      new Option("--ci <system>", "github: annotations, step summary and outputs").choices(["github", "none"]),
    );
}

ciOptions(
  sweepOptions(
    command("sweep", "measure every variant beside its baseline and decide what may ship", "sweep my-config.json"),
  ),
)
  .option("--quiet", "no progress, and one line at the end")
  .option("--resume <run>", "go on with an interrupted run")
  .option("--dry-run", "print the plan and stop")
  .option("--summary-out <path>", "write the summary there as well")
  .action(action(async () => (await import("./commands/sweep.js")).runSweep));

sweepOptions(command("plan", "what a sweep would do: sweep --dry-run", "plan my-config.json")).action(
  action(async () => (await import("./commands/plan.js")).runPlan),
);

ciOptions(command("gate", "decide again from a stored run, without running anything", "gate --run results/latest"))
  .requiredOption("--run <run>", "run folder, a file in it, or a run id")
  .option("--policy <path>", "JSON file with gates (and alpha), as in a config")
  .option("--certificate <path>", "certificate.json that must vouch for times on this machine")
  .option("--baseline-ref <ref>", "compare with this recorded run too; latest: the newest that fits")
  .option("--pinned", "compare with pinned records only")
  .option("--history-dir <dir>", "judge by the history in this folder too")
  .option("--storage-root <dir>", "folder of the baselines", "baselines")
  .option("--out-dir <dir>", "where run folders are", "results")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/gate.js")).runGate));

command(
  "report",
  "Markdown, scatter data, HTML and pictures of a stored run, or of two",
  "report results/latest --out-html report.html",
)
  .argument("[run]", "summary, run folder, or a run id")
  .option("--summary <path>", "the same as the argument")
  .option("--out-md <path>", "Markdown, for a pull request")
  .option("--out-scatter <path>", "points of the frontier plot, JSON")
  .option("--out-html <path>", "one page that needs no network")
  .option("--out-svg <path>", "the main plots as one picture")
  .option("--out-png <path>", "the same as PNG")
  .addOption(new Option("--theme <theme>", "colors of the pictures").choices(["light", "dark"]).default("light"))
  .option("--include-invalid", "show rows that are kept out of the front, marked")
  .option("--compare <runs...>", "two runs side by side")
  .option("--out-dir <dir>", "where run folders are", "results")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/report.js")).runReport));

command(
  "frontier",
  "which variants are worth having: Pareto front with uncertainty, and what to ship",
  "frontier --summary results/latest",
)
  .requiredOption("--summary <path>", "summary, run folder, or a run id")
  .option("--out <path>", "write the artifact here")
  .option("--provenance-ref <ref>", "reference recorded in the artifact")
  .option("--storage-root <dir>", "keep it in the history of this hardware, lane and profile")
  .option("--objectives <metrics>", "what the front is about, comma-separated metric ids", list)
  .option("--allow-polluted-frontier", "let polluted rows take part")
  .option("--include-invalid", "show rows that fail or are not valid in the front; never recommended")
  .option("--out-dir <dir>", "where run folders are", "results")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/frontier.js")).runFrontier));

command("check", "validate artifacts against their schemas and digests; no input is a failure", "check results/latest")
  .argument("[paths...]", "files or run folders")
  .option("--summary <path>", "a summary; decided again where its run lies beside it", collect)
  .option("--frontier <path>", "a frontier; recomputed from its summary", collect)
  .option("--context <path>", "a context ceiling; recomputed from its summaries", collect)
  .option("--thermal <path>", "a thermal profile; recomputed from its summaries", collect)
  .option("--quiet", "print problems alone")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/check.js")).runCheck));

command(
  "init",
  "write a starter config: for a model and a labelled set, or for language models found here",
  "init model.onnx --images photos/",
)
  .argument("[model]", "ONNX file (data: paths are under --data-dir), GGUF file or folder, or a served model's name")
  .option("--images <dir>", "ONNX: labelled images, one sub-folder a class")
  .option("--labels <path>", "CSV (file,label) or JSON labels, where the folders are not the classes")
  .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
  .option("--out <path>", "config to write", "quantgate.json")
  .option("--force", "overwrite an existing file")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/init.js")).runInit));

command(
  "quantize",
  "quantize a model by recipes, to a target, or by a deployment profile with fallbacks",
  "quantize model.onnx --recipe u8s8,w8a16 --config my-config.json",
)
  .argument(
    "<model>",
    "ONNX file, or a folder with ONNX, safetensors or Parquet layers; data: paths are under --data-dir",
  )
  .option("--recipe <names>", "names or files, comma-separated; default: u8s8", list)
  .option(
    "--profile <name>",
    "edge, local, cloud, or a JSON or YAML file: INT2, INT4, INT8 until one keeps its minimum",
  )
  .option("--config <path>", "matrix config whose calibration items are used, and whose dataset is compared on")
  .option(
    "--calibration <path>",
    "activation rows (.jsonl, .parquet) instead of a config; without either: seeded synthetic",
  )
  .option("--modality <kind>", "text, code, image or audio, instead of the folder's metadata.json")
  .option("--min-quality <list>", "share of the original's quality to keep, by bits: 2=0.9,4=0.95", list)
  .addOption(new Option("--quality-metric <metric>", "what quality is").choices(["task", "cosine"]))
  .option("--fail-fast", "stop at the first attempt that fails")
  .option("--target-bytes <n>", "mixed precision: the best within so many packed bytes", wholeNumber(1))
  .option("--max-drop <share>", "mixed precision: the fewest bits that lose at most this share of accuracy", share)
  .option("--clean-only", "write the cleaned float model, <model>-opt.onnx, and nothing else")
  .option("--no-gptq", "round to nearest instead")
  .option("--no-spatial-groups", "cut groups in the stored order")
  .option("--no-residual-codes", "one code book instead of two")
  .option("--no-time-scales", "one activation scale for all time steps")
  .option("--no-compare", "do not run the result on the config's dataset")
  .option("--seed <n>", "seed of synthetic items", wholeNumber(0))
  .option("--workers <n>", "threads for the layers of a folder; default: one a core", wholeNumber(1))
  .option("--memory-budget <MB>", "memory for layers under way; default: 1074", positive)
  .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
  .option("--out-dir <dir>", "where the models go", ".")
  .option("--summary-out <path>", "where the Markdown summary goes; default: <model>-quantize.md in --out-dir")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/quantize.js")).runQuantize));

command("inspect", "structure and validity of an ONNX file", "inspect model.onnx")
  .argument("<model>", "ONNX file; data: paths are under --data-dir")
  .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/inspect.js")).runInspect));

command("fetch", "data and models by pinned address and digest", "fetch cifar10 --data-dir data")
  .argument("[ids...]", "what to get; default: everything in the catalog")
  .option("--list", "list what there is, and get nothing")
  .option("--catalog <path>", "another catalog (schemas/downloads.v1.schema.json)")
  .option("--data-dir <dir>", "where files go (also QUANTGATE_DATA_DIR; default data)")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/fetch.js")).runFetch));

command("evaluate", "quality and speed of one model on one dataset", "evaluate model.onnx --config my-config.json")
  .argument("<model>", "ONNX file; data: paths are under --data-dir")
  .requiredOption("--config <path>", "matrix config whose dataset is used")
  .option("--threads <n>", "intra-op threads", wholeNumber(1), 1)
  .option("--max-images <n>", "detectors: the first n image ids, in ascending order", wholeNumber(1))
  .option("--image-ids-list <path>", "detectors: only the image ids of this file, e.g. a run's image-ids.txt")
  .option("--batch-size <n>", "batch size of the evaluation loop; default: the config's", wholeNumber(1))
  .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/evaluate.js")).runEvaluate));

// A reader that has seen enough (`| head`) is no fault of ours, and what was decided keeps its exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

command(
  "certify",
  "test the gates themselves on this machine: the baseline against twins of itself",
  "certify my-config.json --comparisons 40",
)
  .argument("[config]", "matrix config; default: the embedded digits")
  .option("--comparisons <n>", "comparisons with an identical twin", wholeNumber(1), 20)
  .option("--twins <n>", "identical twins a session", wholeNumber(0), 2)
  .option("--handicapped <n>", "twins a session that are slowed by the margin", wholeNumber(0), 2)
  .option("--handicap <share>", "slow them by this share instead of the margin", positive)
  .option("--blocks <n>", "blocks a session; default: the config's runs_per_quant", wholeNumber(2))
  .option("--resume", "take over finished sessions of the same plan in --out-dir")
  .option("--max-minutes <n>", "begin no session after this long", positive)
  .option("--condition <words>", "what else the machine does meanwhile, for the record")
  .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
  .option("--out-dir <dir>", "where the sessions and certificate.json go", "results/certify")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/certify.js")).runCertify));

declareMachineCommands({ command, action, wholeNumber, share });
declareFrameworkCommands({ command, action, wholeNumber, share });
declareStoreCommands({ command, action, wholeNumber, share });
declareContextCommands({ command, action, wholeNumber, share, positive });

declarePublishCommands({ command, action });

command("explain", "any reason, finding or error code in a paragraph; all codes without one", "explain underpowered")
  .argument("[code]", "as a report, summary or error shows it")
  .option("--json", "print JSON alone")
  .action(action(async () => (await import("./commands/explain.js")).runExplain));

command("completion", "a script that completes commands and options", "completion bash")
  .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(SHELLS))
  .action(async (shell: Shell) => {
    process.exitCode = await (await import("./commands/completion.js")).runCompletion(shell, program);
  });

try {
  if (process.argv.length < 3) program.error("no command was given");
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    const isHelp = error.exitCode === 0;
    if (!isHelp) process.stderr.write(`${describeUsage(error.message)}\n`);
    process.exitCode = isHelp ? EXIT.ok : EXIT.usage;
  } else {
    const { text, exitCode } = describeError(error, process.env);
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}
