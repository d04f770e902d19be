import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import type { CalibrationInput } from "../quantize/calibrate.ts";
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
  const { cwd = process.cwd(), env = process.env, config, dataDir } = options;
  const recipes = await loadRecipes(options.recipes, cwd);
  const { path, bytes: graph } = await readModelFile(options);
  refuseBrokenModel(graph, path);
  // Where tensors are in files of their own, what can go tensor by tensor does.
  const isStreamed = (recipe: Recipe) => hasDataFiles && canStream(recipe);
  const hasDataFiles = dataFileNames(graph).length > 0;
  const bytes = recipes.every(isStreamed) ? graph : await embedData(path, graph);
  const found = config === undefined ? undefined : await readQuantizeItems({ config, dataDir, cwd, env });
  const calibration: CalibrationInput | undefined = found?.items?.calibration;
  const needy = recipes.find(needsCalibration);
  if (needy !== undefined && calibration === undefined) {
    throw new HarnessError("QUANTIZE_CALIBRATION", `The recipe ${needy.id} needs calibration items`, {
      hint: "Give --config with a config that has a calibration section, or use a weight-only recipe such as w8a16.",
    });
  }
  const session = childSessions();
  try {
    const files: QuantizedFile[] = [];
    for (const recipe of recipes) {
      const start = process.hrtime.bigint();
      const seconds = () => Number(process.hrtime.bigint() - start) / 1e9;
      const stem = join(resolve(cwd, options.outDir), `${basename(path, ".onnx")}-${recipe.id}`);
      if (isStreamed(recipe)) {
        const { signal, onProgress } = options;
        const made = await quantizeExternal({
          modelPath: path,
          graph,
          recipe,
          stem,
          session,
          signal,
          onProgress: (share) => onProgress?.(recipe.id, { stage: "round", share }),
        });
        files.push(await writeManifestFile(stem, { recipe: recipe.id, manifest: made.manifest, seconds }));
        continue;
      }
      const { model, manifest } = await quantizeModel({
        model: bytes,
        recipe,
        ...(calibration === undefined ? {} : { calibration }),
        session,
        sha256,
        threads: availableParallelism(),
        roundRows: threadedRounding({ threads: availableParallelism() }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onProgress: (progress) => options.onProgress?.(recipe.id, progress),
      });
      files.push(await writeQuantized(stem, { recipe: recipe.id, model, manifest, seconds }));
    }
    return files;
  } finally {
    await session.close();
  }
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
