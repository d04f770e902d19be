import { HarnessError } from "../domain/errors.ts";
import { fillBatch, type ItemTensor, itemSize } from "../domain/item-tensor.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { inspectModel } from "../quantize/inspect.ts";
import type { NamedOutput } from "./compare-outputs.ts";

/** Every output of an ONNX model for the chosen items, batch by batch; a fixed batch is filled up with items whose outputs are dropped. */
export async function onnxOutputs(options: {
  readonly model: Uint8Array;
  readonly items: ItemTensor;
  readonly indices: readonly number[];
  readonly batchSize: number;
  readonly session: SessionPort;
}): Promise<{ readonly outputs: NamedOutput[]; readonly fixedBatch: number | undefined }> {
  const { model, items, indices, session } = options;
  const { inputs } = inspectModel(model);
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0 || input.dtype !== "float32") {
    throw new HarnessError("CONFIG_MODEL_INVALID", "The ONNX model must have one float32 input", {
      hint: "Export it with one input, the others as constants.",
    });
  }
  const [first, ...rest] = input.shape ?? [];
  const fixedBatch = typeof first === "number" ? first : undefined;
  const dims = rest.length > 0 && rest.every((dim) => typeof dim === "number") ? (rest as number[]) : items.shape;
  if (itemSize(dims) !== itemSize(items.shape)) {
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      `The model's input has shape [${(input.shape ?? []).join(", ")}], but an item has [${items.shape.join(", ")}]`,
      { hint: "Set the size and layout of the items in the dataset's config." },
    );
  }
  const size = fixedBatch ?? options.batchSize;
  const open = await session.open(model);
  const parts = new Map<string, { rowSize: number; values: Float32Array }>();
  try {
    for (let done = 0; done < indices.length; done += size) {
      const chosen = indices.slice(done, done + size);
      const fed =
        fixedBatch === undefined
          ? chosen
          : Array.from({ length: size }, (_, row) => chosen[row] ?? (chosen[0] as number));
      const data = new Float32Array(fed.length * itemSize(items.shape));
      fillBatch(items, fed, data);
      const results = await open.run({ [input.name]: { dtype: "float32", dims: [fed.length, ...dims], data } });
      for (const [name, value] of Object.entries(results)) {
        const rowSize = value.data.length / fed.length;
        const part = parts.get(name) ?? { rowSize, values: new Float32Array(rowSize * indices.length) };
        part.values.set(
          Float32Array.from(value.data as ArrayLike<number>, Number).subarray(0, chosen.length * rowSize),
          done * rowSize,
        );
        parts.set(name, part);
      }
    }
  } finally {
    await open.close();
  }
  return { outputs: [...parts].map(([name, part]) => ({ name, ...part })), fixedBatch };
}
