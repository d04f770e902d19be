import type { InferenceSession, Tensor } from "onnxruntime-node";
import { HarnessError } from "../../domain/errors.ts";
import { itemSize } from "../../domain/item-tensor.ts";
import type { PreparedHeader } from "../../platform/prepared-items.ts";

/** How items enter a model and what is read from it. */
export interface ModelIo {
  readonly inputName: string;
  readonly inputType: "float32" | "uint8";
  /** The input's dimensions behind the batch axis, symbols replaced by the items' sizes. */
  readonly itemDims: readonly number[];
  /** Batch size that the model is fixed to; undefined when it takes any. */
  readonly fixedBatch: number | undefined;
  /** The first output; the others are not evaluated. */
  readonly outputName: string;
}

type TensorMetadata = Extract<InferenceSession.ValueMetadata, { isTensor: true }>;

const READABLE_OUTPUTS = new Set([
  "float32",
  "float64",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
]);

const SUB_BYTE = new Set<string>(["int4", "uint4"]);

/** Matches a loaded model with the items it is to evaluate. CONFIG_MODEL_INVALID, naming what does not fit. */
export function matchModel(
  session: Pick<InferenceSession, "inputMetadata" | "outputMetadata">,
  items: Pick<PreparedHeader, "shape" | "storage" | "affine">,
): ModelIo {
  const [input, ...others] = session.inputMetadata;
  if (input === undefined || others.length > 0) {
    const names = session.inputMetadata.map(({ name }) => name).join(", ");
    const count = session.inputMetadata.length;
    throw misfit(
      `The model has ${count === 0 ? "no input" : `${count} inputs (${names})`}; exactly one, fed by the items, is supported.`,
      "Export the model with one input, the others as constants.",
    );
  }
  refuseSubByteOutputs(session.outputMetadata);
  const [output] = session.outputMetadata;
  if (output === undefined) throw misfit("The model has no output.", "Export it with its result as an output.");
  if (!output.isTensor || !READABLE_OUTPUTS.has(output.type)) {
    const type = output.isTensor ? output.type : "not a tensor";
    throw misfit(
      `The model's first output "${output.name}" is ${type}, which cannot be scored.`,
      "Cast it to float32 in the model.",
    );
  }
  if (!input.isTensor)
    throw misfit(`The model's input "${input.name}" is no tensor.`, "Export the model with a tensor input.");
  return {
    inputName: input.name,
    inputType: inputType(input, items),
    ...matchShape(input, items.shape),
    outputName: output.name,
  };
}

function inputType(input: TensorMetadata, items: Pick<PreparedHeader, "storage" | "affine">): "float32" | "uint8" {
  if (input.type === "float32") return "float32";
  if (input.type !== "uint8") {
    throw misfit(
      `The model's input "${input.name}" is ${input.type}; float32 and uint8 are supported.`,
      "Add a Cast at its input.",
    );
  }
  if (items.storage !== "uint8" || items.affine !== null) {
    throw misfit(
      `The model's input "${input.name}" takes bytes, but the items are ${items.storage === "uint8" ? "normalized" : items.storage}.`,
      "Leave normalization out of the dataset's config: this model does it itself.",
    );
  }
  return "uint8";
}

function matchShape(input: TensorMetadata, itemShape: readonly number[]): Pick<ModelIo, "itemDims" | "fixedBatch"> {
  const [batch, ...rest] = input.shape;
  const fixedBatch = typeof batch === "number" ? batch : undefined;
  const sameRank = rest.length === itemShape.length;
  const itemDims = rest.map((dim, axis) =>
    typeof dim === "number" ? dim : sameRank ? (itemShape[axis] as number) : Number.NaN,
  );
  const fits = squeeze(itemDims).join() === squeeze(itemShape).join() && itemSize(itemDims) === itemSize(itemShape);
  if (batch === undefined || !fits) {
    throw misfit(
      `The model's input "${input.name}" has shape [${input.shape.join(", ")}], but an item has [${itemShape.join(", ")}].`,
      "The first axis is the batch; set the size and layout of the items in the dataset's config to the rest.",
    );
  }
  return { itemDims, fixedBatch };
}

/** Axes of length 1 hold no order: [28, 28] and [1, 28, 28] are the same values in the same places. */
function squeeze(shape: readonly number[]): readonly number[] {
  return shape.filter((dim) => dim !== 1);
}

/** Elements of one row of an output of `batch` rows. CONFIG_MODEL_INVALID when it has no batch axis. */
export function rowSizeOf(tensor: Tensor, batch: number, name: string): number {
  const size = tensor.size / batch;
  if (!Number.isInteger(size) || size === 0 || (batch > 1 && tensor.dims[0] !== batch)) {
    throw misfit(
      `The model's output "${name}" has shape [${tensor.dims.join(", ")}] for a batch of ${batch}, so rows cannot be told apart.`,
      "Export the model with the batch as the first axis of its output.",
    );
  }
  return size;
}

/** An output's values as float32, converted where it holds others. */
export function asFloats(tensor: Tensor): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Returning an INT4 or UINT4 output aborts the whole process (onnxruntime-node 1.30): such a model may load but not run. */
export function refuseSubByteOutputs(
  metadata: readonly InferenceSession.ValueMetadata[],
  wanted: readonly string[] = metadata.map(({ name }) => name),
): void {
  for (const output of metadata) {
    if (!output.isTensor || !wanted.includes(output.name) || !SUB_BYTE.has(output.type)) continue;
    throw misfit(
      `The model's output "${output.name}" is ${output.type}, which would crash ONNX Runtime's Node binding.`,
      "Add a DequantizeLinear or a Cast behind it.",
    );
  }
}

/** The error of an output whose rows have no fixed length, such as detections after suppression. */
export function variableRows(name: string, before: number, now: number): HarnessError {
  return misfit(
    `The model's output "${name}" has ${before} values an item in one batch and ${now} in another.`,
    "Export the model with an output of fixed size.",
  );
}

function misfit(message: string, hint: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", message, { hint });
}
