import type { Recipe, WeightSpec } from "./recipe.ts";

/** A variant that was made by a recipe. */
export interface MadeVariant {
  readonly id: string;
  readonly recipe: Recipe;
}

/** Two variants of which one has fewer bits and another granularity as well, with nothing beside them that separates the two. */
export interface Confounded {
  readonly fewer: MadeVariant;
  readonly more: MadeVariant;
  /** One sentence for people. */
  readonly message: string;
}

/**
 * Pairs that would be read as a comparison of bits and are not one: 4 bits with one scale a tensor lose to 8 bits with one a channel by
 * the scales alone. A pair is fine where a third variant has the bits of one with the granularity of the other. Each variant of fewer
 * bits is named once, beside the first that has more.
 */
export function confoundedPairs(variants: readonly MadeVariant[]): Confounded[] {
  const made = variants.flatMap(({ id, recipe }) =>
    recipe.weights === null ? [] : [{ id, recipe, weights: recipe.weights, grain: grainOf(recipe.weights) }],
  );
  const exists = (bits: number, grain: string) =>
    made.some((other) => other.weights.bits === bits && other.grain === grain);
  return made.flatMap((fewer) => {
    const more = made.find(
      (other) =>
        other.weights.bits > fewer.weights.bits &&
        other.grain !== fewer.grain &&
        !exists(other.weights.bits, fewer.grain) &&
        !exists(fewer.weights.bits, other.grain),
    );
    if (more === undefined) return [];
    const side = ({ id, weights, grain }: typeof fewer) => `${id} (${weights.bits} bits, one scale a ${grain})`;
    const message = `${side(fewer)} and ${side(more)} differ in bits and in granularity; nothing here tells which of the two matters.`;
    return [{ fewer, more, message }];
  });
}

function grainOf({ granularity, block_size: size }: WeightSpec): string {
  return granularity === "block" ? `block of ${size}` : granularity;
}
