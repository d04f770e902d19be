import type { Grid, Range } from "./grid.ts";
import type { KernelCounts, KernelLabel } from "./kernel-truth.ts";
import type { CleanReport } from "./passes/clean.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";

/** What one layer became. Sizes are those of its weight codes, scales and zero points; bias excluded. */
export interface ManifestLayer {
  readonly name: string;
  readonly op: string;
  readonly parameters: number;
  /** null where the layer stays float32. */
  readonly storage: WeightSpec["storage"] | null;
  readonly bits: number | null;
  readonly granularity: WeightSpec["granularity"] | null;
  readonly block_size: number | null;
  readonly symmetric: boolean | null;
  /** How the weights were rounded in fact: GPTQ falls back to nearest where a layer is too wide for it. */
  readonly rounding: WeightSpec["rounding"] | null;
  /** Axis of the weight that the scales run along; null for one scale. */
  readonly axis: number | null;
  /** Bytes in the file. */
  readonly bytes: number;
  /** Bytes with the codes packed to their true bits. */
  readonly bytes_packed: number;
  /** Signal to quantization noise of the weights, dB; null where nothing was rounded. */
  readonly weight_sqnr_db: number | null;
  readonly skipped: string | null;
  readonly kernel: KernelLabel["kernel"];
  readonly kernel_op: string | null;
  /** The node that runs it in the optimized graph, as ONNX Runtime's profiler names it. */
  readonly kernel_node: string | null;
  readonly kernel_reason: string;
}

/** The grid of one activation. */
export interface ManifestActivation extends Range, Pick<Grid, "scale"> {
  readonly name: string;
  readonly type: "uint8" | "int8";
  readonly zero_point: number;
}

/** Everything a quantized model's users need to know about how it was made. */
export interface QuantizeManifest {
  readonly recipe: Recipe;
  readonly source_sha256: string;
  readonly result_sha256: string;
  readonly source_bytes: number;
  readonly bytes_on_disk: number;
  /** Size if every weight took exactly its recipe's bits: differs where small values are held in bytes for the sake of kernels. */
  readonly bytes_packed: number;
  readonly opset: number;
  /** null where the recipe needs no calibration. */
  readonly calibration: { readonly method: string; readonly items: number; readonly indices_sha256: string } | null;
  /** Session config entries that the kernels below were seen with, and that the model must run with. */
  readonly session: Readonly<Record<string, string>>;
  readonly clean: CleanReport | null;
  readonly layers: readonly ManifestLayer[];
  readonly activations: readonly ManifestActivation[];
  readonly kernels: KernelCounts;
  /** Files beside the two models that hold their tensors, where they do not hold them themselves; sizes above count them in. */
  readonly external_data?: {
    readonly source: readonly ExternalFile[];
    readonly result: readonly ExternalFile[];
  };
}

/** A data file, by its name beside the model. */
export interface ExternalFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}
