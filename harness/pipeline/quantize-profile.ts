import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { QuantizeAttempt } from "../domain/generated/quantize-report-v1.ts";
import { copyFile, readBytes } from "../platform/files.ts";
import type { DeploymentProfile, ProfileSources } from "../quantize/deployment-profile.ts";
import type { QuantizeProgress } from "../quantize/quantize-model.ts";
import { MODALITIES, type Modality, type StrategyStep } from "../quantize/strategy.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { resolvePath } from "../store/config-file.ts";
import { LayerCache } from "../store/layer-cache.ts";
import { METADATA_FILE, type ModelFolder, openModelFolder, readMetadata } from "../store/model-folder.ts";
import { cacheFolder } from "../store/variant-cache.ts";
import { embedData } from "./embed-data.ts";
import { itemsFromRows, SYNTHETIC_SEED, syntheticItems, TUNING_SHARE } from "./foreign-items.ts";
import { loadProfile } from "./load-profile.ts";
import { type ModelSource, modelRoots, refuseBrokenModel } from "./model-file.ts";
import { quantizeFolder } from "./quantize-folder.ts";
import { type QuantizeItems, readQuantizeItems } from "./quantize-items.ts";
import { type LadderQuantization, type LadderRequest, quantizeByLadder } from "./quantize-ladder.ts";
import type { LayersProgress } from "./quantize-layers.ts";

export interface ProfileQuantizeOptions extends ModelSource {
  /** edge, local, cloud, or a JSON or YAML file. */
  readonly profile: string;
  /** Matrix config with labelled calibration items; ONNX only. */
  readonly config?: string | undefined;
  /** .jsonl or .parquet of activation rows. Without either, items are seeded synthetic ones. */
  readonly calibration?: string | undefined;
  readonly modality?: string | undefined;
  readonly failFast?: boolean | undefined;
  readonly disabled?: readonly StrategyStep[] | undefined;
  readonly flags?: ProfileSources["flags"] | undefined;
  readonly seed?: number | undefined;
  readonly outDir: string;
  readonly workers?: number | undefined;
  readonly budgetBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: ((attempt: QuantizeAttempt) => void) | undefined;
  readonly onProgress?: ((recipe: string, progress: QuantizeProgress) => void) | undefined;
  readonly onLayers?: ((progress: LayersProgress) => void) | undefined;
}

/** Working memory of layers under way unless said otherwise. */
const BUDGET_BYTES = 2 ** 30;

/**
 * Quantizes a model file or folder for a deployment: the fewest bits that keep the profile's minimum, every attempt on record.
 * Not reaching any minimum is a result (`passes` false, the best artifact kept), not an exception.
 */
export async function quantizeByProfile(options: ProfileQuantizeOptions): Promise<LadderQuantization> {
  const { cwd = process.cwd(), env = process.env } = options;
  const path = resolvePath(options.model, modelRoots(options));
  const flagged = modalityFlag(options.modality);
  let profile = await loadProfile({ profile: options.profile, env, cwd, flags: options.flags });
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const given = { ...options, cwd, env, disabled: new Set(options.disabled ?? []) };
  if (!isFolder) {
    const modality = flagged === undefined ? undefined : ({ value: flagged, origin: "flag" } as const);
    return quantizeFile(given, path, { profile, modality });
  }
  const folder = await openModelFolder(path);
  try {
    const modality = await folderModality(folder, flagged);
    if (folder.kind === "onnx") {
      const outDir = resolve(cwd, options.outDir, `${basename(path)}-quantized`);
      const carried = folder.otherFiles;
      const made = await quantizeFile({ ...given, outDir }, folder.weightFiles[0] as string, {
        profile,
        modality,
        carried,
      });
      for (const file of carried) await copyFile(resolve(path, file), resolve(outDir, file));
      return made;
    }
    if (options.config !== undefined) {
      throw new HarnessError("CONFIG_USAGE", "Layer files have no graph to run a config's items through.", {
        hint: "Give activation rows with --calibration instead of --config.",
      });
    }
    profile = withCosine(profile, "Layer files have no task to measure");
    return await quantizeFolder({
      folder,
      modality,
      profile,
      failFast: options.failFast ?? false,
      disabled: given.disabled,
      calibration: options.calibration === undefined ? undefined : resolve(cwd, options.calibration),
      seed: options.seed ?? SYNTHETIC_SEED,
      outDir: resolve(cwd, options.outDir),
      cache: new LayerCache(cacheFolder(env)),
      workers: options.workers ?? availableParallelism(),
      budgetBytes: options.budgetBytes ?? BUDGET_BYTES,
      signal: options.signal,
      onAttempt: options.onAttempt,
      onLayers: options.onLayers,
    });
  } finally {
    await folder.close();
  }
}

