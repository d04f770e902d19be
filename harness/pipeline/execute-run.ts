import { dirname, join } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { EndLine } from "../domain/generated/journal-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import { runOrder } from "../plan/run-order.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { writePrepared } from "../platform/prepared-items.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { openTorchTools } from "../runtimes/pytorch/torch-tools.ts";
import type { Journal, JournalWriter } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { cacheFolder, VariantCache } from "../store/variant-cache.ts";
import { writeDecision } from "./decide.ts";
import type { SweepInputs } from "./gather-inputs.ts";
import { recordHistory } from "./history.ts";
import { planPython } from "./open-runtime.ts";
import { prepareVariants } from "./prepare-variants.ts";
import type { OnProgress } from "./progress.ts";
import { RunLog } from "./run-log.ts";
import { writeReports } from "./run-reports.ts";
import { runSidecars } from "./run-sidecars.ts";
import { runTrials } from "./run-trials.ts";
import type { TorchChecker } from "./steps/check-model.ts";
import { runPlannedSteps } from "./steps/planned-steps.ts";
import { openTaskTools } from "./task-tools.ts";
import { watchTrials } from "./watch-trials.ts";
import { writeProvenance } from "./write-provenance.ts";

export interface SweepResult {
  /** 0, 3 or 4 by the suite; 5 after a canary abort. */
  readonly exitCode: number;
  readonly runFolder: string;
  readonly runId: string;
  /** Undefined after a canary abort before the first block. */
  readonly summary: Summary;
  readonly canary: CanaryReport;
}

/** How a run is carried out, whatever its plan. */
export interface ExecuteOptions {
  /** Reference recorded in provenance. */
  readonly ref?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** A run that is planned, with its journal open. */
interface Execution {
  readonly options: ExecuteOptions;
  readonly inputs: SweepInputs;
  readonly folder: RunFolder;
  readonly runtime: Runtime<AnyMeasurement>;
  readonly writer: JournalWriter;
  /** What the journal holds of an earlier attempt. */
  readonly earlier: Journal | undefined;
}

/** Steps, variants, canary, trials, decision, artifacts, reports: what the journal does not hold yet of them. */
export async function executeRun({
  options,
  inputs,
  folder,
  runtime,
  writer,
  earlier,
}: Execution): Promise<SweepResult> {
  const { onProgress: tell = () => undefined, signal = new AbortController().signal, clock = systemClock } = options;
  const { plan } = inputs;
  const log = new RunLog(folder, clock);
  const onProgress: OnProgress = (event) => {
    log.event(event);
    tell(event);
  };
  const { env = process.env } = options;
  const cache = cacheFolder(env);
  const session = childSessions();
  const torch = openTorchTools({ python: planPython(plan, env), env, signal });
  const tools = inputs.language === undefined ? undefined : openTaskTools({ signal });
  const scoring = inputs.language && tools && { ...inputs.language, tools, known: new Map() };
  // Started first, so that they have long been reading when the first trial begins.
  const watch = earlier?.end === undefined ? watchTrials(plan, folder) : undefined;
  try {
    onProgress({ kind: "planned", plan, runFolder: folder.path, done: earlier?.trials.length ?? 0 });
    await writeImageIds(inputs, folder);
    if (earlier?.end === undefined) {
      const torchChecker: TorchChecker = (path) => torch.describe(path, inputs.dataset.items.shape);
      const steps = await runPlannedSteps(
        { inputs, folder, writer, cache, session, torch: torchChecker, signal, onProgress, env },
        earlier,
      );
      const variants = await prepareVariants(
        {
          inputs,
          folder,
          writer,
          cache: new VariantCache(cache),
          session,
          torch: torchChecker,
          signal,
          onProgress,
          steps,
        },
        earlier?.variants ?? [],
      );
      const itemsPath = plan.simulated || inputs.language !== undefined ? undefined : await prepareItems(inputs, cache);
      await watch?.ready();
      const outcome = await runTrials(
        {
          plan,
          runtime,
          scoring,
          variants,
          itemsPath,
          labels: inputs.dataset.labels,
          boxes: inputs.dataset.boxes,
          order: runOrder(plan),
          folder,
          writer,
          clock,
          signal,
          onProgress,
          watch,
        },
        earlier?.trials ?? [],
      );
      await watch?.stop();
      if (outcome.state === "complete") {
        await runSidecars(
          { plan, folder, writer, trials: outcome.trials, clock, signal, onProgress },
          earlier?.sidecars ?? [],
        );
      }
      await folder.write("canary.json", outcome.canary);
      const end: EndLine = {
        kind: "end",
        state: outcome.state,
        reason: outcome.state === "complete" ? null : outcome.reason,
      };
      await writer.write(end);
    }
    const canary = await folder.read<CanaryReport>("canary.json");
    const summary = await writeDecision(folder, { ref: options.ref });
    await writeReports(folder, { plan, summary, tell: onProgress });
    await log.close();
    await writeProvenance(folder, plan, { summary, env });
    await folder.markLatest();
    if (plan.certification !== true) await tellHistory(folder, tell);
    return {
      exitCode: summary.state === "canary-abort" ? 5 : summary.suite.exit_code,
      runFolder: folder.path,
      runId: folder.runId,
      summary,
      canary,
    };
  } finally {
    await watch?.stop();
    await session.close();
    await torch.close();
    await tools?.close();
    await writer.close();
    await log.close();
  }
}

/** The run stands by itself: a history that cannot be written is worth a warning, not the result. */
async function tellHistory(folder: RunFolder, tell: OnProgress): Promise<void> {
  const root = dirname(folder.path);
  try {
    await recordHistory({ run: folder.path, outDir: root, root });
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    tell({ kind: "warning", message: `the run is not in the history: ${error.message}` });
  }
}

/** Which images a detector was evaluated on, as --image-ids-list takes them; nothing where items have labels. */
async function writeImageIds({ dataset }: SweepInputs, folder: RunFolder): Promise<void> {
  const { boxes } = dataset;
  if (boxes === undefined) return;
  await folder.writeText(
    "image-ids.txt",
    `# ${dataset.count} image ids of ${dataset.id}\n${boxes.imageIds.join("\n")}\n`,
  );
}

async function prepareItems({ dataset }: SweepInputs, cache: string): Promise<string> {
  const path = join(cache, "items", `${dataset.digest}.items`);
  await writePrepared(path, dataset.items, dataset.labels);
  return path;
}
