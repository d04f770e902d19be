import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { VariantLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedVariant } from "../domain/generated/plan-v1.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { slug } from "../plan/expand-cells.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { atomicWrite, copyFile, readBytes } from "../platform/files.ts";
import { describeKernels, type ExternalManifest } from "../quantize/describe-kernels.ts";
import type { QuantizeManifest } from "../quantize/manifest.ts";
import { quantizeModel } from "../quantize/quantize-model.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { needsCalibration } from "../quantize/recipes.ts";
import { QUANTIZER_REVISION } from "../quantize/revision.ts";
import { resolvePath } from "../store/config-file.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import type { VariantCache } from "../store/variant-cache.ts";
import type { SweepInputs } from "./gather-inputs.ts";
import { labelProblem } from "./language/resolve-tags.ts";
import { refuseBrokenModel } from "./model-file.ts";
import type { OnProgress } from "./progress.ts";
import { smokeTest } from "./smoke-test.ts";
import type { TorchChecker } from "./steps/check-model.ts";
import type { StepResults, StepSource } from "./steps/step-results.ts";
import { threadedRounding } from "./threaded-rounding.ts";

/** A variant that can run, or why it cannot. */
export type PreparedVariant =
  | {
      readonly state: "ready";
      /** Undefined for simulated variants. */
      readonly model: { readonly path: string; readonly sha256: string } | undefined;
      readonly sessionConfig: Readonly<Record<string, string>>;
    }
  | { readonly state: "failed" | "unavailable" | "unsupported"; readonly failure: string };

export interface PrepareContext {
  /** What the prepare steps gave. */
  readonly steps: StepResults;
  readonly inputs: SweepInputs;
  readonly folder: RunFolder;
  readonly writer: JournalWriter;
  readonly cache: VariantCache;
  readonly session: SessionPort;
  readonly torch: TorchChecker;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Makes or loads every variant: quantized (or taken from the cache), copied into the run's `onnx/`, described, and run once on
 * random input. A variant that cannot be made is recorded as failed and the others go on; only a baseline must exist.
 */
export async function prepareVariants(
  context: PrepareContext,
  earlier: readonly VariantLine[],
): Promise<Map<string, PreparedVariant>> {
  const { plan } = context.inputs;
  const prepared = new Map<string, PreparedVariant>();
  for (const [index, variant] of plan.variants.entries()) {
    context.signal.throwIfAborted();
    const known = earlier.find((line) => line.variant_id === variant.variant_id);
    const { line, result, cached } = await prepareOne(context, variant, known);
    if (known === undefined) await context.writer.write(line);
    prepared.set(variant.variant_id, result);
    context.onProgress({ kind: "variant", variantId: variant.variant_id, index, total: plan.variants.length, cached });
    if (result.state !== "ready" && variant.role === "baseline") {
      const code = result.state === "unavailable" ? "RUNTIME_UNAVAILABLE" : "QUANTIZE_FAILED";
      throw new HarnessError(code, `The baseline ${variant.variant_id} cannot run: ${result.failure}`, {
        hint: "Without a baseline nothing can be compared. `quantgate inspect` says what is wrong with a model.",
      });
    }
  }
  return prepared;
}

interface Prepared {
  readonly line: VariantLine;
  readonly result: PreparedVariant;
  readonly cached: boolean;
}

async function prepareOne(
  context: PrepareContext,
  variant: PlannedVariant,
  known: VariantLine | undefined,
): Promise<Prepared> {
  if (variant.kind === "simulated") return simulatedVariant(variant);
  if (variant.kind === "tag") return tagVariant(context, variant);
  const name = slug(variant.variant_id);
  if (known !== undefined && known.state !== "ready")
    return { line: known, result: { state: known.state, failure: known.failure ?? "unknown" }, cached: true };
  const source = sourceOf(context, variant);
  if (source !== undefined && source.state !== "ok")
    return absentVariant(variant.variant_id, source.state, source.reason);
  try {
    if (variant.kind === "pytorch") return await torchVariant(context, variant, known);
    const made =
      variant.kind === "external" ? await describeExternal(context, variant) : await makeRecipe(context, variant);
    if (known !== undefined && known.sha256 !== made.sha256) {
      throw new HarnessError(
        "STORE_CORRUPT",
        `Variant ${variant.variant_id} was made again with other bytes than before`,
        {
          hint: "The run cannot be resumed honestly: start a new one.",
        },
      );
    }
    const path = context.folder.file("onnx", `${name}.onnx`);
    if ((await sha256OfFile(path).catch(() => undefined)) !== made.sha256) await copyFile(made.path, path);
    const manifestPath = `onnx/${name}.manifest.json`;
    await atomicWrite(context.folder.file(manifestPath), artifactJson(made.manifest));
    const { sessionConfig } = made;
    const smoke = await smokeTest(context.session, path, sessionConfig);
    await atomicWrite(
      context.folder.file("smoke", `${name}.json`),
      artifactJson({ variant_id: variant.variant_id, ...smoke }),
    );
    return {
      line: readyLine(variant.variant_id, made, manifestPath),
      result: { state: "ready", model: { path, sha256: made.sha256 }, sessionConfig },
      cached: made.cached,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof HarnessError) || error.code.startsWith("STORE_")) throw error;
    if (variant.kind === "pytorch" && error.code === "RUNTIME_UNAVAILABLE") {
      return absentVariant(variant.variant_id, "unavailable", `${error.message} ${error.hint}`);
    }
    return failedVariant(variant.variant_id, error.message);
  }
}

