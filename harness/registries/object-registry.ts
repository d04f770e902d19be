import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { RegistryAliases } from "../domain/generated/registry-aliases-v1.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { AliasMove, AliasState, ObjectStore, Registry, Release, SharedObjects } from "../domain/registry-port.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { metadataKey, parseEntry } from "./store-release.ts";

/** A registry made of objects alone, in a folder or a bucket: `models/NAME/aliases.json` says what is registered. */
export class ObjectRegistry implements Registry {
  readonly location: string;
  readonly #objects: SharedObjects;

  constructor(location: string, objects: SharedObjects) {
    this.location = location;
    this.#objects = objects;
  }

  async objects(): Promise<ObjectStore> {
    return this.#objects;
  }

  async register({ entry }: Release): Promise<string> {
    const { name, version } = entry;
    await this.#change(name, (aliases) => ({
      ...aliases,
      versions: { ...aliases.versions, [version]: metadataKey(entry) },
    }));
    return version;
  }

  async entry(name: string, version: string): Promise<RegistryEntry | undefined> {
    const { versions } = await this.#aliases(name);
    const key = Object.hasOwn(versions, version) ? versions[version] : undefined;
    if (key === undefined) return undefined;
    const content = await this.#objects.get(key);
    if (content === undefined) {
      throw new HarnessError(
        "REGISTRY_CORRUPT",
        `The registry ${this.location} lists ${name} ${version}, but ${key} is not there`,
        {
          hint: "Restore the object from a copy.",
        },
      );
    }
    const entry = parseEntry(content, key);
    if (entry.name === name && entry.version === version) return entry;
    throw new HarnessError("REGISTRY_CORRUPT", `The registry ${this.location} lists ${key} as ${name} ${version}`, {
      hint: `It describes ${entry.name} ${entry.version}. Correct ${aliasesKey(name)}, or publish the variant again.`,
    });
  }

  async digestOf(entry: RegistryEntry): Promise<string | undefined> {
    return this.#objects.digest(entry.path);
  }

  async alias(name: string, alias: string): Promise<AliasState> {
    const aliases = await this.#aliases(name);
    const stack = stackOf(aliases, alias);
    const named = aliases.moves.flatMap((move) => (move.alias === alias ? [move.version] : []));
    return { stack, takenBack: [...new Set(named)].filter((version) => !stack.includes(version)) };
  }

  async moveAlias({ name, alias, op, stack, at, by, reason }: AliasMove): Promise<void> {
    const version = stack.at(-1) as string;
    await this.#change(name, (aliases) => {
      const current = stackOf(aliases, alias);
      // Done already, by the attempt that was interrupted after it.
      if (current.join() === stack.join()) return aliases;
      if (op === "rollback" && current.slice(0, -1).join() !== stack.join()) {
        throw new HarnessError("REGISTRY_REFUSED", `${alias} of ${name} was moved by somebody else meanwhile`, {
          hint: "Look at what it names now before you roll back.",
        });
      }
      return { ...aliases, moves: [...aliases.moves, { at, by, op, alias, version, reason }] };
    });
  }

  async #change(name: string, change: (aliases: RegistryAliases) => RegistryAliases): Promise<void> {
    await this.#objects.update(aliasesKey(name), (current) => {
      const next = change(this.#parse(name, current));
      validator.validate("registry_aliases.v1", next, { what: "the aliases", code: "STORE_SCHEMA" });
      return new TextEncoder().encode(artifactJson(next));
    });
  }

  async #aliases(name: string): Promise<RegistryAliases> {
    return this.#parse(name, await this.#objects.get(aliasesKey(name)));
  }

  #parse(name: string, content: Uint8Array | undefined): RegistryAliases {
    if (content === undefined) {
      return { schema_version: "quantgate.registry-aliases.v1", name, versions: {}, moves: [] };
    }
    const what = `The object ${aliasesKey(name)} in ${this.location}`;
    const document = parseJson(new TextDecoder().decode(content), { what, code: "REGISTRY_CORRUPT" });
    return validator.validate<RegistryAliases>("registry_aliases.v1", document, { what, code: "REGISTRY_CORRUPT" });
  }
}

function aliasesKey(name: string): string {
  return `models/${name}/aliases.json`;
}

/** Versions that the alias named, with what rollbacks took off. */
function stackOf({ moves }: RegistryAliases, alias: string): string[] {
  const stack: string[] = [];
  for (const move of moves) {
    if (move.alias !== alias) continue;
    if (move.op === "rollback") stack.pop();
    else stack.push(move.version);
  }
  return stack;
}
