import { availableParallelism } from "node:os";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { VariantLine } from "../../domain/generated/journal-v1.ts";
import type { Plan, PlannedVariant } from "../../domain/generated/plan-v1.ts";
import { slug } from "../../plan/expand-cells.ts";
import { sha256, sha256OfFile } from "../../platform/digest.ts";
import { atomicWrite, copyFile, readBytes } from "../../platform/files.ts";
import { describeKernels, type ExternalManifest } from "../../quantize/describe-kernels.ts";
import type { QuantizeManifest } from "../../quantize/manifest.ts";
import { quantizeModel } from "../../quantize/quantize-model.ts";
import type { Recipe } from "../../quantize/recipe.ts";
import { needsCalibration } from "../../quantize/recipes.ts";
import { QUANTIZER_REVISION } from "../../quantize/revision.ts";
import { resolvePath } from "../../store/config-file.ts";
import { refuseBrokenModel } from "../model-file.ts";
import { smokeTest } from "../smoke-test.ts";
import { threadedRounding } from "../threaded-rounding.ts";
import { type PrepareContext, type Prepared, readyLine } from "./prepared.ts";
import { sourceOf } from "./source-of.ts";

/** Quantizes a model or takes it as it is, copies it into the run's `onnx/`, says which kernels it runs on, and runs it once. */
export async function onnxVariant(
  context: PrepareContext,
  variant: PlannedVariant,
  known: VariantLine | undefined,
): Promise<Prepared> {
  const name = slug(variant.variant_id);
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
    line: madeLine(variant.variant_id, made, manifestPath),
    result: { state: "ready", model: { path, sha256: made.sha256 }, sessionConfig },
    cached: made.cached,
  };
}

interface Made {
  readonly path: string;
  readonly sha256: string;
  readonly manifest: QuantizeManifest | ExternalManifest;
  readonly sessionConfig: Readonly<Record<string, string>>;
  readonly cached: boolean;
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

function madeLine(variantId: string, made: Made, manifestPath: string): VariantLine {
  const { manifest } = made;
  return readyLine(variantId, {
    sha256: made.sha256,
    bytes_on_disk: manifest.bytes_on_disk,
    bytes_packed: manifest.bytes_packed,
    kernels: manifest.kernels,
    slow_layers: manifest.layers.filter((layer) => layer.kernel === "emulated").map((layer) => layer.name),
    native_layers: manifest.layers.filter((layer) => layer.kernel === "native").map((layer) => layer.name),
    layers: manifest.layers.length,
    manifest: manifestPath,
  });
}
