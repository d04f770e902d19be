import { basename, isAbsolute } from "node:path";
import type { Dataset } from "../domain/dataset.ts";
import type { DetectionSet } from "../domain/detection-set.ts";
import type { CocoAnnotations, CocoImage } from "../domain/generated/coco-annotations-v1.ts";
import type { CocoDatasetConfig } from "../domain/generated/config-v1.ts";
import { affineFrom, channelAxisOf, describeAffine } from "./affine-from.ts";
import { buildDataset, idFrom } from "./build-dataset.ts";
import { decodeImages, describeTarget, imageShape } from "./decode-images.ts";
import { counted, invalidItems } from "./describe.ts";
import type { ImageTarget } from "./image-decode.ts";
import { readImageIds } from "./image-ids.ts";
import { readJsonAs } from "./read-document.ts";
import { limitedCount } from "./take-items.ts";

/** A dataset whose items have boxes instead of labels (the labels are all 0 and mean nothing). */
export type DetectionDataset = Dataset & { readonly boxes: DetectionSet };

/**
 * Images with boxes, as COCO's instances files hold them, in ascending order of image id: all, those of a list, or the first N. Every
 * variant of a run sees the same ones. CONFIG_DATA_MISSING; CONFIG_DATA_INVALID for ids that are double, unknown or name nothing,
 * and for images of another size than annotated.
 */
export async function loadCoco(
  spec: CocoDatasetConfig,
  { resolvePath, signal }: { resolvePath: (path: string) => string; signal?: AbortSignal | undefined },
): Promise<DetectionDataset> {
  const path = resolvePath(spec.annotations);
  const file = await readJsonAs<CocoAnnotations>("coco_annotations.v1", path, "the annotations");
  const id = idFrom(basename(path).replace(/\.json$/, ""));
  const images = await chooseImages(file, spec, { id, resolvePath });
  const boxes = boxesOf(file, images, id);
  const target = targetOf(spec);
  const shape = imageShape(target);
  const affine = affineFrom(spec.normalize, { shape, channelAxis: channelAxisOf(target.layout, 3) });
  const { data, hashes } = await decodeImages(
    resolvePath(spec.images),
    images.map(({ file_name, width, height }) => ({ name: withinFolder(file_name, id), size: { width, height } })),
    { target, signal },
  );
  const names = new Map(file.categories.map((category) => [category.id, category.name]));
  const dataset = buildDataset({
    id,
    itemNoun: "images",
    classNames: boxes.categoryIds.map((category) => names.get(category) as string),
    labels: new Int32Array(images.length),
    items: { count: images.length, shape, data, ...(affine === undefined ? {} : { affine }) },
    hashes,
    preprocessing: { kind: "coco", ...describeTarget(target), normalize: describeAffine(affine) },
  });
  return { ...dataset, boxes };
}

function targetOf(spec: CocoDatasetConfig): ImageTarget {
  return {
    width: spec.width,
    height: spec.height,
    resize: spec.resize ?? "letterbox",
    cropFraction: 1,
    padValue: spec.pad_value ?? 114,
    filter: spec.filter ?? "bilinear",
    color: spec.color ?? "rgb",
    layout: spec.layout ?? "nchw",
  };
}

async function chooseImages(
  file: CocoAnnotations,
  spec: CocoDatasetConfig,
  { id, resolvePath }: { readonly id: string; readonly resolvePath: (path: string) => string },
): Promise<readonly CocoImage[]> {
  const byId = uniqueById(file.images, `${id}: the image`);
  const wanted = spec.image_ids === undefined ? [...byId.keys()] : await readImageIds(resolvePath(spec.image_ids));
  const unknown = wanted.find((image) => !byId.has(image));
  if (unknown !== undefined) {
    throw invalidItems(`The image id ${unknown} is not in the annotations ${id}.`, "Correct the list of image ids.");
  }
  return [...wanted]
    .sort((a, b) => a - b)
    .slice(0, limitedCount(wanted.length, spec.limit, id))
    .map((image) => byId.get(image) as CocoImage);
}

function boxesOf(file: CocoAnnotations, images: readonly CocoImage[], id: string): DetectionSet {
  const imageIds = images.map((image) => image.id);
  const categoryIds = [...uniqueById(file.categories, `${id}: the category`).keys()].sort((a, b) => a - b);
  const known = new Set(file.images.map((image) => image.id));
  const imagePlace = new Map(imageIds.map((image, place) => [image, place]));
  const categoryPlace = new Map(categoryIds.map((category, place) => [category, place]));
  for (const [row, { image_id, category_id, bbox }] of file.annotations.entries()) {
    const why = !known.has(image_id)
      ? `names the image ${image_id}`
      : !categoryPlace.has(category_id)
        ? `names the category ${category_id}`
        : undefined;
    if (why !== undefined) throw invalidItems(`Annotation ${row} of ${id} ${why}, which is not in the file.`, HINT);
    if ((bbox[2] as number) < 0 || (bbox[3] as number) < 0) {
      throw invalidItems(`Annotation ${row} of ${id} has a box with a negative side.`, HINT);
    }
  }
  const rows = file.annotations.filter(({ image_id }) => imagePlace.has(image_id));
  if (rows.length === 0) {
    throw invalidItems(
      `None of the ${counted(images.length, "image")} of ${id} has a box, so nothing could be found or missed.`,
      "Choose other image ids, or raise the limit.",
    );
  }
  return {
    imageIds,
    categoryIds,
    sizes: images.map(({ width, height }) => ({ width, height })),
    image: Int32Array.from(rows, ({ image_id }) => imagePlace.get(image_id) as number),
    category: Int32Array.from(rows, ({ category_id }) => categoryPlace.get(category_id) as number),
    box: Float64Array.from(rows.flatMap(({ bbox }) => bbox)),
    area: Float64Array.from(rows, ({ area }) => area),
    crowd: Uint8Array.from(rows, ({ iscrowd = 0 }) => iscrowd),
  };
}

/** A file name that stays in the folder of images: the annotations come from elsewhere. */
function withinFolder(name: string, id: string): string {
  if (!isAbsolute(name) && !name.split(/[\\/]/).includes("..")) return name;
  throw invalidItems(`The annotations ${id} name the image file ${JSON.stringify(name)}, outside the folder.`, HINT);
}

const HINT = "The annotations file is damaged, or was put together from several; make it again.";

function uniqueById<T extends { readonly id: number }>(rows: readonly T[], what: string): Map<number, T> {
  const byId = new Map<number, T>();
  for (const row of rows) {
    if (byId.has(row.id)) throw invalidItems(`${what} ${row.id} is there twice.`, HINT);
    byId.set(row.id, row);
  }
  return byId;
}
