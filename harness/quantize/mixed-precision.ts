import { HarnessError } from "../domain/errors.ts";
import type { TensorValue } from "../domain/session-port.ts";
import { planActivations } from "./activation-plan.ts";
import { packedBytes } from "./bit-packing.ts";
import type { CalibrationInput } from "./calibration-job.ts";
import { soleInput } from "./derived-model.ts";
import { emitModel } from "./emit-model.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import { EXACT_INTEGERS, withExactIntegers } from "./exact-integers.ts";
import { decideLayers } from "./layer-selection.ts";
import { runBatches } from "./model-runner.ts";
import { graphOf, serializeModel } from "./onnx-file.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";
import { type PreparedModel, prepareModel } from "./prepared-model.ts";
import { type QuantizeRequest, type QuantizeResult, quantizeModel } from "./quantize-model.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";
import { quantizesStatically } from "./recipes.ts";
import { type QuantizedParts, roundModel } from "./round-model.ts";
import { elementCount } from "./tensor-values.ts";

type Bits = WeightSpec["bits"];

export interface MixedPrecisionRequest extends QuantizeRequest {
  /** Items that choices are measured on. Disjoint from the calibration items and from every evaluation item. */
  readonly tuning: CalibrationInput;
  /** Bit widths a layer may get, rising, at least two; one is enough with `keepFloat`. */
  readonly ladder: readonly Bits[];
  /** Adds a last rung above the ladder: the layer stays float32. */
  readonly keepFloat?: boolean;
  /** `bytes`: the best quality that packs into so many bytes. `quality`: the fewest bits that reach it. */
  readonly target:
    | { readonly kind: "bytes"; readonly bytes: number }
    | { readonly kind: "quality"; readonly least: number };
  /** Sum of the items' scores in a batch (e.g. right answers); quality is then their mean. Without it quality is output SQNR in dB. */
  readonly score?: (output: TensorValue, items: { readonly first: number; readonly count: number }) => number;
}

/** What one layer at fewer bits does to the model's output while all others have the most. */
export interface LayerSensitivity {
  readonly name: string;
  readonly bits: Bits;
  /** Noise of the output relative to its power; 10·log10 of its inverse is SQNR. */
  readonly noise: number;
  readonly sqnr_db: number;
  readonly quality: number;
  /** Packed bytes that the fewer bits save. */
  readonly bytes_saved: number;
}

export interface MixedPrecisionStep {
  /** Layer that got more bits in this step; null for the start. */
  readonly promoted: string | null;
  readonly bits: Bits | typeof FLOAT_BITS | null;
  readonly bytes_packed: number;
  readonly quality: number;
}

/** Bits of a layer that stays float32. */
const FLOAT_BITS = 32;

export interface MixedPrecisionResult extends QuantizeResult {
  /** The recipe with an override a width, which reproduces the model. */
  readonly recipe: Recipe;
  readonly sensitivity: readonly LayerSensitivity[];
  readonly steps: readonly MixedPrecisionStep[];
  /** False where even the last step missed the target. */
  readonly met: boolean;
}

/**
 * Gives each layer its own bit width: all start at the fewest, and the layer whose next width removes most output noise a byte goes
 * up, until the target is met. Layers are rounded once a width; the chosen mixture is then quantized as a recipe of its own.
 * @throws HarnessError as {@link quantizeModel}; CONFIG_INVALID for a ladder that is not rising or a recipe without int8 storage.
 */
export async function searchMixedPrecision(request: MixedPrecisionRequest): Promise<MixedPrecisionResult> {
  const bench = await prepareBench(request);
  const { layers } = bench;
  const top = topRung(request);
  const sensitivity: LayerSensitivity[] = [];
  const noiseAt = layers.map(() => new Float64Array(top + 1));
  for (const [i, layer] of layers.entries()) {
    for (let rung = 0; rung < top; rung++) {
      const measured = await bench.measure(layers.map((_, j) => (j === i ? rung : top)));
      (noiseAt[i] as Float64Array)[rung] = measured.noise;
      const bits = request.ladder[rung] as Bits;
      const saved = bench.layerBytes(i, top) - bench.layerBytes(i, rung);
      const { noise, quality } = measured;
      sensitivity.push({
        name: layer.name,
        bits,
        noise,
        sqnr_db: -10 * Math.log10(noise),
        quality,
        bytes_saved: saved,
      });
    }
  }
  const { choice, steps, met } = await climb(request, bench, noiseAt);
  const recipe = mixtureOf(
    request.recipe,
    request.ladder,
    layers.map((layer, i) => [layer.name, choice[i] as number]),
  );
  const result = await quantizeModel({ ...request, recipe });
  return { ...result, recipe, sensitivity, steps, met };
}

