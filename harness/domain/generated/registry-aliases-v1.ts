// Generated from schemas/registry_aliases.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Which version each alias of a model names, and every move so far. The last thing that publishing writes: a version that no alias names was not let through.
 */
export interface RegistryAliases {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.registry-aliases.v1";
  /**
   * Model.
   */
  name: string;
  /**
   * Where the entry of each version that was ever named lies.
   */
  versions: {
    [k: string]: string;
  };
  /**
   * Moves, oldest first.
   */
  moves: AliasMove[];
}
/**
 * One move of an alias.
 */
export interface AliasMove {
  /**
   * When, ISO 8601 UTC.
   */
  at: string;
  /**
   * Who.
   */
  by: string;
  /**
   * Why it moved.
   */
  op: "publish" | "promote" | "rollback";
  /**
   * Alias.
   */
  alias: string;
  /**
   * Version that it names since.
   */
  version: string;
  /**
   * Why, in words.
   */
  reason: string | null;
}
