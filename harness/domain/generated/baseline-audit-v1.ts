// Generated from schemas/baseline-audit.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * The audit log of a baseline store, its lines as one list. The log is the truth: the store is what its lines add up to.
 */
export type AuditLog = (RecordLine | AdoptLine | PinLine | UnpinLine | PruneLine | QuarantineLine)[];

/**
 * A record was added.
 */
export interface RecordLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "record";
  entry: RecordEntry;
  /**
   * Why, as the caller said.
   */
  reason: string | null;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
/**
 * What the log keeps of a record.
 */
export interface RecordEntry {
  /**
   * Test: what is measured again and again; the matrix's name unless told.
   */
  test_id: string;
  /**
   * Run that was recorded; the record's name.
   */
  ref: string;
  /**
   * Revision of the task: dataset and measuring rules, or a label given by the caller.
   */
  revision: string;
  /**
   * Hardware that must match.
   */
  hard: string;
  /**
   * Hardware that may differ.
   */
  soft: string;
  /**
   * When the run was made, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Suite verdict.
   */
  verdict: "pass" | "fail" | "inconclusive";
  /**
   * Recorded in spite of the verdict.
   */
  forced: boolean;
  /**
   * Rows.
   */
  cells: number;
  /**
   * Size of the record's file.
   */
  bytes: number;
  /**
   * Of the record's file.
   */
  sha256: string;
}
/**
 * A record that was found in the folder, but not in the log, was taken in.
 */
export interface AdoptLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "adopt";
  entry: RecordEntry;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
/**
 * A record was protected from pruning.
 */
export interface PinLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "pin";
  key: RecordKey;
  /**
   * Why, as the caller said.
   */
  reason: string | null;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
/**
 * Which record.
 */
export interface RecordKey {
  /**
   * Test: what is measured again and again; the matrix's name unless told.
   */
  test_id: string;
  /**
   * Run that was recorded; the record's name.
   */
  ref: string;
}
/**
 * The protection was taken back.
 */
export interface UnpinLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "unpin";
  key: RecordKey;
  /**
   * Why, as the caller said.
   */
  reason: string | null;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
/**
 * Records were removed.
 */
export interface PruneLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "prune";
  /**
   * Which.
   */
  keys: RecordKey[];
  /**
   * Newest unpinned ones kept a test.
   */
  keep_last: number;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
/**
 * A record was set aside because its file is not what was recorded.
 */
export interface QuarantineLine {
  /**
   * Line number, from 0.
   */
  seq: number;
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who: user and host.
   */
  by: string;
  /**
   * What was done.
   */
  op: "quarantine";
  key: RecordKey;
  /**
   * What is wrong.
   */
  why: string;
  /**
   * Digest of the line before; null on the first.
   */
  prev: string | null;
  /**
   * Of the canonical JSON of the line without this field.
   */
  sha256: string;
}
