// Generated from schemas/dataset.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Items in Quantgate's binary format: what they are, where they come from, and the digests of their files.
 */
export interface DatasetManifest {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.dataset.v1";
  /**
   * Name.
   */
  id: string;
  /**
   * One sentence for people.
   */
  description?: string;
  /**
   * Names of the classes; a label is an index into them.
   *
   * @minItems 2
   * @maxItems 256
   */
  class_names: [string, string, ...string[]];
  /**
   * Shape of one item, without the batch axis.
   *
   * @minItems 1
   */
  item_shape: [number, ...number[]];
  /**
   * Axis order of a batch; other: values of `normalize` must be single.
   */
  layout: "nchw" | "nhwc" | "other";
  /**
   * Type of the stored values.
   */
  dtype: "uint8";
  /**
   * x' = (x·scale - mean) / std, per channel, on the way into the model; null: values enter as they are.
   */
  normalize: null | ManifestNormalize;
  /**
   * Disjoint parts, by name.
   */
  splits: {
    [k: string]: DatasetSplit;
  };
  disjointness?: DatasetDisjointness;
  source?: DatasetSource;
  /**
   * SPDX identifier.
   */
  license: string;
  /**
   * Path relative to the manifest.
   */
  license_file?: string;
  /**
   * Script that writes the files.
   */
  made_by?: string;
}
export interface ManifestNormalize {
  /**
   * Multiplier applied first.
   */
  scale?: number;
  /**
   * One value, or one a channel.
   *
   * @minItems 1
   */
  mean?: [number, ...number[]];
  /**
   * One value, or one a channel.
   *
   * @minItems 1
   */
  std?: [number, ...number[]];
}
/**
 * One part.
 */
export interface DatasetSplit {
  /**
   * Path relative to the manifest; null: not distributed.
   */
  file: string | null;
  /**
   * Items.
   */
  count: number;
  /**
   * Items of each class, in the order of class_names.
   */
  class_counts: number[];
  /**
   * Digest of the file.
   */
  sha256: string;
  /**
   * Size of the file.
   */
  bytes?: number;
}
/**
 * How the parts were kept apart.
 */
export interface DatasetDisjointness {
  /**
   * What two items must share to be the same.
   */
  key: string;
  /**
   * Items in more than one part.
   */
  shared_items: 0;
  /**
   * Copies left out.
   */
  duplicates_dropped: number;
  /**
   * The rule, for people.
   */
  statement: string;
}
/**
 * Where the items come from.
 */
export interface DatasetSource {
  /**
   * Package or collection.
   */
  name: string;
  /**
   * Version or date.
   */
  version: string;
  /**
   * Home page.
   */
  url?: string;
  /**
   * What the source itself was made from.
   */
  origin?: string;
}
