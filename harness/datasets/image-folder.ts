import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Dataset } from "../domain/dataset.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ImageFolderDatasetConfig } from "../domain/generated/config-v1.ts";
import { affineFrom, channelAxisOf, describeAffine } from "./affine-from.ts";
import { buildDataset, idFrom } from "./build-dataset.ts";
import { decodeImages, describeTarget, imageShape } from "./decode-images.ts";
import { invalidItems } from "./describe.ts";
import { type ClassedFiles, classify, interleave } from "./image-classes.ts";
import type { ImageTarget } from "./image-decode.ts";
import { type LabelledFile, readLabelsFile } from "./image-labels.ts";
import { MISSING_HINT } from "./read-document.ts";
import { limitedCount } from "./take-items.ts";

const IMAGE_FILE = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif)$/i;
/** Left behind by file managers; hidden files are passed over too. */
const CLUTTER = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Images under a folder, decoded to uint8. With a labels file: the images it names, in its order. Without: one sub-folder a class,
 * searched to any depth, images interleaved over the classes. CONFIG_DATA_MISSING; CONFIG_DATA_INVALID for a file that is no image,
 * an image outside the class folders, a label that names no image, and what cannot be decoded, each named.
 */
export async function loadImageFolder(
  spec: ImageFolderDatasetConfig,
  { resolvePath, signal }: { resolvePath: (path: string) => string; signal?: AbortSignal | undefined },
): Promise<Dataset> {
  const folder = resolvePath(spec.path);
  const target = targetOf(spec);
  const { files, labels, classNames } = await listLabelledImages(spec, resolvePath);
  const id = idFrom(basename(resolve(folder)));
  const count = limitedCount(files.length, spec.limit, id);
  const shape = imageShape(target);
  // A wrong normalization is found before minutes of decoding.
  const affine = affineFrom(spec.normalize, { shape, channelAxis: channelAxisOf(target.layout, 3) });
  const { data, hashes } = await decodeImages(
    folder,
    files.slice(0, count).map((name) => ({ name })),
    { target, signal },
  );
  return buildDataset({
    id,
    itemNoun: "images",
    classNames,
    labels: labels.subarray(0, count),
    items: { count, shape, data, ...(affine === undefined ? {} : { affine }) },
    hashes,
    preprocessing: { kind: "image-folder", ...describeTarget(target), normalize: describeAffine(affine) },
  });
}

/** Files, labels and classes that a spec names, in the order of the dataset; no image is opened. */
export async function listLabelledImages(
  spec: Pick<ImageFolderDatasetConfig, "path" | "labels" | "class_names">,
  resolvePath: (path: string) => string,
): Promise<ClassedFiles> {
  return spec.labels === undefined
    ? interleave(await fromClassFolders(resolvePath(spec.path), spec.class_names))
    : classify(await readLabelsFile(resolvePath(spec.labels)), { classNames: spec.class_names });
}

function targetOf(spec: ImageFolderDatasetConfig): ImageTarget {
  return {
    width: spec.width,
    height: spec.height,
    resize: spec.resize ?? "stretch",
    cropFraction: spec.crop_fraction ?? 1,
    filter: spec.filter ?? "triangle",
    // The gray that detectors of the YOLO family are trained with.
    padValue: spec.pad_value ?? 114,
    color: spec.color ?? "rgb",
    layout: spec.layout ?? "nchw",
  };
}

async function fromClassFolders(folder: string, classNames: readonly string[] | undefined): Promise<ClassedFiles> {
  const entries: LabelledFile[] = [];
  const folders: string[] = [];
  for (const name of await listFolder(folder)) {
    if ((await stat(join(folder, name))).isDirectory()) {
      folders.push(name);
      for (const file of await listImages(folder, name)) entries.push({ file, label: name });
    } else if (IMAGE_FILE.test(name)) {
      throw invalidItems(
        `The image ${name} lies in ${folder} itself, outside any class folder.`,
        'Move it into the folder of its class, or name a labels file in "labels".',
      );
    }
  }
  if (folders.length === 0) {
    throw invalidItems(
      `${folder} has no class folders.`,
      'Give each class a sub-folder of images, or name a labels file in "labels".',
    );
  }
  return classify(entries, { classNames, folders });
}

async function listImages(root: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of await listFolder(join(root, folder))) {
    const path = `${folder}/${name}`;
    if ((await stat(join(root, path))).isDirectory()) files.push(...(await listImages(root, path)));
    else if (IMAGE_FILE.test(name)) files.push(path);
    else {
      throw invalidItems(
        `${path} in ${root} is not a kind of image that can be read.`,
        "Convert or remove it; JPEG, PNG, WebP, TIFF, GIF and AVIF are read.",
      );
    }
  }
  return files;
}

/** Names in a folder, sorted by code unit, without clutter. */
async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => !CLUTTER.test(name)).sort();
  } catch (cause) {
    const why = { ENOENT: "it does not exist", ENOTDIR: "it is a file" }[(cause as { code?: string }).code ?? ""];
    throw new HarnessError("CONFIG_DATA_MISSING", `Cannot read the image folder ${path}: ${why ?? String(cause)}.`, {
      hint: MISSING_HINT,
      cause,
    });
  }
}
