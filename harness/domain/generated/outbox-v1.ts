// Generated from schemas/outbox.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * A publication under way: what is sent where, and what has arrived. Removed once an alias names the version.
 */
export interface OutboxEntry {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.outbox.v1";
  /**
   * First 16 hex digits of the SHA-256 of registry, name, alias, run and variant.
   */
  id: string;
  /**
   * Registry, without credentials.
   */
  registry: string;
  /**
   * Alias that will name the version.
   */
  alias: string;
  /**
   * Run folder.
   */
  run: string;
  /**
   * Model file in it.
   */
  file: string;
  /**
   * Who publishes.
   */
  by: string;
  /**
   * Steps that are done and were read back.
   */
  done: ("content" | "version" | "metadata")[];
  /**
   * What the registry must find again, such as its own run.
   */
  facts: {
    [k: string]: string;
  };
  entry: EntryInOutbox;
}
/**
 * The registry entry (quantgate.registry-entry.v1).
 */
export interface EntryInOutbox {
  [k: string]: unknown;
}
