import { performance } from "node:perf_hooks";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { itemSize } from "../../domain/item-tensor.ts";
import type { RowMapper } from "../../domain/runtime-port.ts";
import type { PreparedItems } from "../../platform/prepared-items.ts";
import { asFloats, type ModelIo, rowSizeOf, variableRows } from "./model-io.ts";

type TensorClass = typeof Tensor;

/** Batches of items as a model's input. */
export interface ItemFeeds {
  /** The batch size for a wish: the model's own where it is fixed. */
  batchSizeFor(wanted: number): number;
  /** A feed over a buffer of its own. */
  makeFeed(indices: ArrayLike<number>): Record<string, Tensor>;
  /** A feed for `batch` rows over one buffer, and the function that fills its first rows anew. */
  reusableFeed(batch: number): { readonly feed: Record<string, Tensor>; fill(indices: ArrayLike<number>): void };
}

export function itemFeeds(TensorOf: TensorClass, io: ModelIo, items: PreparedItems): ItemFeeds {
  const size = itemSize(io.itemDims);
  const reusableFeed: ItemFeeds["reusableFeed"] = (batch) => {
    const dims = [batch, ...io.itemDims];
    if (io.inputType === "uint8") {
      const bytes = new Uint8Array(batch * size);
      return {
        feed: { [io.inputName]: new TensorOf("uint8", bytes, dims) },
        fill: (indices) => items.fillRaw(indices, bytes),
      };
    }
    const floats = new Float32Array(batch * size);
    return {
      feed: { [io.inputName]: new TensorOf("float32", floats, dims) },
      fill: (indices) => items.fill(indices, floats),
    };
  };
  return {
    batchSizeFor: (wanted) => io.fixedBatch ?? wanted,
    makeFeed(indices) {
      const { feed, fill } = reusableFeed(indices.length);
      fill(indices);
      return feed;
    },
    reusableFeed,
  };
}

export interface Evaluation {
  /** Row-major, in the order of the indices. */
  readonly outputs: Float32Array;
  readonly outputSize: number;
  /** Of the loop: reading and filling batches, running, copying outputs. */
  readonly seconds: number;
  readonly batchSize: number;
}

export interface EvaluateOptions {
  readonly indices: ArrayLike<number>;
  readonly batchSize: number;
  /** What is kept of each output, which is given as a view; its time counts as the loop's. */
  readonly mapRow?: RowMapper | undefined;
}

/**
 * The model's first output for the chosen items, batch by batch through one input buffer. The last batch is smaller where the model
 * allows, else filled up with the rows before, whose outputs are dropped.
 */
export async function evaluateItems(
  session: InferenceSession,
  io: ModelIo,
  feeds: ItemFeeds,
  { indices, batchSize: wanted, mapRow }: EvaluateOptions,
): Promise<Evaluation> {
  const batchSize = Math.min(feeds.batchSizeFor(wanted), io.fixedBatch ?? Math.max(1, indices.length));
  const fetches = [io.outputName];
  let buffer = feeds.reusableFeed(batchSize);
  let rows = batchSize;
  let outputs = new Float32Array(0);
  let outputSize = 0;
  const all = Uint32Array.from(indices);
  const start = performance.now();
  for (let done = 0; done < all.length; done += batchSize) {
    const batch = all.subarray(done, done + batchSize);
    if (batch.length < rows && io.fixedBatch === undefined) {
      rows = batch.length;
      buffer = feeds.reusableFeed(rows);
    }
    buffer.fill(batch);
    const tensor = (await session.run(buffer.feed, fetches))[io.outputName] as Tensor;
    const rowSize = rowSizeOf(tensor, rows, io.outputName);
    const values = asFloats(tensor).subarray(0, batch.length * rowSize);
    const kept = mapRow === undefined ? values : mapRows(values, tensor.dims.slice(1), mapRow);
    const keptSize = kept.length / batch.length;
    if (outputSize === 0) {
      outputSize = keptSize;
      outputs = new Float32Array(outputSize * all.length);
    }
    if (keptSize !== outputSize) throw variableRows(io.outputName, outputSize, keptSize);
    outputs.set(kept, done * outputSize);
  }
  return { outputs, outputSize, seconds: (performance.now() - start) / 1000, batchSize };
}

function mapRows(values: Float32Array, dims: readonly number[], mapRow: RowMapper): Float32Array {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const rows = Array.from({ length: values.length / size }, (_, i) =>
    mapRow(values.subarray(i * size, (i + 1) * size), dims),
  );
  const kept = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    kept.set(row, at);
    at += row.length;
  }
  return kept;
}
