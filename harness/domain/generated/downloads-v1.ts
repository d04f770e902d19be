// Generated from schemas/downloads.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Data and models that `quantgate fetch` gets, each pinned by address and digest.
 */
export interface Downloads {
  $schema?: string;
  schema_version: "quantgate.downloads.v1";
  /**
   * @minItems 1
   */
  downloads: [Download, ...Download[]];
}
export interface Download {
  /**
   * What `fetch` is asked for.
   */
  id: string;
  /**
   * What it is, in a sentence.
   */
  about: string;
  /**
   * Public original.
   */
  url: string;
  /**
   * Of what the address gives.
   */
  sha256: string;
  /**
   * As its makers publish it, where they do; checked too.
   */
  md5?: string;
  /**
   * Size of what the address gives.
   */
  bytes: number;
  /**
   * License or terms.
   */
  license: string;
  /**
   * What is kept, under the data folder.
   *
   * @minItems 1
   */
  files: [DownloadedFile, ...DownloadedFile[]];
}
export interface DownloadedFile {
  /**
   * Relative to the data folder.
   */
  path: string;
  /**
   * Name inside the .tar.gz; absent: the download itself is the file.
   */
  member?: string;
  /**
   * Of the file.
   */
  sha256: string;
}