interface Chosen {
  readonly profile: DeploymentProfile;
  readonly modality: LadderRequest["modality"];
  /** Files of the folder that go with the model. */
  readonly carried?: readonly string[];
}

type Given = Omit<ProfileQuantizeOptions, "disabled"> & {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly disabled: ReadonlySet<StrategyStep>;
};

async function quantizeFile(options: Given, path: string, chosen: Chosen): Promise<LadderQuantization> {
  const { cwd, signal } = options;
  const graph = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
  refuseBrokenModel(graph, path);
  const bytes = await embedData(path, graph);
  const { items, origin } = await chooseItems(options, bytes, chosen.profile.calibration_samples);
  const profile =
    items.tuningLabels === undefined
      ? withCosine(chosen.profile, "Items without labels have no task to measure")
      : chosen.profile;
  const session = childSessions(signal === undefined ? {} : { signal });
  try {
    return await quantizeByLadder({
      model: { path, bytes },
      profile,
      failFast: options.failFast ?? false,
      modality: chosen.modality,
      disabled: options.disabled,
      items,
      itemsOrigin: origin,
      carriedOver: chosen.carried ?? [],
      outDir: resolve(cwd, options.outDir),
      session,
      signal,
      onAttempt: options.onAttempt,
      onProgress: options.onProgress,
    });
  } finally {
    await session.close();
  }
}

async function chooseItems(options: Given, model: Uint8Array, samples: number) {
  const { config, calibration, cwd, env, dataDir } = options;
  if (config !== undefined && calibration !== undefined) {
    throw new HarnessError("CONFIG_USAGE", "Both --config and --calibration name calibration items.", {
      hint: "Give one of them.",
    });
  }
  if (config !== undefined) {
    const { items } = await readQuantizeItems({ config, dataDir, cwd, env, samples, tuningShare: TUNING_SHARE });
    if (items !== undefined) return { items: items as QuantizeItems, origin: "dataset" as const };
  }
  if (calibration !== undefined) {
    return { items: await itemsFromRows(model, resolve(cwd, calibration), samples), origin: "rows" as const };
  }
  return { items: syntheticItems(model, samples, options.seed), origin: "synthetic" as const };
}

/** The profile with cosine as its metric; refused where somebody asked for the task's. */
function withCosine(profile: DeploymentProfile, why: string): DeploymentProfile {
  if (profile.quality_metric === "cosine") return profile;
  if (profile.origins["quality_metric"] === "default") return { ...profile, quality_metric: "cosine" };
  throw new HarnessError("CONFIG_INVALID", `${why}, and the profile asks for the task metric.`, {
    hint: "Set quality_metric to cosine, or give a config with labelled items.",
  });
}

function modalityFlag(value: string | undefined): Modality | undefined {
  if (value === undefined) return undefined;
  const known = MODALITIES.find((modality) => modality === value);
  if (known !== undefined) return known;
  throw new HarnessError("CONFIG_USAGE", `There is no modality '${value}'.`, {
    hint: `Known: ${MODALITIES.join(", ")}.`,
  });
}

/** The flag, else metadata.json, which must be well formed only where it is needed. */
async function folderModality(
  folder: ModelFolder,
  flagged: Modality | undefined,
): Promise<NonNullable<Chosen["modality"]>> {
  if (flagged !== undefined) return { value: flagged, origin: "flag" };
  const metadata = await readMetadata(folder.path);
  if (metadata !== undefined) return { value: metadata.modality, origin: "metadata" };
  throw new HarnessError(
    "CONFIG_MODEL_INVALID",
    `${folder.path} has no ${METADATA_FILE} that says what the model works on.`,
    {
      hint: 'Add one with {"modality": "text"} (or code, image, audio), or give --modality.',
    },
  );
}
