import type { Recipe, WeightSpec } from "./recipe.ts";

/**
 * x86 CPUs without VNNI add two products of uint8 and int8 in 16 bits, which saturates: ResNet8 under u8s8 falls from 87.3 to 84.6 %
 * there. This session key makes ONNX Runtime take the exact kernels of uint8 weights on such CPUs, at a cost in speed; elsewhere it
 * changes nothing.
 */
export const EXACT_INTEGERS = { "session.x64quantprecision": "1" } as const;

/** Largest weight code with which two products of a uint8 still fit 16 bits: 2 · 255 · 64 < 2^15. */
const LARGEST_SAFE_CODE = 64;

/** Adds {@link EXACT_INTEGERS} to a recipe's session where its weights could saturate; an entry that is already there stays. */
export function withExactIntegers(recipe: Recipe): Recipe {
  const { weights, activations, overrides, session } = recipe;
  if (weights === null || activations === null) return recipe;
  const specs = [weights, ...overrides.map((override) => ({ ...weights, ...override.weights }))];
  return specs.some(canSaturate) ? { ...recipe, session: { ...EXACT_INTEGERS, ...session } } : recipe;
}

function canSaturate({ storage, bits, zero_level: zeroLevel }: WeightSpec): boolean {
  // Without a zero level codes are the odd numbers up to 2^bits - 1.
  const largest = zeroLevel === false ? 2 ** bits - 1 : 2 ** (bits - 1);
  return storage === "int8" && largest > LARGEST_SAFE_CODE;
}
