import type { DeploymentProfile, RungBits } from "./deployment-profile.ts";
import type { RecipePatch } from "./recipe.ts";

export const MODALITIES = ["text", "code", "image", "audio"] as const;
export type Modality = (typeof MODALITIES)[number];

/** Parts of a strategy that a flag can switch off. */
export const STRATEGY_STEPS = ["residual-codes", "time-scales", "gptq", "spatial-groups"] as const;
export type StrategyStep = (typeof STRATEGY_STEPS)[number];

export type StrategyName = "residual-time" | "gptq-spatial";

/**
 * Which parts a modality gets. Language models: long reductions with outliers, and activations that drift with position, so two code
 * books and scales by time. Images and audio: convolutions, whose kernel taps differ, and inputs that are strongly correlated.
 */
export function strategyFor(modality: Modality): {
  readonly name: StrategyName;
  readonly steps: readonly StrategyStep[];
} {
  return modality === "text" || modality === "code"
    ? { name: "residual-time", steps: ["residual-codes", "time-scales"] }
    : { name: "gptq-spatial", steps: ["gptq", "spatial-groups"] };
}

/** The recipe of one rung for an ONNX graph: weights packed to their true bits, so that each rung has a size of its own. */
export function rungRecipe(
  bits: RungBits,
  {
    profile,
    modality,
    disabled,
  }: {
    readonly profile: Pick<DeploymentProfile, "group_size">;
    readonly modality: Modality | undefined;
    readonly disabled: ReadonlySet<StrategyStep>;
  },
): RecipePatch {
  const rounding = disabled.has("gptq") ? "nearest" : "gptq";
  if (modality === "text" || modality === "code") {
    // Blocks of weights are what the MatMulNBits kernels read; other layers stay float.
    const name = { 2: "int2-block32", 4: "int4-block32", 8: "int8-block32" }[bits];
    return { extends: name, id: `int${bits}-block${profile.group_size}`, weights: { block_size: profile.group_size } };
  }
  if (bits === 8) return { extends: "w8a16", id: "int8" };
  return { extends: "w4a16", id: `int${bits}`, weights: { bits, storage: bits === 2 ? "int2" : "int4", rounding } };
}
