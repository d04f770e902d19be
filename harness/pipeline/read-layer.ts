import type { LayerRows } from "../datasets/activation-rows.ts";
import { HarnessError } from "../domain/errors.ts";
import { fromBfloat, fromHalf } from "../quantize/half-floats.ts";
import { rng } from "../stats/rng.ts";
import type { FolderTensor } from "../store/model-folder.ts";
import type { SafetensorsDtype } from "../store/safetensors.ts";

const FLOATS: ReadonlySet<SafetensorsDtype> = new Set(["F32", "F16", "BF16", "F64"]);

/** Fewer weights than this are not worth a scale a group. */
const LEAST_WEIGHTS = 256;

/** Why a tensor is carried over as it is; undefined for a layer. */
export function whyKept({ dtype, shape }: Pick<FolderTensor, "dtype" | "shape">): string | undefined {
  if (!FLOATS.has(dtype)) return `its type is ${dtype}`;
  if (shape.length < 2) return shape.length === 1 ? "it has one axis" : "it is a single number";
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (count < LEAST_WEIGHTS) return `it has ${count} weights, fewer than ${LEAST_WEIGHTS}`;
  if (count / (shape[0] as number) < 2) return "its rows have one value";
  return undefined;
}

/** A layer's weights as float32. CONFIG_MODEL_INVALID where one is not finite. */
export function layerFloats(tensor: FolderTensor, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const { buffer } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const values =
    tensor.dtype === "F16"
      ? fromHalf(new Uint16Array(buffer))
      : tensor.dtype === "BF16"
        ? fromBfloat(new Uint16Array(buffer))
        : tensor.dtype === "F64"
          ? Float32Array.from(new Float64Array(buffer))
          : new Float32Array(buffer);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `Tensor '${tensor.name}' is NaN or infinite at element ${bad}.`, {
      hint: "The export or the download is damaged; such weights cannot be quantized.",
    });
  }
  return values;
}

/** A layer's calibration rows: at most `samples` of those given, evenly spread, else seeded standard normal ones. */
export function layerRows(
  layer: { readonly name: string; readonly columns: number },
  given: LayerRows | undefined,
  { samples, seed }: { readonly samples: number; readonly seed: number },
): { readonly rows: LayerRows; readonly calibration: "measured" | "synthetic" } {
  const { name, columns } = layer;
  if (given === undefined) {
    const source = rng(seed).derive(`synthetic-rows:${name}`);
    const values = Float32Array.from({ length: samples * columns }, () => source.normal());
    return { rows: { columns, count: samples, values, times: new Int32Array(samples) }, calibration: "synthetic" };
  }
  if (given.columns !== columns) {
    throw new HarnessError(
      "CONFIG_DATA_INVALID",
      `The calibration rows of layer '${name}' have ${given.columns} values, and the layer reads ${columns}.`,
      { hint: "A row is what one output of the layer reads: input channels times kernel positions for a convolution." },
    );
  }
  if (given.count <= samples) return { rows: given, calibration: "measured" };
  const chosen = Array.from({ length: samples }, (_, i) => Math.floor((i * given.count) / samples));
  const values = new Float32Array(samples * columns);
  for (const [at, r] of chosen.entries())
    values.set(given.values.subarray(r * columns, (r + 1) * columns), at * columns);
  const times = Int32Array.from(chosen, (r) => given.times[r] as number);
  return { rows: { columns, count: samples, values, times }, calibration: "measured" };
}
