// Generated from schemas/baseline-index.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One record.
 *
 * @minItems 11
 * @maxItems 11
 */
export type IndexRow = [number, number, string, number, number, string, number, number, number, string, number | null];

/**
 * What the audit log adds up to, up to a place in it. A cache: it can be removed at any time. Records are tuples, and names that repeat stand in tables, because it is read by every command.
 */
export interface BaselineIndex {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.baseline-index.v1";
  /**
   * Bytes of the log that are in here.
   */
  audit_bytes: number;
  /**
   * Digest of the last line of those; null for none.
   */
  audit_sha256: string | null;
  /**
   * Lines of the log that are in here.
   */
  lines: number;
  /**
   * Records set aside.
   */
  quarantined: QuarantinedEntry[];
  /**
   * Test ids.
   */
  tests: string[];
  /**
   * Task revisions.
   */
  revisions: string[];
  /**
   * Hard and soft digests, joined by a space.
   */
  hosts: string[];
  /**
   * Records, oldest first.
   */
  records: IndexRow[];
}
/**
 * One record.
 */
export interface QuarantinedEntry {
  /**
   * Test: what is measured again and again; the matrix's name unless told.
   */
  test_id: string;
  /**
   * Run that was recorded; the record's name.
   */
  ref: string;
  /**
   * What is wrong.
   */
  why: string;
}