/** A PyTorch file is run as it is; what it looks like, and what random input gives, its runtime says. */
async function torchVariant(
  context: PrepareContext,
  variant: PlannedVariant,
  known: VariantLine | undefined,
): Promise<Prepared> {
  const { folder, inputs, torch } = context;
  const id = variant.variant_id;
  const source = sourceOf(context, variant);
  const file = source?.state === "ok" ? source.path : resolvePath(variant.path as string, inputs.roots);
  const digest = await sha256OfFile(file).catch(() => undefined);
  const expected = variant.sha256 ?? (source?.state === "ok" ? source.sha256 : null);
  if (digest === undefined || digest !== expected || (known !== undefined && known.sha256 !== digest)) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `The file of ${id} changed since the plan was made`, {
      hint: "Start the sweep again.",
    });
  }
  const name = slug(id);
  const path = folder.file("torch", `${name}${extname(file).toLowerCase()}`);
  if ((await sha256OfFile(path).catch(() => undefined)) !== digest) await copyFile(file, path);
  const { structure, smoke, invalid } = await torch(path);
  const [input] = structure.inputs;
  const shape = input?.shape ?? [];
  await atomicWrite(
    folder.file("smoke", `${name}.json`),
    artifactJson({ variant_id: id, input: { name: input?.name ?? "", shape }, outputs: smoke, invalid }),
  );
  const { line } = failedVariant(id, "");
  const bytes = (await stat(path)).size;
  return {
    line: { ...line, state: "ready", sha256: digest, bytes_on_disk: bytes, failure: null },
    result: { state: "ready", model: { path, sha256: digest }, sessionConfig: {} },
    cached: false,
  };
}

interface Made {
  readonly path: string;
  readonly sha256: string;
  readonly manifest: QuantizeManifest | ExternalManifest;
  readonly sessionConfig: Readonly<Record<string, string>>;
  readonly cached: boolean;
}

/** The step's output that a variant is, or is made of; undefined where it is a file that was there before. */
function sourceOf({ inputs, steps }: PrepareContext, variant: PlannedVariant): StepSource | undefined {
  const base = inputs.plan.models.find((model) => model.id === variant.model_id);
  const path = variant.kind === "recipe" ? base?.path : variant.path;
  return path == null ? undefined : steps.find(path);
}

async function makeRecipe(context: PrepareContext, variant: PlannedVariant): Promise<Made> {
  const { inputs, cache, session, signal } = context;
  const { plan, roots, calibration } = inputs;
  const recipe = variant.recipe as unknown as Recipe;
  const base = plan.models.find((model) => model.id === variant.model_id) as Plan["models"][number];
  const source = sourceOf(context, variant);
  const made = source?.state === "ok" ? source : undefined;
  const basePath = made?.path ?? resolvePath(base.path as string, roots);
  const key = cache.key({
    quantizer: QUANTIZER_REVISION,
    model: made?.sha256 ?? base.sha256,
    recipe,
    calibration: needsCalibration(recipe) ? plan.calibration : null,
  });
  const found = await cache.get(key);
  if (found !== undefined) {
    return { ...found, manifest: found.manifest as QuantizeManifest, sessionConfig: recipe.session, cached: true };
  }
  const model = await readBytes(basePath, { what: "model", code: "CONFIG_MODEL_MISSING" });
  refuseBrokenModel(model, basePath);
  const quantized = await quantizeModel({
    model,
    recipe,
    ...(calibration === undefined
      ? {}
      : { calibration: { items: calibration.dataset.items, indices: calibration.indices } }),
    session,
    sha256,
    threads: availableParallelism(),
    roundRows: threadedRounding({ threads: availableParallelism() }),
    signal,
  });
  const stored = await cache.put(key, quantized.model, quantized.manifest);
  return {
    path: stored.path,
    sha256: stored.sha256,
    manifest: quantized.manifest,
    sessionConfig: recipe.session,
    cached: false,
  };
}

