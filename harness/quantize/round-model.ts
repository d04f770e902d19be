import { HarnessError } from "../domain/errors.ts";
import { type ActivationPlan, planActivations } from "./activation-plan.ts";
import { calibrate } from "./calibrate.ts";
import type { CalibrationInput } from "./calibration-job.ts";
import { gridsByValue } from "./emit-model.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import type { GraphView } from "./graph-view.ts";
import { type Grid, gridForRange, type Range } from "./grid.ts";
import type { WeightedLayer } from "./layers.ts";
import { alignQuantizers } from "./passes/align-quantizers.ts";
import type { PreparedModel } from "./prepared-model.ts";
import type { QuantizeRequest } from "./quantize-model.ts";
import type { WeightSpec } from "./recipe.ts";
import { quantizesStatically } from "./recipes.ts";
import { roundLayer } from "./round-layer.ts";
import { roundSequentially } from "./sequential-rounding.ts";

/** What quantization found out and decided. */
export interface QuantizedParts {
  readonly quantized: readonly QuantizedLayer[];
  readonly plan: ActivationPlan;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly grids: ReadonlyMap<string, Grid>;
}

/**
 * Calibrates and rounds; the prepared model is not changed. Grids that are already known are used instead of calibrating again.
 * @throws HarnessError QUANTIZE_CALIBRATION for missing or unusable items.
 */
export async function roundModel(
  prepared: PreparedModel,
  request: QuantizeRequest,
  known?: Pick<QuantizedParts, "plan" | "ranges" | "grids">,
): Promise<QuantizedParts> {
  const { recipe } = request;
  const chosen = prepared.list.layers.flatMap((layer, i) => {
    const decision = prepared.decisions[i];
    return decision !== undefined && "spec" in decision ? [{ layer, spec: decision.spec }] : [];
  });
  const parts = known ?? (await findGrids(prepared, chosen, request));
  const inputGrids = gridsByValue(parts.plan, parts.grids);
  const sequential = recipe.bias_correction || chosen.some(({ spec }) => spec.rounding !== "nearest");
  const quantized = sequential
    ? await roundSequentially({ prepared, chosen, ...parts, inputGrids, calibration: requireItems(request), request })
    : roundEach(prepared.view, chosen, inputGrids, request);
  return { ...parts, quantized };
}

async function findGrids(prepared: PreparedModel, chosen: Chosen, request: QuantizeRequest) {
  const { activations } = request.recipe;
  const layers = chosen.map(({ layer }) => layer);
  const fixed = quantizesStatically(request.recipe);
  const plan: ActivationPlan = fixed ? planActivations(prepared.view, layers) : { rangeSource: new Map() };
  const found = await findRanges(prepared, plan, request);
  const { ranges } = alignQuantizers(prepared.view, plan, found, request.recipe.align ?? []);
  const grids = new Map<string, Grid>();
  if (activations !== null) {
    const options = { signed: activations.type === "int8", symmetric: activations.symmetric };
    for (const [name, range] of ranges) grids.set(name, gridForRange(range.low, range.high, options));
  }
  return { plan, ranges, grids };
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
