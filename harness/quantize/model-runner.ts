import { HarnessError } from "../domain/errors.ts";
import { fillBatch, type ItemTensor, itemSize } from "../domain/item-tensor.ts";
import type { OpenSession, OptimizationLevel, SessionPort, TensorValue } from "../domain/session-port.ts";
import type { ValueReport } from "./inspect.ts";

/** Items a calibration batch holds where the model leaves the batch axis open: large enough to fill kernels, small in memory. */
const OPEN_BATCH = 50;

/** Items to feed to a model, and how. */
export interface BatchFeed {
  readonly model: Uint8Array;
  /** The model's only input. */
  readonly input: ValueReport;
  readonly items: ItemTensor;
  readonly indices: ArrayLike<number>;
  readonly session: SessionPort;
  readonly optimizationLevel?: OptimizationLevel;
  readonly sessionConfig?: Readonly<Record<string, string>>;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A batch of the chosen items: `count` of them from the one in place `first`. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly feeds: Readonly<Record<string, TensorValue>>;
}

export interface BatchRun extends BatchFeed {
  readonly outputs: readonly string[];
  /** Called for each batch, in order, with the outputs. */
  readonly onBatch: (outputs: Record<string, TensorValue>, batch: Batch) => void;
}

/**
 * Feeds items through a model batch by batch. A model with a fixed batch axis gets whole batches; items that do not fill the last are left out.
 * @throws HarnessError QUANTIZE_CALIBRATION when there are no items or their shape does not fit the input.
 */
export async function runBatches(run: BatchRun): Promise<void> {
  await withBatches(run, async (session, batches) => {
    for (const batch of batches) run.onBatch(await session.run(batch.feeds, run.outputs), batch);
  });
}

/** Opens the model and hands it to `work` with the batches to feed it, which {@link runBatches} describes. */
export async function withBatches<T>(
  feed: BatchFeed,
  work: (session: OpenSession, batches: Iterable<Batch>) => Promise<T>,
): Promise<T> {
  const shape = batchShape(feed.input, feed.items, feed.indices.length);
  const session = await feed.session.open(feed.model, {
    optimizationLevel: feed.optimizationLevel ?? "all",
    threads: feed.threads ?? 1,
    sessionConfig: feed.sessionConfig ?? {},
  });
  try {
    return await work(session, batchesOf(feed, shape));
  } finally {
    await session.close();
  }
}

function* batchesOf(
  { items, indices, input, signal }: BatchFeed,
  { dims, batch }: ReturnType<typeof batchShape>,
): Iterable<Batch> {
  const size = itemSize(items.shape);
  for (let first = 0; first < indices.length; first += batch.size) {
    signal?.throwIfAborted();
    const count = Math.min(batch.size, indices.length - first);
    if (batch.fixed && count < batch.size) break;
    const data = new Float32Array(count * size);
    fillBatch(items, Array.prototype.slice.call(indices, first, first + count), data);
    yield { first, count, feeds: { [input.name]: feedOf(input, [count, ...dims], data) } };
  }
}

/** Element types that items can be fed as: float values, or token ids, which float32 holds exactly up to 2^24. */
const FED_TYPES: readonly (string | null)[] = ["float32", "int64", "int32"];

/** @throws HarnessError QUANTIZE_CALIBRATION for values that are no ids where the input wants ids. */
function feedOf({ name, dtype }: ValueReport, dims: readonly number[], data: Float32Array<ArrayBuffer>): TensorValue {
  if (dtype === "float32") return { dtype, dims, data };
  const odd = data.find((value) => !Number.isInteger(value) || Math.abs(value) > 2 ** 24);
  if (odd !== undefined) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `Input '${name}' takes ids of type ${dtype}, and an item holds ${odd}.`,
      {
        hint: "Give rows of whole numbers, such as the token ids that the model's tokenizer makes of a text.",
      },
    );
  }
  return dtype === "int64"
    ? { dtype, dims, data: BigInt64Array.from(data, BigInt) }
    : { dtype: "int32", dims, data: Int32Array.from(data) };
}

/** Dims of one item as the model wants them, and the batch to run. */
function batchShape(input: ValueReport, items: ItemTensor, count: number) {
  if (count === 0) {
    throw new HarnessError("QUANTIZE_CALIBRATION", "There are no calibration items.", {
      hint: "Give the recipe a calibration split; a few hundred items are enough.",
    });
  }
  if (!FED_TYPES.includes(input.dtype)) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `Input '${input.name}' is ${input.dtype ?? "not a tensor"}, and calibration feeds ${FED_TYPES.join(", ")}.`,
      {
        hint: "Use a weight-only recipe for this model.",
      },
    );
  }
  const [axis, ...rest] = input.shape ?? [null, ...items.shape];
  const dims = rest.every((dim) => typeof dim === "number") ? (rest as number[]) : items.shape;
  if (itemSize(dims) !== itemSize(items.shape)) {
    const message = `Calibration items of shape [${items.shape.join(", ")}] do not fit input '${input.name}' [${(input.shape ?? []).join(", ")}].`;
    throw new HarnessError("QUANTIZE_CALIBRATION", message, {
      hint: "Declare the preprocessing so that items get the model's input shape.",
    });
  }
  const fixed = typeof axis === "number";
  if (fixed && axis > count) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `The model wants batches of ${axis}, and there are only ${count} calibration items.`,
      {
        hint: "Use more calibration items or export the model with an open batch axis.",
      },
    );
  }
  return { dims, batch: { size: fixed ? axis : Math.min(OPEN_BATCH, count), fixed } };
}
