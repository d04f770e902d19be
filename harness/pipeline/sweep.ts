import { dirname, join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { EndLine, JournalHeader } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import { planRandom } from "../plan/plan-random.ts";
import { itemOrder } from "../plan/plan-stop.ts";
import type { ConfigFlags } from "../plan/resolve-config.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { removeTemporaries } from "../platform/files.ts";
import { hostFingerprint } from "../platform/host.ts";
import { writePrepared } from "../platform/prepared-items.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { openTorchTools } from "../runtimes/pytorch/torch-tools.ts";
import { checkConfig, embeddedConfigPath, pathRoots, readConfig, readSidecarProfiles } from "../store/config-file.ts";
import { createJournal, type Journal, type JournalWriter, resumeJournal } from "../store/journal.ts";
import { RunFolder } from "../store/run-folder.ts";
import { cacheFolder, VariantCache } from "../store/variant-cache.ts";
import { writeDecision } from "./decide.ts";
import { gatherInputs, type SweepInputs } from "./gather-inputs.ts";
import { recordHistory } from "./history.ts";
import { openRuntime, planPython } from "./open-runtime.ts";
import { prepareVariants } from "./prepare-variants.ts";
import type { OnProgress } from "./progress.ts";
import { readPriors } from "./read-priors.ts";
import { readPlan } from "./read-run.ts";
import { refuseOtherPlace } from "./refuse-other-place.ts";
import { RunLog } from "./run-log.ts";
import { writeReports } from "./run-reports.ts";
import { checkTemplate, runSidecars } from "./run-sidecars.ts";
import { runTrials } from "./run-trials.ts";
import type { TorchChecker } from "./steps/check-model.ts";
import { runPlannedSteps } from "./steps/planned-steps.ts";
import { storeBoxes } from "./stored-boxes.ts";
import { openTaskTools } from "./task-tools.ts";
import { watchTrials } from "./watch-trials.ts";
import { writeProvenance } from "./write-provenance.ts";

export interface SweepOptions {
  /** Path of a config; default: the embedded digits. */
  readonly config?: string | undefined;
  readonly flags?: ConfigFlags;
  readonly dataDir?: string | undefined;
  /** Path of a file with requirements of sidecar profiles (sidecar_profiles.v1). */
  readonly sidecarProfilesConfig?: string | undefined;
  /** MODEL/QUANT, or QUANT. */
  readonly only?: string | undefined;
  /** Default `results`. */
  readonly outDir?: string;
  /** Reference recorded in provenance. */
  readonly ref?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly clock?: Clock;
}

export interface SweepResult {
  /** 0, 3 or 4 by the suite; 5 after a canary abort. */
  readonly exitCode: number;
  readonly runFolder: string;
  readonly runId: string;
  /** Undefined after a canary abort before the first block. */
  readonly summary: Summary;
  readonly canary: CanaryReport;
}

/** Plans a sweep: reads and digests everything, runs and writes nothing. */
export async function planSweep(options: SweepOptions): Promise<SweepInputs> {
  const { only, env = process.env, cwd = process.cwd(), outDir = "results" } = options;
  const flags = await withProfiles(options, cwd);
  const configPath = options.config ?? embeddedConfigPath();
  const raw = await readConfig(resolve(cwd, configPath));
  checkTemplate(flags.sidecarTemplate ?? raw.sidecar?.template);
  return gatherInputs({
    raw,
    flags,
    roots: pathRoots({ configPath, flag: options.dataDir, env: env["QUANTGATE_DATA_DIR"], config: raw.data_dir, cwd }),
    only,
    env,
    priors: await readPriors(resolve(cwd, outDir), raw.name),
  });
}

async function withProfiles({ flags = {}, sidecarProfilesConfig }: SweepOptions, cwd: string): Promise<ConfigFlags> {
  if (sidecarProfilesConfig === undefined) return flags;
  return { ...flags, sidecarProfiles: await readSidecarProfiles(resolve(cwd, sidecarProfilesConfig)) };
}

/** The main job: plan, variants, canary, trials, aggregation, gates, artifacts. */
export async function sweep(options: SweepOptions = {}): Promise<SweepResult> {
  return sweepInputs(await planSweep(options), options);
}

/** A sweep whose plan has been made. */
export async function sweepInputs(inputs: SweepInputs, options: SweepOptions): Promise<SweepResult> {
  const { cwd = process.cwd(), outDir = "results", clock = systemClock } = options;
  const root = resolve(cwd, outDir);
  const createdAt = isoTime(clock);
  const runId = `${createdAt.replaceAll(/[-:]/g, "").replace(/\.(\d+)Z$/, ".$1Z")}-${inputs.plan.plan_digest.slice(0, 8)}`;
  const folder = await RunFolder.create(root, runId);
  await folder.write("plan.json", inputs.plan);
  const runtime = openRuntime(inputs, options.env);
  try {
    const header = await journalHeader(inputs, folder, runtime, createdAt);
    const writer = await createJournal(folder.file("journal.ndjson"), header);
    return await execute({ options, inputs, folder, runtime, writer, earlier: undefined });
  } finally {
    await runtime.close();
  }
}

/**
 * Goes on with a run that was interrupted: what its journal holds is kept, only what is missing is run. The plan is made again
 * from the stored config and must be the same (CONFIG_PLAN_MISMATCH).
 */
export async function resumeSweep(run: string, options: SweepOptions = {}): Promise<SweepResult> {
  const { cwd = process.cwd(), outDir = "results", clock = systemClock } = options;
  const folder = await RunFolder.open(run, resolve(cwd, outDir), cwd);
  const stored = await readPlan(folder);
  const { config_dir: configDir, data_dir: dataDir, only } = stored.invocation;
  const inputs =
    options.config !== undefined
      ? await planSweep(options)
      : await gatherInputs({
          raw: checkConfig(stored.config, "the config in plan.json"),
          flags: {},
          roots: { configDir: configDir ?? cwd, dataDir: resolve(cwd, options.dataDir ?? dataDir ?? "data") },
          only: only ?? undefined,
        });
  if (inputs.plan.plan_digest !== stored.plan_digest) {
    throw new HarnessError(
      "CONFIG_PLAN_MISMATCH",
      `The plan of ${folder.path} can no longer be made: config, model or data changed`,
      {
        hint: "Restore what changed, or start a new run.",
      },
    );
  }
  await removeTemporaries(folder.path);
  const runtime = openRuntime({ ...inputs, plan: stored }, options.env);
  try {
    const given = { options, inputs: { ...inputs, plan: stored }, folder, runtime };
    if (await folder.isUnstarted()) {
      const header = await journalHeader(given.inputs, folder, runtime, isoTime(clock));
      const writer = await createJournal(folder.file("journal.ndjson"), header);
      return await execute({ ...given, writer, earlier: undefined });
    }
    const { journal, writer } = await resumeJournal(folder.file("journal.ndjson"), stored.plan_digest);
    await refuseOtherPlace(journal, runtime, writer);
    return await execute({ ...given, writer, earlier: journal });
  } finally {
    await runtime.close();
  }
}

interface Execution {
  readonly options: SweepOptions;
  readonly inputs: SweepInputs;
  readonly folder: RunFolder;
  readonly runtime: Runtime<AnyMeasurement>;
  readonly writer: JournalWriter;
  readonly earlier: Journal | undefined;
}

async function execute({ options, inputs, folder, runtime, writer, earlier }: Execution): Promise<SweepResult> {
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
          order: orderOf(plan),
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

/** The random item order of a run that may stop early; empty where every item is evaluated. */
function orderOf({ stop, dataset, experimental_controls: { seed } }: Plan): Int32Array {
  return stop === undefined ? new Int32Array(0) : Int32Array.from(itemOrder(dataset.count, planRandom(seed)));
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

async function journalHeader(
  { plan, dataset }: SweepInputs,
  folder: RunFolder,
  runtime: Runtime<AnyMeasurement>,
  createdAt: string,
): Promise<JournalHeader> {
  const versions = await runtime.versions();
  const { hard, soft, hardFacts, softFacts } = hostFingerprint();
  return {
    schema_version: "quantgate.journal.v1",
    kind: "header",
    run_id: folder.runId,
    plan: plan.plan_digest,
    created_at: createdAt,
    host: { hard, soft, facts: { ...hardFacts, ...softFacts } },
    tool_versions: { ...versions },
    seed: plan.experimental_controls.seed,
    rng: plan.experimental_controls.rng,
    labels: await folder.putArray("i32", [dataset.count], dataset.labels),
    ...(dataset.boxes === undefined ? {} : { boxes: await storeBoxes(folder, dataset.boxes) }),
    ...(plan.stop === undefined ? {} : { order: await folder.putArray("i32", [dataset.count], orderOf(plan)) }),
  };
}
