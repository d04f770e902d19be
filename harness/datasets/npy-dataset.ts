import { basename } from "node:path";
import type { Dataset } from "../domain/dataset.ts";
import type { NpyDatasetConfig } from "../domain/generated/config-v1.ts";
import { itemSize } from "../domain/item-tensor.ts";
import { readBytes } from "../platform/files.ts";
import { affineFrom, describeAffine } from "./affine-from.ts";
import { buildDataset, hashPieces, idFrom } from "./build-dataset.ts";
import { counted, invalidItems } from "./describe.ts";
import { decodeNpy, type NpyArray, npyReader } from "./npy.ts";
import { MISSING_HINT } from "./read-document.ts";
import { limitedCount } from "./take-items.ts";

/**
 * Items [N, ...] and labels [N] from two .npy files. uint8 items stay uint8, all others become float32. CONFIG_DATA_INVALID for
 * NaN, infinity and values beyond float32 (naming the item), for labels that are not whole numbers, and for other lengths.
 */
export async function loadNpy(spec: NpyDatasetConfig, resolvePath: (path: string) => string): Promise<Dataset> {
  const itemsPath = resolvePath(spec.items);
  const labelsPath = resolvePath(spec.labels);
  const items = await readNpy(itemsPath, "the items");
  const labels = await readNpy(labelsPath, "the labels");
  const id = idFrom(basename(itemsPath).replace(/\.npy$/i, ""));
  const [available, ...shape] = items.shape;
  if (available === undefined)
    throw invalidItems(`${itemsPath} holds a single number.`, "Items have the shape [N, ...].");
  const labelValues = readLabels(labels, labelsPath);
  if (labelValues.length !== available) {
    throw invalidItems(
      `The labels do not match the items: ${itemsPath} has ${counted(available, "item")}, ${labelsPath} has ${counted(labelValues.length, "label")}.`,
      "Give one label for each item, in the same order.",
    );
  }
  const count = limitedCount(available, spec.limit, id);
  const size = itemSize(shape);
  const raw = items.bytes.subarray(0, available === 0 ? 0 : (items.bytes.length / available) * count);
  const affine = affineFrom(spec.normalize, { shape });
  const kept = labelValues.subarray(0, count);
  return buildDataset({
    id,
    itemNoun: "items",
    classNames: spec.class_names ?? numberedClasses(labelValues),
    labels: kept,
    items: {
      count,
      shape,
      data: items.dtype === "|u1" ? raw : readFloats(items, { count, size, path: itemsPath }),
      ...(affine === undefined ? {} : { affine }),
    },
    hashes: hashPieces(raw, count),
    preprocessing: { kind: "npy", stored: items.dtype, normalize: describeAffine(affine) },
  });
}

async function readNpy(path: string, what: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path, { what, code: "CONFIG_DATA_MISSING", hint: MISSING_HINT }), path);
}

function readFloats(
  array: NpyArray,
  { count, size, path }: { count: number; size: number; path: string },
): Float32Array {
  const read = npyReader(array);
  const data = new Float32Array(count * size);
  // float32 holds whole numbers exactly up to here; a wider integer would quietly become another one.
  const exact = array.dtype.startsWith("<i") ? 2 ** 24 : Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = read(i);
    data[i] = value;
    if (Number.isFinite(data[i]) && Math.abs(value) <= exact) continue;
    throw invalidItems(
      Number.isFinite(value)
        ? `Item ${Math.floor(i / size)} of ${path} holds ${value}, which float32 cannot hold.`
        : `Item ${Math.floor(i / size)} of ${path} holds ${value}.`,
      "Clean or scale the items first; models take float32 values.",
    );
  }
  return data;
}

function readLabels(array: NpyArray, path: string): Int32Array {
  const { dtype, shape } = array;
  if (dtype.startsWith("<f")) {
    throw invalidItems(
      `The labels in ${path} are not whole numbers: they are ${dtype}.`,
      'Save class indices as integers, e.g. labels.astype("<i8").',
    );
  }
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    throw invalidItems(
      `The labels in ${path} have the shape (${shape.join(", ")}).`,
      "Save one class index an item: shape (N,). One-hot labels become indices with labels.argmax(1).",
    );
  }
  const read = npyReader(array);
  return Int32Array.from({ length: shape[0] as number }, (_, i) => {
    const label = read(i);
    // Beyond int32 the array would wrap around; a negative label is refused with its item by buildDataset.
    if (Math.abs(label) < MAX_CLASSES) return label;
    throw invalidItems(
      `Item ${i} has the label ${label} in ${path}.`,
      `Labels are class indices, from 0 to at most ${MAX_CLASSES - 1}.`,
    );
  });
}

/** More classes than any labelled set has; one stray huge label must not allocate a list of names. */
const MAX_CLASSES = 1_000_000;

function numberedClasses(labels: Int32Array): string[] {
  const highest = labels.reduce((most, label) => Math.max(most, label), -1);
  return Array.from({ length: highest + 1 }, (_, i) => String(i));
}
