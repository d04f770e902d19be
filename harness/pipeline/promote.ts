import { HarnessError } from "../domain/errors.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { AliasMove, Registry } from "../domain/registry-port.ts";
import { systemClock } from "../platform/clock.ts";
import { openRegistry } from "../registries/open-registry.ts";
import { Outbox } from "../store/outbox.ts";
import { actor } from "./actor.ts";
import { PUBLISH_DEFAULTS, type RegistryOptions } from "./publish.ts";
import { auditLine } from "./publish-audit.ts";
import { requireName } from "./registry-entry.ts";

export interface MoveOptions extends RegistryOptions {
  readonly name: string;
  /** Alias to move. */
  readonly alias: string;
  readonly reason?: string | undefined;
}

export interface PromoteOptions extends MoveOptions {
  /** Version as the registry counts them; what `from` names unless given. */
  readonly version?: string | undefined;
  /** Staging unless given. */
  readonly from?: string | undefined;
  /** Lets a version on that was published by force. */
  readonly force?: boolean | undefined;
}

export interface Moved {
  readonly registry: string;
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly previous: string | null;
  /** False where the alias named this version already. */
  readonly is_new: boolean;
  readonly entry: RegistryEntry;
}

/**
 * Lets an alias name a version that is in the registry already. Its file is read back first: REGISTRY_CORRUPT where it is not what its
 * entry says. A version that was published by force needs `force` again (REGISTRY_NOT_PASSING).
 */
export async function promote(options: PromoteOptions): Promise<Moved> {
  const { name, alias } = requireNames(options);
  const from = requireName(options.from ?? PUBLISH_DEFAULTS.alias, "an alias");
  const registry = open(options);
  const version = options.version ?? (await registry.alias(name, from)).stack.at(-1);
  if (version === undefined) {
    throw missing(registry, `${from} of ${name} names no version`, "Publish one, or name it with --version.");
  }
  const entry = await wholeEntry(registry, name, version);
  if (entry.forced && options.force !== true) {
    throw new HarnessError(
      "REGISTRY_NOT_PASSING",
      `The version ${version} of ${name} was published by force (${entry.verdict})`,
      {
        hint: "Publish a variant that passes; --force promotes this one.",
      },
    );
  }
  const { stack } = await registry.alias(name, alias);
  return move(registry, options, { op: "promote", stack, next: [...stack, version], version, entry });
}

/** Lets an alias name what it named before. REGISTRY_MISSING where it named nothing; the file is read back first. */
export async function rollback(options: MoveOptions): Promise<Moved> {
  const { name, alias } = requireNames(options);
  const registry = open(options);
  const { stack } = await registry.alias(name, alias);
  const version = stack.at(-2);
  if (version === undefined) {
    const message = stack.length === 0 ? `${alias} of ${name} is not set` : `${alias} of ${name} named nothing before`;
    throw missing(registry, message, "There is nothing to go back to; promote another version.");
  }
  const entry = await wholeEntry(registry, name, version);
  return move(registry, options, { op: "rollback", stack, next: stack.slice(0, -1), version, entry });
}

/** Both become parts of the registry's own paths. */
function requireNames({ name, alias }: MoveOptions): { readonly name: string; readonly alias: string } {
  return { name: requireName(name, "a name"), alias: requireName(alias, "an alias") };
}

function open({ registry, env = process.env, signal, clock = systemClock }: RegistryOptions): Registry {
  return openRegistry(registry, { env, signal, clock });
}

async function wholeEntry(registry: Registry, name: string, version: string): Promise<RegistryEntry> {
  const entry = await registry.entry(name, version);
  if (entry === undefined) {
    throw missing(registry, `There is no version ${version} of ${name}`, "Name one that was published by quantgate.");
  }
  if (entry.name === name && (await registry.digestOf(entry, version)) === entry.sha256) return entry;
  throw new HarnessError(
    "REGISTRY_CORRUPT",
    `The object ${entry.path} in ${registry.location} is not the model of ${name} ${version}`,
    {
      hint: "Restore it from the object of its digest, or publish the variant again.",
    },
  );
}

async function move(
  registry: Registry,
  { name, alias, outDir, reason, clock = systemClock }: MoveOptions,
  to: {
    readonly op: AliasMove["op"];
    readonly stack: readonly string[];
    readonly next: readonly string[];
    readonly version: string;
    readonly entry: RegistryEntry;
  },
): Promise<Moved> {
  const { op, version, entry } = to;
  const previous = to.stack.at(-1) ?? null;
  const moved = { registry: registry.location, name, alias, version, previous, entry };
  if (previous === version) return { ...moved, is_new: false };
  const at = new Date(clock.wallMs()).toISOString();
  const by = actor();
  await registry.moveAlias({ name, alias, op, stack: to.next, at, by, reason: reason ?? null });
  const { location } = registry;
  await new Outbox(outDir).log(
    auditLine(entry, { at, by, op, registry: location, alias, version, previous, reason: reason ?? null }),
  );
  return { ...moved, is_new: true };
}

function missing(registry: Registry, message: string, hint: string): HarnessError {
  return new HarnessError("REGISTRY_MISSING", `${message} in ${registry.location}`, { hint });
}
