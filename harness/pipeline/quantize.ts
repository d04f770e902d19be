import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { loadDataset } from "../datasets/load-dataset.ts";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { planRandom } from "../plan/plan-random.ts";
import { resolveConfig } from "../plan/resolve-config.ts";
import { stratifiedOrder } from "../plan/stratified-order.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import type { CalibrationInput } from "../quantize/calibrate.ts";
import type { QuantizeManifest } from "../quantize/manifest.ts";
import { type QuantizeProgress, quantizeModel } from "../quantize/quantize-model.ts";
import { needsCalibration, resolveRecipe } from "../quantize/recipes.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { pathRoots, readConfig, resolvePath } from "../store/config-file.ts";
import { type ModelSource, readModelFile, refuseBrokenModel } from "./model-file.ts";
import { rowDataset } from "./row-dataset.ts";

export interface QuantizeOptions extends ModelSource {
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
  const recipes = options.recipes.map((name) => resolveRecipe(name));
  const { path, bytes } = await readModelFile(options);
  refuseBrokenModel(bytes, path);
  const calibration = await readCalibrationItems(options);
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
      const { model, manifest } = await quantizeModel({
        model: bytes,
        recipe,
        ...(calibration === undefined ? {} : { calibration }),
        session,
        sha256,
        threads: availableParallelism(),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onProgress: (progress) => options.onProgress?.(recipe.id, progress),
      });
      const stem = join(resolve(options.cwd ?? ".", options.outDir), `${basename(path, ".onnx")}-${recipe.id}`);
      await atomicWrite(`${stem}.onnx`, model);
      await atomicWrite(`${stem}.manifest.json`, artifactJson(manifest));
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      files.push({ recipe: recipe.id, path: `${stem}.onnx`, manifestPath: `${stem}.manifest.json`, manifest, seconds });
    }
    return files;
  } finally {
    await session.close();
  }
}

async function readCalibrationItems(options: QuantizeOptions): Promise<CalibrationInput | undefined> {
  const { config: configPath, cwd = process.cwd(), env = process.env } = options;
  if (configPath === undefined) return undefined;
  const raw = await readConfig(resolve(cwd, configPath));
  const roots = pathRoots({
    configPath,
    flag: options.dataDir,
    env: env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd,
  });
  const { calibration, seed } = resolveConfig(raw, {}).config;
  if (calibration === undefined) return undefined;
  const dataset = await loadDataset(rowDataset(calibration.dataset), {
    resolvePath: (path) => resolvePath(path, roots),
  });
  return { items: dataset.items, indices: stratifiedOrder(dataset.labels, calibration.count, planRandom(seed)) };
}
