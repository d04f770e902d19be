import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { listLabelledImages, loadImageFolder } from "../datasets/image-folder.ts";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ImageFolderDatasetConfig, MatrixConfig } from "../domain/generated/config-v1.ts";
import { planRandom } from "../plan/plan-random.ts";
import { stratifiedOrder } from "../plan/stratified-order.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { packageRoot } from "../platform/package-root.ts";
import { inspectModel } from "../quantize/inspect.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { checkConfig } from "../store/config-file.ts";
import { findPreprocessing, type PreprocessingChoice } from "./find-preprocessing.ts";
import { type ImageInput, imageInput } from "./image-input.ts";
import { type ModelSource, modelRoots, readModelFile, refuseBrokenModel } from "./model-file.ts";

export interface InitOptions extends ModelSource {
  /** Folder of labelled images. */
  readonly images: string;
  /** CSV or JSON labels file; without it the sub-folders are the classes. */
  readonly labels?: string | undefined;
  /** Config to write. */
  readonly out: string;
  /** Overwrites existing files. */
  readonly force?: boolean | undefined;
}

export interface InitResult {
  readonly config: string;
  /** Labels files of evaluation and calibration, written beside the config. */
  readonly labels: readonly string[];
  /** What was found out, a sentence each. */
  readonly notes: readonly string[];
}

/** Share of the images that calibrates, and the most of them. */
const CALIBRATION_SHARE = 0.2;
const MOST_CALIBRATION = 500;
const SEED = 20260;

