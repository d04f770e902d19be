import type { Command } from "commander";
import { list } from "./machine-commands.ts";

/** What main.ts lends: the way commands are declared, and how their work is loaded. */
export interface Declaring {
  readonly command: (name: string, description: string, example: string, parent?: Command) => Command;
  readonly action: <Args extends unknown[]>(
    load: () => Promise<(...args: Args) => Promise<number>>,
  ) => (...args: unknown[]) => Promise<void>;
  readonly wholeNumber: (least: number) => (text: string) => number;
  readonly share: (text: string) => number;
}

const load = () => import("./commands/baselines.js");

/** `baselines` with its verbs, `kpi` and `history`. */
export function declareStoreCommands(declaring: Declaring): void {
  declareBaselines(declaring);
  declareKpi(declaring);
  declareHistory(declaring);
}

function declareHistory({ command, action }: Declaring): void {
  command(
    "history",
    "every run so far: change points, alarms, drift from the pinned baseline",
    "history --test-id digits",
  )
    .option("--history-dir <dir>", "folder with history.ndjson; a sweep writes it beside its runs", "results")
    .option("--record <run>", "add this run first")
    .option("--test-id <id>", "only this test")
    .option("--parquet <path>", "write every point to this Parquet file too")
    .option("--storage-root <dir>", "folder of the baselines", "baselines")
    .option("--out-dir <dir>", "where run folders are", "results")
    .option("--json", "print JSON alone")
    .action(action(async () => (await import("./commands/history.js")).runHistory));
}

function declareKpi({ command, action, share }: Declaring): void {
  command(
    "kpi",
    "how far a run can be relied on, and whether that is enough",
    "kpi --summary results/latest/summary.json",
  )
    .requiredOption("--summary <path>", "summary.json; its journal is read, and must give the same")
    .option("--out <path>", "write kpis.json there")
    .option("--policy <path>", "JSON file with limits; flags beat it")
    .option("--max-missing-telemetry-rate <share>", "default 0.01", share)
    .option("--max-polluted-run-rate <share>", "default 0.1", share)
    .option("--min-frontier-success-rate <share>", "default 0.8", share)
    .option("--min-determinism-rate <share>", "default 1", share)
    .option(
      "--max-fallback-rate <share>",
      "quantized layers computed in floating point; not judged unless given",
      share,
    )
    .option("--quantize-reports <paths>", "reports of quantize --profile; adds the rate of their fallbacks", list)
    .option("--max-ladder-fallback-rate <share>", "quantizations that fell back; not judged unless given", share)
    .option("--max-canary-failure-rate <share>", "not judged unless given", share)
    .option("--max-inconclusive-rate <share>", "not judged unless given", share)
    .option("--out-dir <dir>", "where run folders are", "results")
    .option("--json", "print JSON alone")
    .action(action(async () => (await import("./commands/kpi.js")).runKpi));
}

function declareBaselines({ command, action, wholeNumber }: Declaring): void {
  const group = command("baselines", "approved results, and what a run is compared with", "baselines list");
  const verb = (name: string, description: string, example: string): Command =>
    command(name, description, `baselines ${example}`, group)
      .option("--storage-root <dir>", "folder of the store", "baselines")
      .option("--json", "print JSON alone");
  const identity = (target: Command): Command =>
    target
      .option("--test-id <id>", "test; default: the matrix's name")
      .option("--task-revision <rev>", "revision of the task; default: the run's")
      .option("--hardware-fingerprint <hash>", "hardware that must match; default: the run's, or this machine's");
  const run = (target: Command): Command => target.option("--out-dir <dir>", "where run folders are", "results");
  const oneRecord = (target: Command): Command =>
    target
      .requiredOption("--baseline-ref <ref>", "run id of the record")
      .option("--test-id <id>", "test, where the ref is recorded for several");

  run(identity(verb("record", "record a passing run as a baseline", "record --run results/latest")))
    .requiredOption("--run <run>", "run folder, a file in it, or a run id")
    .option("--force", "record it whatever its verdict; the audit log says so")
    .option("--reason <text>", "why, for the audit log")
    .action(action(async () => (await load()).runRecord));

  identity(verb("list", "records, newest last", "list --test-id digits")).action(
    action(async () => (await load()).runList),
  );

  oneRecord(verb("show", "one record as JSON", "show --baseline-ref RUN")).action(
    action(async () => (await load()).runShow),
  );

  run(
    identity(verb("resolve", "which record a run would be compared with, or why none", "resolve --run results/latest")),
  )
    .option("--run <run>", "run to find the baseline of")
    .option("--baseline-ref <ref>", "exactly this record, or none")
    .option("--pinned", "only pinned records")
    .action(action(async () => (await load()).runResolve));

  verb("health", "compare the store with its audit log; corrupt records are set aside", "health")
    .option("--deep", "read every record, not only those that changed")
    .option("--repair", "take in whole records that the log does not know; a damaged log is replaced")
    .action(action(async () => (await load()).runHealth));

  verb("prune", "remove all but the newest unpinned records of each test", "prune --keep-last 10 --dry-run")
    .option("--keep-last <n>", "unpinned records to keep of each test", wholeNumber(0), 10)
    .option("--test-id <id>", "only this test")
    .option("--dry-run", "say what would be removed")
    .action(action(async () => (await load()).runPrune));

  oneRecord(verb("pin-baseline", "protect a record from prune", "pin-baseline --baseline-ref RUN"))
    .option("--reason <text>", "why, for the audit log")
    .action(action(async () => (await load()).runPin));

  oneRecord(verb("unpin-baseline", "take the protection back", "unpin-baseline --baseline-ref RUN"))
    .option("--reason <text>", "why, for the audit log")
    .action(action(async () => (await load()).runUnpin));

  run(identity(verb("compare", "a run against its baseline, cell by cell", "compare --run results/latest")))
    .requiredOption("--run <run>", "run folder, a file in it, or a run id")
    .option("--baseline-ref <ref>", "exactly this record, or none")
    .option("--pinned", "only pinned records")
    .action(action(async () => (await load()).runCompare));
}