async function describeExternal(context: PrepareContext, variant: PlannedVariant): Promise<Made> {
  const { inputs, session } = context;
  const source = sourceOf(context, variant);
  const path = source?.state === "ok" ? source.path : resolvePath(variant.path as string, inputs.roots);
  const model = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
  const digest = sha256(model);
  const expected = variant.sha256 ?? (source?.state === "ok" ? source.sha256 : null);
  if (digest !== expected) {
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      source === undefined
        ? `The file of ${variant.variant_id} changed since the plan was made`
        : `The file that a step made for ${variant.variant_id} is not the declared one: its SHA-256 is ${digest}`,
      {
        hint: "Start the sweep again.",
      },
    );
  }
  refuseBrokenModel(model, path);
  return {
    path,
    sha256: digest,
    manifest: await describeKernels({ model, session, sha256 }),
    sessionConfig: {},
    cached: false,
  };
}

function readyLine(variantId: string, made: Made, manifestPath: string): VariantLine {
  const { manifest } = made;
  return {
    kind: "variant",
    variant_id: variantId,
    state: "ready",
    sha256: made.sha256,
    bytes_on_disk: manifest.bytes_on_disk,
    bytes_packed: manifest.bytes_packed,
    kernels: manifest.kernels,
    slow_layers: manifest.layers.filter((layer) => layer.kernel === "emulated").map((layer) => layer.name),
    native_layers: manifest.layers.filter((layer) => layer.kernel === "native").map((layer) => layer.name),
    layers: manifest.layers.length,
    manifest: manifestPath,
    failure: null,
  };
}

function failedVariant(variantId: string, failure: string): Prepared {
  return absentVariant(variantId, "failed", failure);
}

function absentVariant(variantId: string, state: "failed" | "unavailable" | "unsupported", failure: string): Prepared {
  const line: VariantLine = {
    kind: "variant",
    variant_id: variantId,
    state,
    sha256: null,
    bytes_on_disk: null,
    bytes_packed: null,
    kernels: null,
    slow_layers: [],
    layers: 0,
    manifest: null,
    failure,
  };
  return { line, result: { state, failure }, cached: false };
}

function simulatedVariant(variant: PlannedVariant): Prepared {
  const bytes = (variant.simulated as { bytes?: number }).bytes ?? null;
  const { line } = failedVariant(variant.variant_id, "");
  return {
    line: { ...line, state: "ready", bytes_on_disk: bytes, bytes_packed: bytes, failure: null },
    result: { state: "ready", model: undefined, sessionConfig: {} },
    cached: false,
  };
}

/** A tag is its weights: the provider, or the file, is asked again what it stands for, and must say what it said before. */
async function tagVariant({ inputs, signal }: PrepareContext, variant: PlannedVariant): Promise<Prepared> {
  const { language } = inputs;
  const ref = language?.refs.get(variant.variant_id);
  if (language === undefined || ref === undefined) throw new Error(`${variant.variant_id} has no tag`);
  const identity = await language.runtime.identify(ref, { signal });
  const problem =
    labelProblem(variant.quant_tag, identity) ??
    ((identity.digest ?? null) === variant.sha256 ? undefined : "its weights changed since the plan was made");
  if (problem !== undefined) return failedVariant(variant.variant_id, problem);
  const { line } = failedVariant(variant.variant_id, "");
  const digest = identity.digest ?? null;
  return {
    line: {
      ...line,
      state: "ready",
      sha256: digest,
      bytes_on_disk: identity.bytes ?? null,
      failure: null,
      weights: {
        name: identity.name,
        quantization: identity.quantization ?? null,
        bits_per_weight: identity.bitsPerWeight ?? null,
        parameters: identity.parameters ?? null,
        context_length: identity.contextLength ?? null,
      },
    },
    result: { state: "ready", model: undefined, sessionConfig: {} },
    cached: true,
  };
}
