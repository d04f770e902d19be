import type { ModelProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { type ActivationPlan, planActivations } from "./activation-plan.ts";
import { type CalibrationInput, calibrate } from "./calibrate.ts";
import { emitBlocks } from "./emit-blocks.ts";
import { emitDynamic } from "./emit-dynamic.ts";
import { emitActivations, emitWeights, type QuantizedLayer } from "./emit-qdq.ts";
import { type GraphView, viewGraph } from "./graph-view.ts";
import { type Grid, gridForRange, type Range } from "./grid.ts";
import { decideLayers, type LayerDecision } from "./layer-selection.ts";
import { findLayers, type LayerList, type WeightedLayer } from "./layers.ts";
import type { QuantizeManifest } from "./manifest.ts";
import { writeManifest } from "./manifest-writer.ts";
import { findProblems } from "./model-problems.ts";
import { graphOf, parseModel, serializeModel } from "./onnx-file.ts";
import { type CleanReport, cleanModel } from "./passes/clean.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";
import { quantizesStatically } from "./recipes.ts";
import { roundLayer } from "./round-layer.ts";
import { gridsByValue, roundSequentially } from "./sequential-rounding.ts";

export interface QuantizeProgress {
  readonly stage: "calibrate" | "round" | "write" | "kernels";
  /** Share of the stage that is done, 0 to 1. */
  readonly share: number;
}

export interface QuantizeRequest {
  readonly model: Uint8Array;
  readonly recipe: Recipe;
  /** Needed by recipes that quantize activations; others ignore it. */
  readonly calibration?: CalibrationInput;
  readonly session: SessionPort;
  /** Intra-op threads of the sessions that run calibration items, default 1. */
  readonly threads?: number;
  /** Hex SHA-256 of bytes. */
  readonly sha256: (bytes: Uint8Array) => string;
  readonly onProgress?: (progress: QuantizeProgress) => void;
  readonly signal?: AbortSignal;
}

export interface QuantizeResult {
  readonly model: Uint8Array;
  readonly manifest: QuantizeManifest;
}

/** Opset of QuantizeLinear with an axis; what every recipe needs. */
const BASE_OPSET = 13;
/** Opset of DequantizeLinear with INT4. */
const INT4_OPSET = 21;

/**
 * Quantizes an ONNX model by a recipe, and says what every layer became and which kernel runs it.
 * `fp32` returns the model's own bytes.
 * @throws HarnessError CONFIG_MODEL_INVALID for a broken model, QUANTIZE_CALIBRATION for unusable items,
 *   QUANTIZE_UNSUPPORTED for what cannot be upgraded; whatever the session throws; and the signal's reason.
 */
export async function quantizeModel(request: QuantizeRequest): Promise<QuantizeResult> {
  const { recipe, session, signal } = request;
  signal?.throwIfAborted();
  const prepared = prepareModel(request.model, recipe);
  const result = recipe.weights === null ? undefined : await quantizePrepared(prepared, request);
  const bytes = result === undefined ? request.model : serializeModel(prepared.model);
  request.onProgress?.({ stage: "write", share: 1 });
  signal?.throwIfAborted();
  const optimized = await session.optimize(bytes, { optimizationLevel: "all", sessionConfig: recipe.session });
  const manifest = writeManifest({ ...prepared, ...result, request, bytes, optimized });
  request.onProgress?.({ stage: "kernels", share: 1 });
  return { model: bytes, manifest };
}

/** A cleaned float model, its layers, and what the recipe does with each. */
export interface PreparedModel {
  readonly model: ModelProto;
  readonly view: GraphView;
  readonly clean: CleanReport | null;
  readonly list: LayerList;
  readonly decisions: readonly LayerDecision[];
}

/** What quantization found out and decided. */
export interface QuantizedParts {
  readonly quantized: readonly QuantizedLayer[];
  readonly plan: ActivationPlan;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly grids: ReadonlyMap<string, Grid>;
}

/** Reads, checks and cleans a model for a recipe. */
function prepareModel(bytes: Uint8Array, recipe: Recipe): PreparedModel {
  const model = parseModel(bytes);
  const broken = findProblems(model).find((problem) => problem.severity === "error" && problem.code !== "not_sorted");
  if (broken !== undefined) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `The model is invalid: ${broken.message}`, {
      hint: "Run `quantgate inspect` on it to see every problem.",
    });
  }
  const clean = recipe.weights === null ? null : cleanModel(model, opsetFor(recipe));
  const view = viewGraph(graphOf(model));
  const list = findLayers(view);
  return { model, view, clean, list, decisions: decideLayers(list.layers, recipe) };
}

