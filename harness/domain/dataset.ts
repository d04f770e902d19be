import type { DetectionSet } from "./detection-set.ts";
import type { ItemTensor } from "./item-tensor.ts";

/** Plain JSON, for descriptions that are stored with an artifact. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Labelled items, ready for a model's input but for {@link ItemTensor.affine}. */
export interface Dataset {
  /** Letters, digits and `._:@+-`, e.g. "digits.test". */
  readonly id: string;
  /** SHA-256 over shape, type, preprocessing, class names, labels and preprocessed content: equal digests, equal inputs. */
  readonly digest: string;
  /** Items, ≥ 1. */
  readonly count: number;
  readonly classNames: readonly string[];
  /** What an item is called, in the plural. */
  readonly itemNoun: "images" | "items" | "tasks";
  /** Class index of each item, 0 ≤ label < classNames.length. */
  readonly labels: Int32Array;
  readonly items: ItemTensor;
  /** Boxes to be found, where the items are judged by detection; their labels are all 0 then. */
  readonly boxes?: DetectionSet;
  /**
   * SHA-256 of each item's raw content, before preprocessing: the file's bytes for images, the stored values otherwise.
   * Comparable between datasets of one kind; an image file and the same picture in a binary batch have different ones.
   */
  readonly hashes: readonly string[];
  /** What was done to the raw content, without paths and versions. */
  readonly preprocessing: { readonly [key: string]: Json };
}
