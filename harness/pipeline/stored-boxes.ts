import type { DetectionSet } from "../domain/detection-set.ts";
import { HarnessError } from "../domain/errors.ts";
import type { JournalBoxes } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { DetectionTruth } from "../evaluators/coco/truth.ts";
import type { RunFolder } from "../store/run-folder.ts";

/** Keeps the boxes with the run, so that it can be judged again without the annotations. */
export async function storeBoxes(folder: RunFolder, boxes: DetectionSet): Promise<JournalBoxes> {
  const { imageIds, categoryIds, sizes, image, category, box, area, crowd } = boxes;
  const count = image.length;
  return {
    image_ids: await folder.putArray("f64", [imageIds.length], Float64Array.from(imageIds)),
    category_ids: await folder.putArray("f64", [categoryIds.length], Float64Array.from(categoryIds)),
    sizes: await folder.putArray(
      "i32",
      [sizes.length, 2],
      Int32Array.from(sizes.flatMap(({ width, height }) => [width, height])),
    ),
    image: await folder.putArray("i32", [count], image),
    category: await folder.putArray("i32", [count], category),
    box: await folder.putArray("f64", [count, 4], box),
    area: await folder.putArray("f64", [count], area),
    crowd: await folder.putArray("u8", [count], crowd),
  };
}

/** Reads them back; STORE_CORRUPT where they are no boxes in the plan's images. */
export async function readBoxes(folder: RunFolder, stored: JournalBoxes, { dataset }: Plan): Promise<DetectionSet> {
  const doubles = async (ref: JournalBoxes["box"]) => expectKind(await folder.getArray(ref), Float64Array);
  const words = async (ref: JournalBoxes["box"]) => expectKind(await folder.getArray(ref), Int32Array);
  const sizes = await words(stored.sizes);
  const boxes: DetectionSet = {
    imageIds: Array.from(await doubles(stored.image_ids)),
    categoryIds: Array.from(await doubles(stored.category_ids)),
    sizes: Array.from({ length: sizes.length / 2 }, (_, i) => ({
      width: sizes[2 * i] as number,
      height: sizes[2 * i + 1] as number,
    })),
    image: await words(stored.image),
    category: await words(stored.category),
    box: await doubles(stored.box),
    area: await doubles(stored.area),
    crowd: expectKind(await folder.getArray(stored.crowd), Uint8Array),
  };
  const { imageIds, categoryIds } = boxes;
  const fits =
    imageIds.length === dataset.count &&
    boxes.sizes.length === dataset.count &&
    boxes.sizes.every(({ width, height }) => width >= 1 && height >= 1) &&
    categoryIds.length === dataset.class_names.length;
  if (!fits) throw corrupt("The stored boxes do not belong to the plan's images and categories");
  return boxes;
}

/** The boxes as an evaluator takes them. */
export function truthOf(boxes: DetectionSet): DetectionTruth {
  return { ...boxes, images: boxes.imageIds.length, categories: boxes.categoryIds.length };
}

function expectKind<T extends ArrayBufferView>(data: ArrayBufferView, kind: { new (length: number): T }): T {
  if (data instanceof kind) return data;
  throw corrupt("An array of the stored boxes has another type than it should");
}

function corrupt(message: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", message, { hint: "Restore the run from a copy, or run the sweep again." });
}
