import { dirname, join } from "node:path";
import type { Dataset } from "../domain/dataset.ts";
import type { DatasetManifest } from "../domain/generated/dataset-v1.ts";
import { itemSize } from "../domain/item-tensor.ts";
import { sha256 } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import { affineFrom, channelAxisOf, describeAffine } from "./affine-from.ts";
import { buildDataset, hashPieces } from "./build-dataset.ts";
import { counted, invalidItems } from "./describe.ts";
import { readJsonAs } from "./read-document.ts";

const MAGIC = "QGITEMS1";
/** More axes than any model input has; a larger number means that the header is not one. */
const MAX_RANK = 8;

/** What an .items file holds. */
export interface ItemsFile {
  readonly shape: readonly number[];
  /** One byte an item. */
  readonly labels: Uint8Array;
  /** Item-major. */
  readonly values: Uint8Array;
}

/**
 * Reads the format that scripts/make-digits.mjs describes: magic, count, rank and shape as little-endian uint32, label bytes, item
 * bytes, and nothing after. CONFIG_DATA_INVALID for anything else; `what` names the file.
 */
export function decodeItems(bytes: Uint8Array, what: string): ItemsFile {
  const broken = (why: string) =>
    invalidItems(`${what} is not a whole items file: ${why}.`, "Fetch or make the file again.");
  if (bytes.length < 16 || new TextDecoder("latin1").decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw broken(`it does not begin with ${MAGIC} and a header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(8, true);
  const rank = view.getUint32(12, true);
  const start = 16 + 4 * rank;
  if (rank === 0 || rank > MAX_RANK || bytes.length < start) throw broken(`its header gives a rank of ${rank}`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(16 + 4 * axis, true));
  const expected = start + count + count * itemSize(shape);
  if (bytes.length !== expected) {
    throw broken(`its header promises ${counted(expected, "byte")}, it has ${counted(bytes.length, "byte")}`);
  }
  return { shape, labels: bytes.subarray(start, start + count), values: bytes.subarray(start + count) };
}

/** The inverse of {@link decodeItems}. */
export function encodeItems({ shape, labels, values }: ItemsFile): Uint8Array {
  const start = 16 + 4 * shape.length;
  const bytes = new Uint8Array(start + labels.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  [labels.length, shape.length, ...shape].forEach((value, i) => {
    view.setUint32(8 + 4 * i, value, true);
  });
  bytes.set(labels, start);
  bytes.set(values, start + labels.length);
  return bytes;
}

/**
 * One split of a manifest (schemas/dataset.v1.schema.json). The file's digest, count and shape must be those of the manifest:
 * CONFIG_DATA_INVALID. CONFIG_DATA_MISSING where the manifest or the file is not there, or the split is not distributed.
 */
export async function loadItems(manifestPath: string, splitName: string): Promise<Dataset> {
  const manifest = await readJsonAs<DatasetManifest>("dataset.v1", manifestPath, "the dataset manifest");
  const split = Object.hasOwn(manifest.splits, splitName) ? manifest.splits[splitName] : undefined;
  if (split === undefined) {
    throw invalidItems(
      `The manifest ${manifestPath} has no split "${splitName}".`,
      `It has: ${Object.keys(manifest.splits).join(", ")}.`,
    );
  }
  const what = `the split "${splitName}" of ${manifest.id}`;
  if (split.file === null) {
    throw invalidItems(
      `There is no file for ${what}: it is described but not distributed.`,
      `Splits with a file: ${Object.keys(manifest.splits)
        .filter((name) => manifest.splits[name]?.file != null)
        .join(", ")}.`,
    );
  }
  const path = join(dirname(manifestPath), split.file);
  const bytes = await readBytes(path, {
    what,
    code: "CONFIG_DATA_MISSING",
    hint: "The file belongs next to its manifest; fetch or make it again.",
  });
  const { shape, labels, values } = decodeItems(bytes, path);
  if (sha256(bytes) !== split.sha256) {
    throw invalidItems(
      `${path} is not the file that its manifest describes: the SHA-256 differs.`,
      "Restore the file, or make file and manifest again together.",
    );
  }
  if (labels.length !== split.count || shape.join() !== manifest.item_shape.join()) {
    throw invalidItems(
      `The manifest gives ${counted(split.count, "item")} of shape [${manifest.item_shape.join(", ")}], ${path} has ${labels.length} of [${shape.join(", ")}].`,
      "Make file and manifest again together.",
    );
  }
  const affine = affineFrom(manifest.normalize, {
    shape,
    ...(manifest.layout === "other" ? {} : { channelAxis: channelAxisOf(manifest.layout, shape.length) }),
  });
  return buildDataset({
    id: `${manifest.id}.${splitName}`,
    classNames: manifest.class_names,
    itemNoun: manifest.layout === "other" ? "items" : "images",
    labels: Int32Array.from(labels),
    items: { count: labels.length, shape, data: values, ...(affine === undefined ? {} : { affine }) },
    hashes: hashPieces(values, labels.length),
    preprocessing: { kind: "items", layout: manifest.layout, normalize: describeAffine(affine) },
  });
}
