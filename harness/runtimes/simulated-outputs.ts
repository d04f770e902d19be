import { HarnessError } from "../domain/errors.ts";
import { drawsFor } from "./split-mix.ts";

/** Invented items, shared by all variants of a model. */
export interface SimulatedItems {
  /** Seed of the plan: equal seeds, equal outputs. */
  readonly seed: number;
  readonly modelId: string;
  readonly labels: Int32Array;
  /** ≥ 2. */
  readonly classes: number;
}

/** True rates of a variant and, unless it is the baseline itself, of its baseline. */
export interface SimulatedQuality {
  readonly variantId: string;
  readonly accuracy: number;
  readonly baselineAccuracy?: number;
  /** Share of items on which exactly one of the two is right. */
  readonly discordance: number;
}

/**
 * Scores of all items, row-major [items, classes]. An item's difficulty belongs to the item, so that baseline and variant are paired:
 * the baseline is right where the difficulty is below its accuracy; a variant differs from it on `discordance` of the items.
 */
export function simulateOutputs(items: SimulatedItems, quality: SimulatedQuality): Float32Array {
  const { labels, classes } = items;
  const { loses, gains, reference } = transitionRates(quality);
  const ofItem = drawsFor(items.seed, `items of ${items.modelId}`);
  const ofVariant = drawsFor(items.seed, `outputs of ${quality.variantId}`);
  const outputs = new Float32Array(labels.length * classes);
  for (let item = 0; item < labels.length; item++) {
    const difficulty = ofItem.uniform();
    const wrongBy = 1 + ofItem.index(classes - 1);
    const differs = ofVariant.uniform();
    const confidence = 0.9 - 0.05 * ofVariant.uniform();
    const baselineIsRight = difficulty < reference;
    const isRight = baselineIsRight ? differs >= loses : differs < gains;
    const winner = ((labels[item] as number) + (isRight ? 0 : wrongBy)) % classes;
    outputs.fill((1 - confidence) / (classes - 1), item * classes, (item + 1) * classes);
    outputs[item * classes + winner] = confidence;
  }
  return outputs;
}

/**
 * Chances that the variant loses an item that the baseline has right, and gains one that it has wrong. From
 * P(lose) - P(gain) = drop and P(lose) + P(gain) = discordance; CONFIG_INVALID where no chances give both.
 */
function transitionRates(quality: SimulatedQuality): { loses: number; gains: number; reference: number } {
  const { accuracy, baselineAccuracy: reference = accuracy, discordance, variantId } = quality;
  if (quality.baselineAccuracy === undefined) return { loses: 0, gains: 0, reference };
  const lost = (discordance + reference - accuracy) / 2;
  const gained = (discordance - reference + accuracy) / 2;
  // Room for the rounding of decimal fractions such as .98 - .94.
  const slack = 1e-9;
  if (lost < -slack || gained < -slack || lost > reference + slack || gained > 1 - reference + slack) {
    const least = Math.abs(reference - accuracy);
    const most = Math.min(reference + accuracy, 2 - reference - accuracy);
    throw new HarnessError(
      "CONFIG_INVALID",
      `The simulated variant ${variantId} cannot have accuracy ${accuracy} and discordance ${discordance} beside a baseline of ${reference}.`,
      { hint: `Its discordance must be between ${least.toFixed(4)} and ${most.toFixed(4)}.` },
    );
  }
  return {
    loses: reference === 0 ? 0 : lost / reference,
    gains: reference === 1 ? 0 : gained / (1 - reference),
    reference,
  };
}
