import { resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { JournalHeader } from "../domain/generated/journal-v1.ts";
import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import type { ConfigFlags } from "../plan/resolve-config.ts";
import { runOrder } from "../plan/run-order.ts";
import { isoTime, systemClock } from "../platform/clock.ts";
import { removeTemporaries } from "../platform/files.ts";
import { hostFingerprint } from "../platform/host.ts";
import { checkConfig, embeddedConfigPath, pathRoots, readConfig, readSidecarProfiles } from "../store/config-file.ts";
import { createJournal, resumeJournal } from "../store/journal.ts";
import { RunFolder } from "../store/run-folder.ts";
import { type ExecuteOptions, executeRun, type SweepResult } from "./execute-run.ts";
import { gatherInputs, type SweepInputs } from "./gather-inputs.ts";
import { openRuntime } from "./open-runtime.ts";
import { readPriors } from "./read-priors.ts";
import { readPlan } from "./read-run.ts";
import { refuseOtherPlace } from "./refuse-other-place.ts";
import { checkTemplate } from "./run-sidecars.ts";
import { storeBoxes } from "./stored-boxes.ts";

export type { SweepResult } from "./execute-run.ts";

export interface SweepOptions extends ExecuteOptions {
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
  readonly cwd?: string;
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
    return await executeRun({ options, inputs, folder, runtime, writer, earlier: undefined });
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
          env: options.env,
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
      return await executeRun({ ...given, writer, earlier: undefined });
    }
    const { journal, writer } = await resumeJournal(folder.file("journal.ndjson"), stored.plan_digest);
    await refuseOtherPlace(journal, runtime, writer);
    return await executeRun({ ...given, writer, earlier: journal });
  } finally {
    await runtime.close();
  }
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
    ...(plan.stop === undefined ? {} : { order: await folder.putArray("i32", [dataset.count], runOrder(plan)) }),
  };
}
