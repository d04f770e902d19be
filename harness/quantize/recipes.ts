import { HarnessError } from "../domain/errors.ts";
import { withExactIntegers } from "./exact-integers.ts";
import type { ActivationSpec, Recipe, RecipePatch, WeightSpec } from "./recipe.ts";
import { validateRecipe } from "./recipe-validation.ts";

/** uint8 with a zero point: the type whose convolutions ONNX Runtime fuses on x86-64 (onnx.md). */
const UINT8: ActivationSpec = { type: "uint8", symmetric: false, calibration: "minmax" };

const INT8_PER_CHANNEL: WeightSpec = {
  bits: 8,
  granularity: "channel",
  symmetric: true,
  storage: "int8",
  scale: "max",
  rounding: "nearest",
};

/** Dequantize-then-compute is folded into plain float32 weights at load, which gives back fp32's speed (onnx.md). */
const FOLD_WEIGHTS_AT_LOAD = { "session.disable_quant_qdq": "1" } as const;

const base = { bias_correction: false, equalize: false, skip: [], overrides: [], session: {} } as const;

/** Ranges of least squared error: no outlier sets the step, and nothing is tuned (percentiles need a share). */
const UINT8_MSE: ActivationSpec = { ...UINT8, calibration: "mse" };

/** Few bits: weights rounded against the inputs they will meet, in bytes so that integer kernels run them. */
function lowBits(bits: WeightSpec["bits"]): Omit<Recipe, "id"> {
  const weights: WeightSpec = { ...INT8_PER_CHANNEL, bits, scale: "mse", rounding: "gptq" };
  // At two and three bits a level spent on zero leaves one side of it a level short.
  return { ...base, weights: bits <= 3 ? { ...weights, zero_level: false } : weights, activations: UINT8_MSE };
}

/** Weights in blocks of 32 for the MatMulNBits kernels, which quantize activations as they run. Convolutions stay float. */
function blocks(bits: 2 | 4 | 8): Omit<Recipe, "id"> {
  const weights: WeightSpec = {
    bits,
    granularity: "block",
    block_size: 32,
    symmetric: true,
    storage: "packed",
    scale: "mse",
    rounding: "nearest",
  };
  return { ...base, weights, activations: null };
}

const NAMED: Readonly<Record<string, Omit<Recipe, "id">>> = {
  fp32: { ...base, weights: null, activations: null },
  u8s8: { ...base, weights: INT8_PER_CHANNEL, activations: UINT8 },
  "u8s8-corrected": { ...base, weights: INT8_PER_CHANNEL, activations: UINT8_MSE, bias_correction: true },
  // Seven bits cannot saturate on CPUs without VNNI, where eight need slower kernels (exact-integers.ts).
  u8s7: { ...base, weights: { ...INT8_PER_CHANNEL, bits: 7 }, activations: UINT8 },
  u8u8: {
    ...base,
    weights: { ...INT8_PER_CHANNEL, granularity: "tensor", symmetric: false, storage: "uint8" },
    activations: UINT8,
  },
  s8s8: {
    ...base,
    weights: { ...INT8_PER_CHANNEL, granularity: "tensor" },
    activations: { ...UINT8, type: "int8" },
  },
  w8a16: { ...base, weights: INT8_PER_CHANNEL, activations: null, session: FOLD_WEIGHTS_AT_LOAD },
  w6a8: lowBits(6),
  w5a8: lowBits(5),
  w4a16: {
    ...base,
    weights: { ...INT8_PER_CHANNEL, bits: 4, storage: "int4", scale: "mse", rounding: "gptq" },
    activations: null,
    session: FOLD_WEIGHTS_AT_LOAD,
  },
  w4a8: lowBits(4),
  w3a8: lowBits(3),
  w2a16: { ...lowBits(2), activations: null, session: FOLD_WEIGHTS_AT_LOAD },
  w2a8: lowBits(2),
  "dynamic-int8": { ...base, weights: INT8_PER_CHANNEL, activations: { ...UINT8, calibration: "dynamic" } },
  "int8-block32": blocks(8),
  "int4-block32": blocks(4),
  "int2-block32": blocks(2),
  // The broken control: two bits, rounded to nearest (rtn), are known to destroy a convolutional network.
  "w2a8-rtn": { ...base, weights: { ...INT8_PER_CHANNEL, bits: 2 }, activations: UINT8 },
};

/** Names of the built-in recipes, in order of falling precision. */
export const RECIPE_NAMES: readonly string[] = Object.keys(NAMED);

/**
 * The recipe a config means: a built-in name, or changes to one.
 * @throws HarnessError CONFIG_INVALID for an unknown name (with the nearest one) and for values that do not go together.
 */
export function resolveRecipe(spec: string | RecipePatch): Recipe {
  const name = typeof spec === "string" ? spec : spec.extends;
  const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  if (named === undefined) {
    throw new HarnessError("CONFIG_INVALID", `There is no recipe named '${name}'.`, {
      hint: `Known recipes: ${RECIPE_NAMES.join(", ")}. A file of your own ends in .json, .yaml or .yml.`,
    });
  }
  const recipe: Recipe = { id: name, ...named };
  return withExactIntegers(validateRecipe(typeof spec === "string" ? recipe : composeRecipe(recipe, spec)));
}

/** A recipe with changes laid over it; changing a part that the base lacks needs that part whole. */
export function composeRecipe(recipe: Recipe, patch: RecipePatch): Recipe {
  const { extends: _base, weights, activations, ...rest } = patch;
  return {
    ...recipe,
    id: `${recipe.id}+`,
    ...rest,
    weights: weights === undefined ? recipe.weights : ({ ...recipe.weights, ...weights } as WeightSpec),
    activations:
      activations === undefined ? recipe.activations : ({ ...recipe.activations, ...activations } as ActivationSpec),
  };
}

/** True where a recipe cannot be followed without calibration items. */
export function needsCalibration(recipe: Recipe): boolean {
  const learns = [recipe.weights, ...recipe.overrides.map(({ weights }) => weights)].some(
    (spec) => spec?.rounding !== undefined && spec.rounding !== "nearest",
  );
  return recipe.weights !== null && (quantizesStatically(recipe) || recipe.bias_correction || learns);
}

/** True where activations get fixed grids. */
export function quantizesStatically({ activations }: Recipe): boolean {
  return activations !== null && activations.calibration !== "dynamic";
}
