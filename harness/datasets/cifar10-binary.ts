import type { Dataset } from "../domain/dataset.ts";
import type { Cifar10DatasetConfig } from "../domain/generated/config-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import { affineFrom, channelAxisOf, describeAffine, type Layout } from "./affine-from.ts";
import { buildDataset } from "./build-dataset.ts";
import { counted, invalidItems } from "./describe.ts";
import { MISSING_HINT } from "./read-document.ts";
import { limitedCount } from "./take-items.ts";

/** Order of the labels in the official batches. */
export const CIFAR10_CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

const PIXELS = 32 * 32;
const IMAGE = 3 * PIXELS;
/** One label byte, then the red, green and blue planes (Krizhevsky 2009, binary version). */
const RECORD = 1 + IMAGE;

/**
 * CIFAR-10 from batches of the official binary layout, in file order, uint8 in the model's layout.
 * CONFIG_DATA_MISSING; CONFIG_DATA_INVALID for a file that ends within a record, an impossible label, or no records.
 */
export async function loadCifar10(spec: Cifar10DatasetConfig, resolvePath: (path: string) => string): Promise<Dataset> {
  const batches: Uint8Array[] = [];
  for (const path of spec.paths) batches.push(await readBatch(resolvePath(path)));
  const available = batches.reduce((sum, batch) => sum + batch.length / RECORD, 0);
  const count = limitedCount(available, spec.limit, "cifar10");

  const labels = new Int32Array(count);
  const data = new Uint8Array(count * IMAGE);
  const hashes: string[] = [];
  for (const batch of batches) {
    for (let from = 0; from < batch.length && hashes.length < count; from += RECORD) {
      const item = hashes.length;
      const planes = batch.subarray(from + 1, from + RECORD);
      labels[item] = batch[from] as number;
      writePixels(planes, spec.layout, data.subarray(item * IMAGE, (item + 1) * IMAGE));
      hashes.push(sha256(planes));
    }
  }
  const shape = spec.layout === "nchw" ? [3, 32, 32] : [32, 32, 3];
  const affine = affineFrom(spec.normalize, { shape, channelAxis: channelAxisOf(spec.layout, 3) });
  return buildDataset({
    id: "cifar10",
    itemNoun: "images",
    classNames: CIFAR10_CLASSES,
    labels,
    items: { count, shape, data, ...(affine === undefined ? {} : { affine }) },
    hashes,
    preprocessing: { kind: "cifar10-binary", layout: spec.layout, normalize: describeAffine(affine) },
  });
}

async function readBatch(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path, { what: "the CIFAR-10 batch", code: "CONFIG_DATA_MISSING", hint: MISSING_HINT });
  const records = Math.floor(bytes.length / RECORD);
  if (bytes.length % RECORD !== 0) {
    throw invalidItems(
      `${path} is not a whole CIFAR-10 batch: after ${counted(records, "record")} of ${RECORD} bytes, ${counted(bytes.length % RECORD, "byte")} remain.`,
      "The download was cut off, or this is not the binary version; fetch it again.",
    );
  }
  for (let record = 0; record < records; record++) {
    const label = bytes[record * RECORD] as number;
    if (label >= CIFAR10_CLASSES.length) {
      throw invalidItems(
        `Record ${record} of ${path} has the label ${label}, but CIFAR-10 has the labels 0 to 9.`,
        "CIFAR-100 and other layouts have other records; use the binary version of CIFAR-10.",
      );
    }
  }
  return bytes;
}

function writePixels(planes: Uint8Array, layout: Layout, out: Uint8Array): void {
  if (layout === "nchw") {
    out.set(planes);
    return;
  }
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    for (let channel = 0; channel < 3; channel++) out[pixel * 3 + channel] = planes[channel * PIXELS + pixel] as number;
  }
}
