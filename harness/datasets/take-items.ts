import type { Dataset } from "../domain/dataset.ts";
import { itemSize } from "../domain/item-tensor.ts";
import { buildDataset } from "./build-dataset.ts";
import { counted, invalidItems } from "./describe.ts";

/**
 * The chosen items, in the order given, as a dataset of its own with its own digest (all items in order: the same digest).
 * Classes stay as they are. RangeError for an index that does not exist.
 */
export function takeItems(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const { items, labels, hashes } = dataset;
  const size = itemSize(items.shape);
  const chosen = Array.from(indices);
  for (const index of chosen) {
    if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
      throw new RangeError(`item ${index} of ${dataset.count} does not exist`);
    }
  }
  const data =
    items.data instanceof Uint8Array ? new Uint8Array(chosen.length * size) : new Float32Array(chosen.length * size);
  chosen.forEach((index, row) => {
    data.set(items.data.subarray(index * size, (index + 1) * size), row * size);
  });
  const { digest: _, count: __, ...parts } = dataset;
  return buildDataset({
    ...parts,
    items: { ...items, count: chosen.length, data },
    labels: Int32Array.from(chosen, (index) => labels[index] as number),
    hashes: chosen.map((index) => hashes[index] as string),
  });
}

/** How many of `available` items a config's `limit` leaves. CONFIG_DATA_INVALID where it asks for more than there are. */
export function limitedCount(available: number, limit: number | undefined, id: string): number {
  if (limit !== undefined && limit > available) {
    throw invalidItems(
      `"limit" asks for ${counted(limit, "item")}, but ${id} has ${available.toLocaleString("en-US")}.`,
      "Lower the limit, or leave it out to use all items.",
    );
  }
  return limit ?? available;
}
