import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/canonical-json.ts";
import type { Dataset } from "../domain/dataset.ts";
import { itemSize } from "../domain/item-tensor.ts";
import { counted, invalidItems } from "./describe.ts";

/** Parts of a dataset before its digest is known. */
export type DatasetParts = Omit<Dataset, "digest" | "count">;

/**
 * Checks the parts against each other and gives the dataset with its digest. CONFIG_DATA_INVALID for zero items, as many
 * labels as there are not items, and a label outside the classes, each naming the first offender.
 */
export function buildDataset(parts: DatasetParts): Dataset {
  const { id, items, labels, classNames, hashes } = parts;
  if (items.count === 0) {
    throw invalidItems(`The dataset ${id} has no items.`, "Check the path and what the folder or file holds.");
  }
  if (labels.length !== items.count || hashes.length !== items.count) {
    throw invalidItems(
      `The labels do not match the items of ${id}: ${counted(items.count, "item")}, ${counted(labels.length, "label")}.`,
      "Give one label for each item, in the same order.",
    );
  }
  if (items.data.length !== items.count * itemSize(items.shape)) {
    throw new RangeError(`${items.data.length} values for ${items.count} items of shape [${items.shape.join(", ")}]`);
  }
  const outside = labels.findIndex((label) => label < 0 || label >= classNames.length);
  if (outside !== -1) {
    throw invalidItems(
      `Item ${outside} of ${id} has the label ${labels[outside]}, but the classes are 0 to ${classNames.length - 1}.`,
      "Correct the label, or give all class names in class_names.",
    );
  }
  return { ...parts, count: items.count, digest: digestOf(parts) };
}

function digestOf({ items, labels, classNames, preprocessing }: DatasetParts): string {
  const header = {
    format: "quantgate.dataset-digest.v1",
    count: items.count,
    shape: items.shape,
    dtype: items.data instanceof Uint8Array ? "uint8" : "float32",
    affine: items.affine ?? null,
    class_names: classNames,
    preprocessing,
  };
  // The header fixes every length that follows, so nothing can be read in two ways.
  return createHash("sha256")
    .update(`${canonicalJson(header)}\n`)
    .update(bytesOf(labels))
    .update(bytesOf(items.data))
    .digest("hex");
}

/** The memory of a typed array, not copied. Little-endian, as every platform is that Node runs on here. */
export function bytesOf(values: Int32Array | Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** SHA-256 of each of `count` equal pieces of `content`. */
export function hashPieces(content: Uint8Array, count: number): string[] {
  const size = content.length / count;
  return Array.from({ length: count }, (_, i) =>
    createHash("sha256")
      .update(content.subarray(i * size, (i + 1) * size))
      .digest("hex"),
  );
}

/** A dataset id made of a file or folder name: other characters become "-". */
export function idFrom(name: string): string {
  const id = name.replace(/[^A-Za-z0-9._:@+-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return id === "" ? "dataset" : id.slice(0, 200);
}