function opsetFor(recipe: Recipe): number {
  const specs = [recipe.weights, ...recipe.overrides.map((override) => override.weights)];
  const modern = specs.some((spec) => spec?.storage === "int4");
  return modern ? INT4_OPSET : BASE_OPSET;
}

/** Calibrates, rounds, and rewrites the prepared model in place. */
async function quantizePrepared(prepared: PreparedModel, request: QuantizeRequest): Promise<QuantizedParts> {
  const { model, view } = prepared;
  const { recipe } = request;
  const graph = graphOf(model);
  const chosen = prepared.list.layers.flatMap((layer, i) => {
    const decision = prepared.decisions[i];
    return decision !== undefined && "spec" in decision ? [{ layer, spec: decision.spec }] : [];
  });
  const layers = chosen.map(({ layer }) => layer);
  const plan: ActivationPlan = quantizesStatically(recipe) ? planActivations(view, layers) : { rangeSource: new Map() };
  const ranges = await findRanges(prepared, plan, request);
  const grids = new Map<string, Grid>();
  if (recipe.activations !== null) {
    const options = { signed: recipe.activations.type === "int8", symmetric: recipe.activations.symmetric };
    for (const [name, range] of ranges) grids.set(name, gridForRange(range.low, range.high, options));
  }
  const inputGrids = gridsByValue(plan, grids);
  const sequential = recipe.bias_correction || chosen.some(({ spec }) => spec.rounding === "gptq");
  const quantized = sequential
    ? await roundSequentially({
        prepared,
        chosen,
        plan,
        grids,
        inputGrids,
        calibration: requireItems(request),
        request,
      })
    : roundEach(view, chosen, inputGrids, request);
  const packed = quantized.filter(({ spec }) => spec.storage === "packed");
  const others = quantized.filter(({ spec }) => spec.storage !== "packed");
  emitBlocks(model, packed);
  if (recipe.activations?.calibration === "dynamic") emitDynamic(graph, others);
  else emitWeights(graph, others, inputGrids);
  if (recipe.activations !== null) emitActivations(graph, plan, grids, recipe.activations.type);
  removeDeadNodes(graph);
  return { quantized, plan, ranges, grids };
}

type Chosen = readonly { readonly layer: WeightedLayer; readonly spec: WeightSpec }[];

/** Rounds each layer on its own. */
function roundEach(
  view: GraphView,
  chosen: Chosen,
  inputGrids: ReadonlyMap<string, Grid>,
  request: QuantizeRequest,
): QuantizedLayer[] {
  return chosen.map(({ layer, spec }, i) => {
    request.signal?.throwIfAborted();
    const done = roundLayer(view, layer, spec, inputGrids.get(layer.node.input[0] ?? ""));
    request.onProgress?.({ stage: "round", share: (i + 1) / chosen.length });
    return done;
  });
}

function requireItems({ recipe, calibration }: QuantizeRequest): CalibrationInput {
  if (calibration === undefined || calibration.indices.length === 0) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `Recipe '${recipe.id}' needs calibration items and there are none.`,
      {
        hint: "Give the dataset a calibration split, or use a recipe that needs none, such as w8a16.",
      },
    );
  }
  return calibration;
}

async function findRanges(
  prepared: PreparedModel,
  plan: ActivationPlan,
  request: QuantizeRequest,
): Promise<Map<string, Range>> {
  const { recipe } = request;
  if (recipe.activations === null || !quantizesStatically(recipe)) return new Map();
  const calibration = requireItems(request);
  const values = [...new Set(plan.rangeSource.values())];
  if (values.length === 0) return new Map();
  return calibrate(
    {
      ...calibration,
      model: prepared.model,
      values,
      session: request.session,
      threads: request.threads,
      signal: request.signal,
      onProgress: (share) => request.onProgress?.({ stage: "calibrate", share }),
    },
    recipe.activations,
  );
}