/**
 * Writes a config for a classifier and a labelled image folder. The input's size and layout come from the model; the images are
 * split into disjoint calibration and evaluation lists (exact duplicates kept once); scaling and channel order are those of the
 * usual ones under which the model is most accurate on the calibration images, never on the evaluation images.
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { cwd = process.cwd() } = options;
  const configPath = resolve(cwd, options.out);
  const stem = configPath.replace(/\.json$/i, "");
  const labelPaths = { evaluation: `${stem}.evaluation.json`, calibration: `${stem}.calibration.json` };
  if (!options.force) await refuseExisting([configPath, ...Object.values(labelPaths)]);
  const { path: modelPath, bytes } = await readModelFile(options);
  refuseBrokenModel(bytes, modelPath);
  const input = imageInput(inspectModel(bytes));
  const images = resolve(cwd, options.images);
  const split = await splitImages(images, options.labels === undefined ? undefined : resolve(cwd, options.labels));
  const base: ImageFolderDatasetConfig = {
    kind: "image-folder",
    path: images,
    class_names: split.classNames as [string, string, ...string[]],
    width: input.width,
    height: input.height,
    resize: "stretch",
    layout: input.layout,
  };
  const choice = await choosePreprocessing({ base, input, split, bytes });
  const fromConfig = (path: string) => relative(dirname(configPath), path).replaceAll("\\", "/") || ".";
  const dataset = (labels: string): ImageFolderDatasetConfig => ({
    ...base,
    path: fromConfig(images),
    labels: fromConfig(labels),
    color: choice.color,
    ...(choice.normalize === undefined ? {} : { normalize: choice.normalize }),
  });
  const config: MatrixConfig = {
    $schema: fromConfig(join(packageRoot(), "schemas", "config.v1.schema.json")),
    schema_version: "quantgate.config.v1",
    name: basename(stem).replaceAll(/[^A-Za-z0-9._@+-]/g, "-"),
    models: [
      { id: modelId(modelPath), path: modelReference(options.model, modelPath, fromConfig), sha256: sha256(bytes) },
    ],
    quants: ["fp32", "w8a16", "u8s8", "w4a16", "w4a8"],
    dataset: dataset(labelPaths.evaluation),
    calibration: { dataset: dataset(labelPaths.calibration), count: split.calibration.length },
    runs_per_quant: 10,
    seed: SEED,
  };
  checkConfig(config, "the new config");
  // The config last: where it stands, the files it names do.
  await atomicWrite(labelPaths.evaluation, labelsJson(split.evaluation));
  await atomicWrite(labelPaths.calibration, labelsJson(split.calibration));
  await atomicWrite(configPath, artifactJson(config));
  const { dataDir } = modelRoots(options);
  const isDataPath = options.model.startsWith("data:");
  return {
    config: configPath,
    labels: Object.values(labelPaths),
    notes: [
      `model    ${options.model}: input ${input.name} ${input.layout.toUpperCase()} ${input.width}x${input.height}, ${input.classes ?? "?"} classes`,
      `images   ${split.evaluation.length} for evaluation, ${split.calibration.length} for calibration, ${split.classNames.length} classes${split.duplicates === 0 ? "" : `, ${split.duplicates} duplicates left out`}`,
      `pixels   ${choice.name}: ${choice.correct} of ${choice.items} calibration images right${choice.runnerUp}`,
      ...(isDataPath ? [`data     data: is ${dataDir}; give sweep the same --data-dir`] : []),
    ],
  };
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const exists = await stat(path).catch(() => undefined);
    if (exists === undefined) continue;
    throw new HarnessError("CONFIG_USAGE", `${path} exists already`, {
      hint: "Use --force to overwrite it, or --out for another name.",
    });
  }
}

interface Split {
  readonly classNames: readonly string[];
  readonly evaluation: readonly [string, string][];
  readonly calibration: readonly [string, string][];
  readonly duplicates: number;
}

async function splitImages(folder: string, labelsPath: string | undefined): Promise<Split> {
  const listed = await listLabelledImages(
    { path: folder, ...(labelsPath === undefined ? {} : { labels: labelsPath }) },
    (path) => path,
  );
  const seen = new Set<string>();
  const kept: number[] = [];
  for (const [index, file] of listed.files.entries()) {
    const digest = await sha256OfFile(join(folder, file)).catch((cause: unknown) => {
      throw new HarnessError("CONFIG_DATA_MISSING", `Cannot read the image ${join(folder, file)}`, {
        hint: "Check the labels file.",
        cause,
      });
    });
    if (seen.has(digest)) continue;
    seen.add(digest);
    kept.push(index);
  }
  const labels = Int32Array.from(kept, (index) => listed.labels[index] as number);
  const count = Math.min(MOST_CALIBRATION, Math.floor(kept.length * CALIBRATION_SHARE));
  if (count < listed.classNames.length) {
    throw new HarnessError(
      "CONFIG_DATA_INVALID",
      `${kept.length} different images are too few for ${listed.classNames.length} classes`,
      {
        hint: `A fifth of the images calibrates, at least one a class: give at least ${listed.classNames.length * 5} images.`,
      },
    );
  }
  const chosen = new Set(stratifiedOrder(labels, count, planRandom(SEED)));
  const entry = (position: number): [string, string] => [
    listed.files[kept[position] as number] as string,
    listed.classNames[labels[position] as number] as string,
  ];
  const positions = kept.map((_, position) => position);
  return {
    classNames: listed.classNames,
    calibration: positions.filter((position) => chosen.has(position)).map(entry),
    evaluation: positions.filter((position) => !chosen.has(position)).map(entry),
    duplicates: listed.files.length - kept.length,
  };
}

async function choosePreprocessing(given: {
  readonly base: ImageFolderDatasetConfig;
  readonly input: ImageInput;
  readonly split: Split;
  readonly bytes: Uint8Array;
}): Promise<PreprocessingChoice> {
  const { base, input, split, bytes } = given;
  // Beside nothing of the user's: a trial that is refused or interrupted leaves no file behind.
  const folder = await mkdtemp(join(tmpdir(), "quantgate-init-"));
  const labelsPath = join(folder, "calibration.json");
  const sessions = childSessions();
  try {
    await atomicWrite(labelsPath, labelsJson(split.calibration));
    const load = (color: "rgb" | "bgr" | "gray") =>
      loadImageFolder({ ...base, labels: labelsPath, color }, { resolvePath: (path) => path });
    return await findPreprocessing({ bytes, input, sessions, load });
  } finally {
    await sessions.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function labelsJson(entries: readonly [string, string][]): string {
  return artifactJson(Object.fromEntries(entries));
}

function modelId(path: string): string {
  return basename(path)
    .replace(/\.onnx$/i, "")
    .replaceAll(/[^A-Za-z0-9._@+-]/g, "-");
}

function modelReference(given: string, path: string, fromConfig: (path: string) => string): string {
  return given.startsWith("data:") || isAbsolute(given) ? given : fromConfig(path);
}
