import { stat } from "node:fs/promises";
import { loadDataset } from "../datasets/load-dataset.ts";
import { overlap } from "../datasets/overlap.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import type { Dataset } from "../domain/dataset.ts";
import { HarnessError } from "../domain/errors.ts";
import type { MatrixConfig, PrepareStepConfig } from "../domain/generated/config-v1.ts";
import type { Plan, PlannedCalibration, PlannedModel } from "../domain/generated/plan-v1.ts";
import { stepReference } from "../domain/step-reference.ts";
import { makePlan } from "../plan/make-plan.ts";
import { planRandom } from "../plan/plan-random.ts";
import { planSteps } from "../plan/plan-steps.ts";
import { type ConfigFlags, type ConfigResolution, type QuantConfig, resolveConfig } from "../plan/resolve-config.ts";
import { stratifiedOrder } from "../plan/stratified-order.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import { workingTreeCommit } from "../platform/git.ts";
import type { Recipe, RecipePatch } from "../quantize/recipe.ts";
import { composeRecipe, needsCalibration, resolveRecipe } from "../quantize/recipes.ts";
import { checkConfig, type PathRoots, resolvePath } from "../store/config-file.ts";
import { gatherLanguage, type LanguageInputs } from "./language/gather-language.ts";
import { readRecipeFiles } from "./load-recipe.ts";
import { refuseBrokenModel } from "./model-file.ts";
import type { RunPriors } from "./read-priors.ts";
import { rowDataset } from "./row-dataset.ts";

/** Everything a sweep reads before it starts. */
export interface SweepInputs {
  readonly plan: Plan;
  readonly roots: PathRoots;
  readonly dataset: Dataset;
  readonly calibration: { readonly dataset: Dataset; readonly indices: readonly number[] } | undefined;
  /** Present where the items are tasks for language models. */
  readonly language?: LanguageInputs | undefined;
}

/** Reads and digests models, datasets and recipes, and makes the plan. Writes nothing. */
export async function gatherInputs(options: {
  readonly raw: MatrixConfig;
  readonly flags: ConfigFlags;
  readonly roots: PathRoots;
  /** Where API keys are read from. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly only?: string | undefined;
  readonly priors?: RunPriors | undefined;
  /** Certification runs: the share by which each quant's timed calls are slowed, by its id; the plan is marked. */
  readonly handicaps?: Readonly<Record<string, number>> | undefined;
}): Promise<SweepInputs> {
  const { raw, flags, roots, only, priors, handicaps } = options;
  const resolve = (path: string) => resolvePath(path, roots);
  const resolved = resolveConfig(raw, flags);
  const quants = await readRecipeFiles(resolved.config.quants, resolve);
  const resolution = { ...resolved, config: { ...resolved.config, quants } };
  refuseMixedKinds(resolution);
  const { config } = resolution;
  // Flags pass no schema of their own: zero runs or a NaN threshold must not make a plan.
  checkConfig(config, "the config with its flags");
  const language = await gatherLanguage(config, { resolvePath: resolve, env: options.env ?? process.env });
  const isFree = config.runtime.kind === "simulated" || language !== undefined;
  const models = await Promise.all(config.models.map((model) => readModel(model, roots, isFree)));
  const dataset = language?.dataset ?? (await loadDataset(rowDataset(config.dataset), { resolvePath: resolve }));
  const calibration = await readCalibration(resolution, resolve, dataset);
  const externals = await digestExternals(config.quants, roots);
  const stepInputs = await digestStepInputs(config.prepare ?? [], roots);
  const plan = makePlan(resolution, {
    models,
    variant: (modelId, quant) => {
      const handicap = handicaps?.[quant.id];
      const facts =
        language === undefined ? variantFacts(quant, externals, config.calibration) : language.facts(modelId, quant);
      return handicap === undefined ? facts : { ...facts, handicap };
    },
    ...(handicaps === undefined ? {} : { isCertification: true }),
    dataset: {
      id: dataset.id,
      digest: dataset.digest,
      count: dataset.count,
      class_names: [...dataset.classNames],
      item_noun: dataset.itemNoun,
    },
    calibration: calibration?.planned ?? null,
    steps: (variants) =>
      planSteps(config.prepare ?? [], {
        digestOf: (path) => stepInputs.get(path) as string,
        models: [...models.filter(({ id }) => variants.some((v) => v.model_id === id)), ...variants].flatMap(
          ({ path }) => path ?? [],
        ),
        hasCalibration: calibration !== undefined,
      }),
    commitSha: await commitOf(roots.configDir),
    invocation: { config_dir: roots.configDir, data_dir: roots.dataDir },
    ...(only === undefined ? {} : { only }),
    ...(priors === undefined ? {} : { priors: priors.trials, powerPriors: priors.power }),
    sha256,
  });
  refuseMissingCalibration(plan, calibration !== undefined);
  return { plan, roots, dataset, calibration, ...(language === undefined ? {} : { language }) };
}

