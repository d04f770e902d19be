import type { AlignedOperator } from "./passes/align-quantizers.ts";

/** How layers' weights become integers. */
export interface WeightSpec {
  /** Bits a value takes, 2 to 8. */
  readonly bits: 2 | 3 | 4 | 5 | 6 | 7 | 8;
  /** One scale for the tensor, one an output channel, or one a block of `block_size` values along the reduced axis (MatMul and Gemm). */
  readonly granularity: "tensor" | "channel" | "block";
  /** Power of two from 16 to 256; only with granularity `block`. */
  readonly block_size?: number;
  /** Symmetric: zero point 0. Asymmetric weights are uint8. */
  readonly symmetric: boolean;
  /**
   * false: the levels lie evenly on both sides of zero, none on it (two bits: ±1, ±3 half steps), which wastes no level on one side.
   * Such codes need one bit more than they carry, so they are held in int8. Default true.
   */
  readonly zero_level?: boolean;
  /**
   * Element type in the file. `int8` with fewer bits holds small values in bytes, so that integer kernels run it;
   * `int4` packs two and `int2` four values a byte, and both are emulated; `packed` is the layout of the MatMulNBits kernels (blocks of 2, 4 or 8 bits).
   */
  readonly storage: "int8" | "uint8" | "int4" | "int2" | "packed";
  /** `max`: the largest weight sets the scale; `mse`: the scale of least squared error. */
  readonly scale: "max" | "mse";
  /**
   * `nearest`: each weight alone; `gptq`: column by column, later weights making up for earlier errors; `adaround`: the same, and up or
   * down chosen once more by gradient where that loses less.
   */
  readonly rounding: "nearest" | "gptq" | "adaround";
}

/** How activations become integers. */
export interface ActivationSpec {
  readonly type: "uint8" | "int8";
  /** Symmetric ranges have zero in the middle, which keeps a Relu from being absorbed. */
  readonly symmetric: boolean;
  /**
   * How ranges are found from calibration items; `dynamic` finds them anew at every run, for MatMul and Gemm inputs only, and needs
   * no items.
   */
  readonly calibration: "minmax" | "percentile" | "entropy" | "mse" | "moving_average" | "dynamic";
  /** Share of values inside the range, (0.5, 1]; only for `percentile`. */
  readonly percentile?: number;
}

/** Changes for layers whose name matches. */
export interface LayerOverride {
  /** Layer names; `*` stands for any characters, and `@first` / `@last` for the first and last weighted layer. */
  readonly layers: readonly string[];
  readonly weights: Partial<WeightSpec>;
}

/** One quantization, as data: what `recipe` in a config resolves to, and what a manifest records. */
export interface Recipe {
  readonly id: string;
  /** null: weights stay float32. */
  readonly weights: WeightSpec | null;
  /** null: activations stay float32 (weight-only). */
  readonly activations: ActivationSpec | null;
  /** Adds to each bias the mean error that quantization gave the layer's output on the calibration items. */
  readonly bias_correction: boolean;
  /** Evens out the ranges of consecutive layers' channels before quantizing. */
  readonly equalize: boolean;
  /** Operators whose quantizers share one range (passes/align-quantizers.ts). Default none. */
  readonly align?: readonly AlignedOperator[];
  /** Layers left in float32; patterns as in {@link LayerOverride.layers}. */
  readonly skip: readonly string[];
  readonly overrides: readonly LayerOverride[];
  /** Session config entries that the quantized model must run with. */
  readonly session: Readonly<Record<string, string>>;
}

/** What a config may write for a recipe: a name, or a named recipe with changes. */
export type RecipePatch = {
  readonly extends: string;
  readonly id?: string;
  readonly weights?: Partial<WeightSpec>;
  readonly activations?: Partial<ActivationSpec>;
} & Partial<Pick<Recipe, "bias_correction" | "equalize" | "align" | "skip" | "overrides" | "session">>;
