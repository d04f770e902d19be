import type { RegistryEntry } from "./generated/registry-entry-v1.ts";

/** A file to be sent, its digest known before. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Objects under keys with slashes. What `put` has returned from is there whole, and before that not at all. */
export interface ObjectStore {
  /** A small object's content; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** SHA-256 of what a reader gets, downloaded for it; undefined where there is none. */
  digest(key: string): Promise<string | undefined>;
  put(key: string, content: ModelFile | Uint8Array): Promise<void>;
  /** The same bytes under a second key, without sending them again where that is possible. */
  copy(from: string, to: string, file: ModelFile): Promise<void>;
}

/** Objects that several publishers may change at once. */
export interface SharedObjects extends ObjectStore {
  /** Replaces a small object by what `change` makes of it; what others wrote meanwhile is never lost. */
  update(key: string, change: (current: Uint8Array | undefined) => Uint8Array): Promise<void>;
}

/** A version of a model and the alias that is to name it. */
export interface Release {
  readonly entry: RegistryEntry;
  /** Finds what an interrupted publication has begun. */
  readonly id: string;
  readonly alias: string;
  readonly by: string;
  /** What the registry must find again after an interruption; kept in the outbox. */
  readonly facts: Record<string, string>;
}

/** What an alias names and named. */
export interface AliasState {
  /** Versions as the registry counts them, the newest last; a rollback takes the last one off. Empty: the alias is not set. */
  readonly stack: readonly string[];
  /** Versions that rollbacks took off, where the registry keeps them. */
  readonly takenBack: readonly string[];
}

export interface AliasMove {
  readonly name: string;
  readonly alias: string;
  readonly op: "publish" | "promote" | "rollback";
  /** The new stack; its last is what the alias names from now on. */
  readonly stack: readonly string[];
  readonly at: string;
  readonly by: string;
  readonly reason: string | null;
}

/** A place that versions of models are published to. Every call can be repeated after an interruption. */
export interface Registry {
  /** For people and records; without credentials. */
  readonly location: string;
  /** Objects of a release. */
  objects(release: Release): Promise<ObjectStore>;
  /** Makes the stored release a version, as yet without an alias, and says what the registry calls it. */
  register(release: Release): Promise<string>;
  /** The entry of a version; undefined where there is none. */
  entry(name: string, version: string): Promise<RegistryEntry | undefined>;
  /** SHA-256 of the model that a reader of this version gets. */
  digestOf(entry: RegistryEntry, version: string): Promise<string | undefined>;
  alias(name: string, alias: string): Promise<AliasState>;
  moveAlias(move: AliasMove): Promise<void>;
}