function refuseMissingCalibration({ variants }: Plan, isGiven: boolean): void {
  const needy = variants.find(({ recipe }) => recipe !== null && needsCalibration(recipe as unknown as Recipe));
  if (isGiven || needy === undefined) return;
  throw new HarnessError(
    "QUANTIZE_CALIBRATION",
    `The variant ${needy.variant_id} needs calibration items, and the config has no calibration`,
    { hint: 'Add "calibration" with items of its own, or use weight-only recipes such as w8a16.' },
  );
}

function refuseMixedKinds({ config }: ConfigResolution): void {
  if (config.models.length === 0 || config.quants.length === 0) {
    const what = config.models.length === 0 ? "models" : "quants";
    throw new HarnessError("CONFIG_INVALID", `The config declares no ${what}`, {
      hint: `Add "${what}" to the config, or give ${what === "models" ? "--model-id" : "--quant-tags"}.`,
    });
  }
  const odd = config.dataset.kind === "task-bank" ? oddOfTasks(config) : oddOfRows(config);
  if (odd === undefined) return;
  throw new HarnessError("CONFIG_INVALID", `The runtime is ${config.runtime.kind}, but the config has a ${odd}`, {
    hint: "A simulated run has simulated quants, and items or a task bank; language models have a task bank and tags.",
  });
}

/** Language models, simulated ones too, run tasks. */
function oddOfTasks({ runtime, quants, dataset }: ConfigResolution["config"]): string | undefined {
  if (runtime.kind === "onnxruntime") return `dataset kind ${dataset.kind}`;
  const wanted = runtime.kind === "simulated" ? "simulated" : "tag";
  return quants.filter(({ kind }) => kind !== wanted).map(({ id, kind }) => `quant ${id} of kind ${kind}`)[0];
}

function oddOfRows(config: ConfigResolution["config"]): string | undefined {
  const wanted = config.runtime.kind === "simulated";
  if (!wanted && config.runtime.kind !== "onnxruntime") return `dataset kind ${config.dataset.kind}`;
  return (
    quantOfOtherKind(config, "tag") ??
    ((config.dataset.kind === "simulated") !== wanted
      ? `dataset kind ${config.dataset.kind}`
      : config.quants
          .filter((quant) => (quant.kind === "simulated") !== wanted)
          .map((quant) => `quant ${quant.id} of kind ${quant.kind}`)[0])
  );
}

function quantOfOtherKind({ quants }: ConfigResolution["config"], kind: QuantConfig["kind"]): string | undefined {
  const odd = quants.find((quant) => quant.kind === kind);
  return odd && `quant ${odd.id} of kind ${kind}`;
}

async function readModel(
  model: { readonly id: string; readonly path?: string; readonly sha256?: string },
  roots: PathRoots,
  isSimulated: boolean,
): Promise<PlannedModel> {
  if (isSimulated) return { id: model.id, path: null, sha256: null, bytes: null };
  if (model.path === undefined) {
    throw new HarnessError("CONFIG_INVALID", `The model ${model.id} has no path`, { hint: 'Give it a "path".' });
  }
  if (stepReference(model.path) !== undefined) return { id: model.id, path: model.path, sha256: null, bytes: null };
  const { sha256: digest, bytes } = await digestModel(model.path, roots, model.sha256);
  const file = resolvePath(model.path, roots);
  refuseBrokenModel(await readBytes(file, { what: "model", code: "CONFIG_MODEL_MISSING" }), file);
  return { id: model.id, path: model.path, sha256: digest, bytes };
}

async function digestModel(
  path: string,
  roots: PathRoots,
  declared: string | undefined,
): Promise<{ sha256: string; bytes: number }> {
  const file = resolvePath(path, roots);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new HarnessError("CONFIG_MODEL_MISSING", `There is no model file at ${file}`, {
      hint: path.startsWith("data:")
        ? "Set --data-dir or QUANTGATE_DATA_DIR to the data folder."
        : "Correct the path in the config.",
    });
  }
  const digest = await sha256OfFile(file);
  if (declared !== undefined && declared !== digest) {
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      `The model ${file} is not the declared one: its SHA-256 is ${digest}`,
      {
        hint: "Restore the file, or correct sha256 in the config.",
      },
    );
  }
  return { sha256: digest, bytes: found.size };
}

