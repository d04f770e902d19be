import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import type { CalibrationInput } from "../quantize/calibration-job.ts";
import type { QuantizeManifest } from "../quantize/manifest.ts";
import { type QuantizeProgress, quantizeModel } from "../quantize/quantize-model.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { needsCalibration } from "../quantize/recipes.ts";
import { canStream } from "../quantize/stream-weights.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { embedData } from "./embed-data.ts";
import { loadRecipes } from "./load-recipe.ts";
import { type ModelSource, readModelFile, refuseBrokenModel } from "./model-file.ts";
import { dataFileNames, quantizeExternal } from "./quantize-external.ts";
import { readQuantizeItems } from "./quantize-items.ts";
import { threadedRounding } from "./threaded-rounding.ts";

export interface QuantizeOptions extends ModelSource {
  /** Names, or paths of recipe files. */
  readonly recipes: readonly string[];
  /** Matrix config whose calibration items are used. */
  readonly config?: string | undefined;
  readonly outDir: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (recipe: string, progress: QuantizeProgress) => void;
}

export interface QuantizedFile {
  readonly recipe: string;
  readonly path: string;
  readonly manifestPath: string;
  readonly manifest: QuantizeManifest;
  readonly seconds: number;
}

/** Quantizes a model by each recipe into `<outDir>/<model>-<recipe>.onnx` and `.manifest.json`, both written whole or not at all. */
export async function quantize(options: QuantizeOptions): Promise<QuantizedFile[]> {
  // Starts while the model, the config and the items are read.
  const session = childSessions({ eager: true });
  try {
    const inputs = await readInputs(options);
    const files: QuantizedFile[] = [];
    for (const recipe of inputs.recipes) files.push(await quantizeBy(recipe, inputs, session, options));
    return files;
  } finally {
    await session.close();
  }
}

interface Inputs {
  readonly recipes: readonly Recipe[];
  readonly path: string;
  /** The model file as it is. */
  readonly graph: Uint8Array;
  /** The model with all of its tensors, where a recipe needs it whole. */
  readonly bytes: Uint8Array;
  readonly calibration: CalibrationInput | undefined;
  /** Recipes that go tensor by tensor, where tensors are in files of their own. */
  readonly isStreamed: (recipe: Recipe) => boolean;
}

async function readInputs(options: QuantizeOptions): Promise<Inputs> {
  const { cwd = process.cwd(), env = process.env, config, dataDir } = options;
  const recipes = await loadRecipes(options.recipes, cwd);
  const { path, bytes: graph } = await readModelFile(options);
  refuseBrokenModel(graph, path);
  const hasDataFiles = dataFileNames(graph).length > 0;
  const isStreamed = (recipe: Recipe) => hasDataFiles && canStream(recipe);
  const bytes = recipes.every(isStreamed) ? graph : await embedData(path, graph);
  const found = config === undefined ? undefined : await readQuantizeItems({ config, dataDir, cwd, env });
  const calibration = found?.items?.calibration;
  const needy = recipes.find(needsCalibration);
  if (needy !== undefined && calibration === undefined) {
    throw new HarnessError("QUANTIZE_CALIBRATION", `The recipe ${needy.id} needs calibration items`, {
      hint: "Give --config with a config that has a calibration section, or use a weight-only recipe such as w8a16.",
    });
  }
  return { recipes, path, graph, bytes, calibration, isStreamed };
}

async function quantizeBy(
  recipe: Recipe,
  { path, graph, bytes, calibration, isStreamed }: Inputs,
  session: SessionPort,
  { cwd = process.cwd(), outDir, signal, onProgress }: QuantizeOptions,
): Promise<QuantizedFile> {
  const start = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - start) / 1e9;
  const stem = join(resolve(cwd, outDir), `${basename(path, ".onnx")}-${recipe.id}`);
  if (isStreamed(recipe)) {
    const { manifest } = await quantizeExternal({
      modelPath: path,
      graph,
      recipe,
      stem,
      session,
      signal,
      onProgress: (share) => onProgress?.(recipe.id, { stage: "round", share }),
    });
    return writeManifestFile(stem, { recipe: recipe.id, manifest, seconds });
  }
  const { model, manifest } = await quantizeModel({
    model: bytes,
    recipe,
    ...(calibration === undefined ? {} : { calibration }),
    session,
    sha256,
    threads: availableParallelism(),
    roundRows: threadedRounding({ threads: availableParallelism() }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: (progress) => onProgress?.(recipe.id, progress),
  });
  return writeQuantized(stem, { recipe: recipe.id, model, manifest, seconds });
}

/** Writes a quantized model and its manifest beside each other. */
export async function writeQuantized(
  stem: string,
  made: {
    readonly recipe: string;
    readonly model: Uint8Array;
    readonly manifest: QuantizeManifest;
    readonly seconds: () => number;
  },
): Promise<QuantizedFile> {
  await atomicWrite(`${stem}.onnx`, made.model);
  return writeManifestFile(stem, made);
}

/** Writes the manifest of a model that is there already. */
async function writeManifestFile(
  stem: string,
  made: { readonly recipe: string; readonly manifest: QuantizeManifest; readonly seconds: () => number },
): Promise<QuantizedFile> {
  const { recipe, manifest } = made;
  await atomicWrite(`${stem}.manifest.json`, artifactJson(manifest));
  return { recipe, path: `${stem}.onnx`, manifestPath: `${stem}.manifest.json`, manifest, seconds: made.seconds() };
}