interface Bench {
  readonly layers: readonly { readonly name: string }[];
  measure(choice: readonly number[]): Promise<{ readonly noise: number; readonly quality: number }>;
  layerBytes(layer: number, rung: number): number;
  totalBytes(choice: readonly number[]): number;
}

/** The highest rung: the ladder's last width, or float32 above it. */
function topRung({ ladder, keepFloat = false }: MixedPrecisionRequest): number {
  return keepFloat ? ladder.length : ladder.length - 1;
}

async function climb(request: MixedPrecisionRequest, bench: Bench, noiseAt: readonly Float64Array[]) {
  const { target } = request;
  const top = topRung(request);
  let choice = bench.layers.map(() => 0);
  let bytes = bench.totalBytes(choice);
  let { quality } = await bench.measure(choice);
  const steps: MixedPrecisionStep[] = [{ promoted: null, bits: null, bytes_packed: bytes, quality }];
  const reached = () => target.kind === "quality" && quality >= target.least;
  while (!reached()) {
    const candidates = bench.layers.flatMap((layer, i) => {
      const rung = choice[i] as number;
      if (rung === top) return [];
      const added = bench.layerBytes(i, rung + 1) - bench.layerBytes(i, rung);
      if (target.kind === "bytes" && bytes + added > target.bytes) return [];
      const gain = ((noiseAt[i]?.[rung] ?? 0) - (noiseAt[i]?.[rung + 1] ?? 0)) / Math.max(1, added);
      return [{ i, layer, gain }];
    });
    const best = candidates.reduce<(typeof candidates)[number] | undefined>(
      (a, b) => (a && a.gain >= b.gain ? a : b),
      undefined,
    );
    if (best === undefined) break;
    choice = choice.map((rung, i) => (i === best.i ? rung + 1 : rung));
    bytes = bench.totalBytes(choice);
    ({ quality } = await bench.measure(choice));
    steps.push({
      promoted: best.layer.name,
      bits: request.ladder[choice[best.i] as number] ?? FLOAT_BITS,
      bytes_packed: bytes,
      quality,
    });
  }
  return { choice, steps, met: target.kind === "bytes" ? bytes <= target.bytes : reached() };
}

async function prepareBench(request: MixedPrecisionRequest): Promise<Bench> {
  const { ladder, recipe, model, tuning } = request;
  if (topRung(request) < 1 || ladder.some((bits, i) => i > 0 && bits <= (ladder[i - 1] as Bits))) {
    throw invalid("The ladder of bit widths must rise and have at least two steps.");
  }
  if (recipe.weights?.storage !== "int8") throw invalid(`Recipe '${recipe.id}' does not hold its weights in int8.`);
  const prepared = prepareModel(model, recipe);
  const rungs: QuantizedParts[] = [];
  for (const bits of ladder) {
    const rung: Recipe = { ...recipe, weights: { ...recipe.weights, ...widthSpec(recipe.weights, bits) } };
    const decisions = decideLayers(prepared.list.layers, rung);
    rungs.push(await roundModel({ ...prepared, decisions }, { ...request, recipe: rung }, rungs[0]));
  }
  const first = rungs[0] as QuantizedParts;
  const build = (quantized: readonly QuantizedLayer[]) => {
    const whole = quantized.length === first.quantized.length || !quantizesStatically(recipe);
    // Layers that stay float need no integers around them.
    const plan = whole
      ? first.plan
      : planActivations(
          prepared.view,
          quantized.map(({ layer }) => layer),
        );
    return buildModel(prepared, { ...first, plan, quantized }, recipe);
  };
  const reference = await outputsOf(request, serializeModel(prepared.model), {});
  const pick = (choice: readonly number[]) => choice.flatMap((rung, i) => rungs[rung]?.quantized[i] ?? []);
  const stored = build(first.quantized).length;
  const bytesOf = (i: number, bits: Bits = 8) =>
    packedBytes(elementCount(first.quantized[i]?.layer.weightDims ?? []), bits);
  const rungBytes = (i: number, rung: number) => (rung < ladder.length ? bytesOf(i, ladder[rung]) : 4 * bytesOf(i));
  return {
    layers: first.quantized.map(({ layer }) => ({ name: layer.name })),
    layerBytes: rungBytes,
    totalBytes: (choice) => choice.reduce((sum, rung, i) => sum - bytesOf(i) + rungBytes(i, rung), stored),
    async measure(choice) {
      const outputs = await outputsOf(request, build(pick(choice)), { ...EXACT_INTEGERS, ...recipe.session });
      const noise = relativeNoise(reference.values, outputs.values);
      const quality = request.score === undefined ? -10 * Math.log10(noise) : outputs.score / tuning.indices.length;
      return { noise, quality };
    },
  };
}