async function readCalibration(
  { config }: ConfigResolution,
  resolve: (path: string) => string,
  evaluation: Dataset,
): Promise<{ planned: PlannedCalibration; dataset: Dataset; indices: number[] } | undefined> {
  if (config.calibration === undefined || config.runtime.kind === "simulated") return undefined;
  const { dataset: spec, count, method, percentile } = config.calibration;
  const dataset = await loadDataset(rowDataset(spec), { resolvePath: resolve });
  const shared = overlap(dataset.hashes, evaluation.hashes);
  if (shared.length > 0) {
    throw new HarnessError(
      "CONFIG_CALIBRATION_OVERLAP",
      `${shared.length} calibration items are also in the evaluation set (the first is calibration item ${shared[0]?.calibration})`,
      { hint: "Calibrate on other items: ranges fitted to the test items flatter the result." },
    );
  }
  const indices = stratifiedOrder(dataset.labels, count, planRandom(config.seed));
  const ids = sha256(canonicalJson(indices.map((index) => dataset.hashes[index] as string)));
  return {
    planned: { id: dataset.id, digest: dataset.digest, count: indices.length, indices_digest: ids, method, percentile },
    dataset,
    indices,
  };
}

async function digestExternals(quants: readonly QuantConfig[], roots: PathRoots): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const quant of quants) {
    if (quant.kind !== "external" && quant.kind !== "pytorch") continue;
    if (stepReference(quant.model) !== undefined) continue;
    digests.set(quant.id, (await digestModel(quant.model, roots, quant.sha256)).sha256);
  }
  return digests;
}

/** SHA-256 of every input of a step that is a file, by its path as written. CONFIG_DATA_MISSING where there is none. */
async function digestStepInputs(steps: readonly PrepareStepConfig[], roots: PathRoots): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { id, inputs = {} } of steps) {
    for (const [name, path] of Object.entries(inputs)) {
      if (path.startsWith("step:")) continue;
      const file = resolvePath(path, roots);
      const digest = await sha256OfFile(file).catch(() => undefined);
      if (digest === undefined) {
        throw new HarnessError("CONFIG_DATA_MISSING", `The input ${name} of step ${id} is not at ${file}`, {
          hint: path.startsWith("data:") ? "Set --data-dir or QUANTGATE_DATA_DIR." : "Correct the path in the config.",
        });
      }
      digests.set(path, digest);
    }
  }
  return digests;
}

async function commitOf(folder: string): Promise<string | null> {
  const commit = await workingTreeCommit(folder);
  return commit.sha === null ? null : `${commit.sha}${commit.isDirty ? "-dirty" : ""}`;
}

function variantFacts(
  quant: QuantConfig,
  externals: ReadonlyMap<string, string>,
  calibration: ConfigResolution["config"]["calibration"],
) {
  if (quant.kind === "external" || quant.kind === "pytorch") {
    const digest = externals.get(quant.id) ?? quant.sha256;
    return { ...(digest === undefined ? {} : { sha256: digest }), rank: rankOfTag(quant.dtype ?? quant.id) };
  }
  if (quant.kind === "simulated" || quant.kind === "tag") return { rank: rankOfTag(quant.id) };
  const recipe = withCalibration(resolveRecipe((quant.recipe ?? quant.id) as string | RecipePatch), calibration);
  return { recipe, rank: recipe.weights?.bits ?? 32 };
}

/** A percentile named in the config replaces the range estimator of the recipes that have none of their own. */
function withCalibration(recipe: Recipe, calibration: ConfigResolution["config"]["calibration"]): Recipe {
  if (calibration?.method !== "percentile" || recipe.activations?.calibration !== "minmax") return recipe;
  const activations = { calibration: "percentile" as const, percentile: calibration.percentile / 100 };
  return composeRecipe(recipe, { extends: recipe.id, id: recipe.id, activations });
}

/** Bits per weight that a tag's name claims, e.g. official-int8 → 8; full precision where it claims nothing. */
function rankOfTag(tag: string): number {
  const digits = /(?<![a-z])(?:int|uint|[wqu])(\d+)/i.exec(tag)?.[1] ?? /(\d+)\s*bit/i.exec(tag)?.[1];
  return digits === undefined ? 32 : Number(digits);
}
