// Generated from schemas/publish_audit.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One line of publish.ndjson: who let what into which registry, and why.
 */
export interface PublishAuditLine {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.publish-audit.v1";
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who.
   */
  by: string;
  /**
   * What was done.
   */
  op: "publish" | "promote" | "rollback";
  /**
   * Registry, without credentials.
   */
  registry: string;
  /**
   * Model.
   */
  name: string;
  /**
   * Alias that moved.
   */
  alias: string;
  /**
   * Version that it names since.
   */
  version: string;
  /**
   * Version that it named before.
   */
  previous: string | null;
  /**
   * SHA-256 of the model's file.
   */
  sha256: string;
  /**
   * Run that decided.
   */
  run_id: string;
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * Its recomputed verdict.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Let through although it does not pass.
   */
  forced: boolean;
  /**
   * Why, in words.
   */
  reason: string | null;
}
