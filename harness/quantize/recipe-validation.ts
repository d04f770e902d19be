import { HarnessError } from "../domain/errors.ts";
import type { ActivationSpec, LayerOverride, Recipe, WeightSpec } from "./recipe.ts";

const RECIPE_KEYS = [
  "id",
  "weights",
  "activations",
  "bias_correction",
  "equalize",
  "align",
  "skip",
  "overrides",
  "session",
];
const WEIGHT_KEYS = ["bits", "granularity", "block_size", "symmetric", "zero_level", "storage", "scale", "rounding"];
const ACTIVATION_KEYS = ["type", "symmetric", "calibration", "percentile"];

/** Block sizes that ONNX Runtime's MatMulNBits takes. */
const BLOCK_SIZES = [16, 32, 64, 128, 256];

/**
 * Checks a recipe that may come from a config, and returns it.
 * @throws HarnessError CONFIG_INVALID, naming the first field that is wrong.
 */
export function validateRecipe(value: unknown): Recipe {
  const recipe = record(value, "recipe", RECIPE_KEYS);
  if (typeof recipe["id"] !== "string" || recipe["id"] === "") fail("id", "must be a non-empty text");
  if (recipe["weights"] !== null) checkWeights(recipe["weights"], "weights");
  if (recipe["activations"] !== null) checkActivations(recipe["activations"]);
  for (const key of ["bias_correction", "equalize"])
    if (typeof recipe[key] !== "boolean") fail(key, "must be true or false");
  checkTexts(recipe["skip"], "skip");
  if (recipe["align"] !== undefined) {
    checkTexts(recipe["align"], "align");
    for (const operator of recipe["align"] as string[]) oneOf(operator, ["Concat", "Add"], "align");
  }
  if (!Array.isArray(recipe["overrides"])) fail("overrides", "must be a list");
  const checked = value as Recipe;
  for (const [i, override] of checked.overrides.entries()) checkOverride(checked, override, `overrides[${i}]`);
  const session = record(recipe["session"], "session");
  for (const [key, entry] of Object.entries(session))
    if (typeof entry !== "string") fail(`session.${key}`, "must be a text");
  if (checked.weights === null && checked.activations !== null)
    fail("activations", "cannot be quantized while weights are not");
  if (checked.weights?.granularity === "block" && checked.activations !== null) {
    fail("weights.granularity", "can be 'block' only with float activations");
  }
  checkDynamic(checked);
  return checked;
}

function checkWeights(value: unknown, path: string): void {
  const weights = record(value, path, WEIGHT_KEYS) as Partial<Record<keyof WeightSpec, unknown>>;
  const { bits, granularity, block_size: blockSize, symmetric, storage } = weights;
  if (!Number.isInteger(bits) || (bits as number) < 2 || (bits as number) > 8) fail(`${path}.bits`, "must be 2 to 8");
  oneOf(granularity, ["tensor", "channel", "block"], `${path}.granularity`);
  oneOf(storage, ["int8", "uint8", "int4", "int2", "packed"], `${path}.storage`);
  oneOf(weights.scale, ["max", "mse"], `${path}.scale`);
  oneOf(weights.rounding, ["nearest", "gptq", "adaround"], `${path}.rounding`);
  if (typeof symmetric !== "boolean") fail(`${path}.symmetric`, "must be true or false");
  if (symmetric === (storage === "uint8"))
    fail(`${path}.storage`, "must be uint8 for asymmetric weights and signed for symmetric ones");
  if (storage === "int4" && (bits as number) > 4) fail(`${path}.storage`, `cannot hold ${bits} bits in int4`);
  if (storage === "int2" && bits !== 2) fail(`${path}.storage`, `cannot hold ${bits} bits in int2`);
  const { zero_level: zeroLevel } = weights;
  if (zeroLevel !== undefined && typeof zeroLevel !== "boolean") fail(`${path}.zero_level`, "must be true or false");
  if (zeroLevel === false && (storage !== "int8" || bits === 8)) {
    fail(`${path}.zero_level`, "can be false only for int8 storage of 2 to 7 bits");
  }
  if (granularity === "block" && !BLOCK_SIZES.includes(blockSize as number)) {
    fail(`${path}.block_size`, `must be one of ${BLOCK_SIZES.join(", ")}`);
  }
  if ((granularity === "block") !== (storage === "packed"))
    fail(`${path}.storage`, "must be packed for blocks, and only for them");
  if (storage === "packed" && ![2, 4, 8].includes(bits as number))
    fail(`${path}.bits`, "must be 2, 4 or 8 in packed blocks");
  if (granularity !== "block" && blockSize !== undefined) fail(`${path}.block_size`, "needs granularity 'block'");
}

function checkActivations(value: unknown): void {
  const activations = record(value, "activations", ACTIVATION_KEYS) as Partial<Record<keyof ActivationSpec, unknown>>;
  oneOf(activations.type, ["uint8", "int8"], "activations.type");
  oneOf(
    activations.calibration,
    ["minmax", "percentile", "entropy", "mse", "moving_average", "dynamic"],
    "activations.calibration",
  );
  if (typeof activations.symmetric !== "boolean") fail("activations.symmetric", "must be true or false");
  const { percentile } = activations;
  if (activations.calibration !== "percentile") {
    if (percentile !== undefined) fail("activations.percentile", "needs calibration 'percentile'");
  } else if (typeof percentile !== "number" || !(percentile > 0.5 && percentile <= 1)) {
    fail("activations.percentile", "must be a share above 0.5 and at most 1");
  }
}

/** Dynamic ranges are uint8 by definition of the operator, and there are no items to learn from. */
function checkDynamic({ activations, weights, bias_correction: biasCorrection, overrides }: Recipe): void {
  if (activations?.calibration !== "dynamic") return;
  if (activations.type !== "uint8" || activations.symmetric)
    fail("activations", "must be asymmetric uint8 when dynamic");
  if (biasCorrection) fail("bias_correction", "needs calibrated activations");
  for (const spec of [weights, ...overrides.map((override) => override.weights)]) {
    if (spec?.rounding !== undefined && spec.rounding !== "nearest")
      fail("weights.rounding", `needs calibrated activations for ${spec.rounding}`);
    if (spec?.storage === "int4" || spec?.storage === "int2")
      fail("weights.storage", "must be a byte when activations are dynamic");
  }
}

function checkOverride(recipe: Recipe, override: LayerOverride, path: string): void {
  const entry = record(override, path, ["layers", "weights"]);
  checkTexts(entry["layers"], `${path}.layers`);
  record(entry["weights"], `${path}.weights`, WEIGHT_KEYS);
  if (recipe.weights === null) fail(path, "changes weights that the recipe leaves in float32");
  checkWeights({ ...recipe.weights, ...override.weights }, `${path}.weights`);
}

function checkTexts(value: unknown, path: string): void {
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== "string")) fail(path, "must be a list of texts");
}

function oneOf(value: unknown, allowed: readonly string[], path: string): void {
  if (!allowed.includes(value as string)) fail(path, `must be one of ${allowed.join(", ")}`);
}

function record(value: unknown, path: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, "must be an object");
  const unknown = keys && Object.keys(value as object).find((key) => !keys.includes(key));
  if (unknown !== undefined) fail(`${path}.${unknown}`, `is not a known key (known: ${keys?.join(", ")})`);
  return value as Record<string, unknown>;
}

function fail(path: string, message: string): never {
  throw new HarnessError("CONFIG_INVALID", `Recipe field '${path}' ${message}.`, {
    hint: "Start from a named recipe and change one field at a time.",
  });
}