function buildModel(prepared: PreparedModel, parts: QuantizedParts, recipe: Recipe): Uint8Array {
  const { model } = emitModel(prepared, parts, recipe);
  removeDeadNodes(graphOf(model));
  return serializeModel(model);
}

/** The model's first output over the tuning items, and the sum of their scores. */
async function outputsOf(
  request: MixedPrecisionRequest,
  model: Uint8Array,
  sessionConfig: Readonly<Record<string, string>>,
) {
  const prepared = prepareModel(model, { ...request.recipe, weights: null });
  const output = graphOf(prepared.model).output[0]?.name ?? "";
  const values: Float32Array[] = [];
  let score = 0;
  await runBatches({
    model,
    input: soleInput(prepared.model),
    outputs: [output],
    ...request.tuning,
    session: request.session,
    sessionConfig,
    threads: request.threads,
    signal: request.signal,
    onBatch: (results, items) => {
      const tensor = results[output];
      if (tensor === undefined) return;
      if (tensor.data instanceof Float32Array) values.push(tensor.data);
      score += request.score?.(tensor, items) ?? 0;
    },
  });
  return { values, score };
}

/** Least noise that is told apart from none, so that its logarithm stays finite (200 dB). */
const LEAST_NOISE = 1e-20;

function relativeNoise(reference: readonly Float32Array[], other: readonly Float32Array[]): number {
  let power = 0;
  let noise = 0;
  for (const [b, batch] of reference.entries()) {
    for (let i = 0; i < batch.length; i++) {
      const value = batch[i] as number;
      power += value * value;
      noise += (value - (other[b]?.[i] ?? 0)) ** 2;
    }
  }
  return Math.max(noise / Math.max(power, Number.MIN_VALUE), LEAST_NOISE);
}

/** What changes in a spec with its width: only few bits gain from levels off zero. */
function widthSpec(spec: WeightSpec, bits: Bits): Partial<WeightSpec> {
  return { bits, zero_level: bits <= 3 ? (spec.zero_level ?? true) : true };
}

function mixtureOf(
  recipe: Recipe,
  ladder: readonly Bits[],
  choice: readonly (readonly [name: string, rung: number])[],
): Recipe {
  const overrides = ladder.flatMap((bits, rung) => {
    const names = choice.filter(([, chosen]) => chosen === rung).map(([name]) => name);
    return names.length === 0 || recipe.weights === null
      ? []
      : [{ layers: names, weights: widthSpec(recipe.weights, bits) }];
  });
  const float = choice.filter(([, chosen]) => chosen === ladder.length).map(([name]) => name);
  return withExactIntegers({
    ...recipe,
    id: `${recipe.id}-mixed`,
    skip: [...recipe.skip, ...float],
    overrides: [...recipe.overrides, ...overrides],
  });
}

function invalid(message: string): HarnessError {
  return new HarnessError("CONFIG_INVALID", message, {
    hint: "Mixed precision starts from a recipe such as w2a8 or w4a8.",
  });
}
