import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { Registry } from "../domain/registry-port.ts";
import type { Clock } from "../platform/clock.ts";
import { RELEASE_STEPS, storeStep } from "../registries/store-release.ts";
import type { Outbox, Pending } from "../store/outbox.ts";
import { auditLine } from "./publish-audit.ts";
import { modelFileOf } from "./variant-file.ts";

export interface Published {
  readonly registry: string;
  readonly alias: string;
  /** As the registry counts versions. */
  readonly registry_version: string;
  /** What the alias named before; null for nothing. */
  readonly previous: string | null;
  /** False where the alias named this very file and decision already. */
  readonly is_new: boolean;
  readonly entry: RegistryEntry;
}

export interface Finishing {
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly pending: Pending;
  readonly clock: Clock;
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** The steps of a publication that are not done yet; the outbox knows each before the next begins. */
export async function finishPublication(given: Finishing): Promise<Published> {
  const { registry, outbox, pending, clock, onStep, signal } = given;
  const { id, entry, alias, by } = pending;
  const facts = { ...pending.facts };
  const release = { entry, id, alias, by, facts };
  const file = await modelFileOf(pending.file, entry.sha256);
  let { done } = pending;
  const objects = await registry.objects(release);
  for (const step of RELEASE_STEPS.filter((one) => !done.includes(one))) {
    signal?.throwIfAborted();
    onStep(step);
    await storeStep(step, objects, { entry, file, location: registry.location });
    done = [...done, step];
    await outbox.save({ ...pending, done, facts });
  }
  onStep("register");
  const version = await registry.register(release);
  const at = new Date(clock.wallMs()).toISOString();
  const previous = await nameVersion(given, { version, at });
  const { location } = registry;
  await outbox.log(
    auditLine(entry, { at, by, op: "publish", registry: location, alias, version, previous, reason: entry.reason }),
  );
  await outbox.remove(id);
  return { registry: registry.location, alias, registry_version: version, previous, is_new: true, entry };
}

/**
 * Lets the alias name the version, once: where an attempt that was interrupted did so, it stays where others moved it since.
 * Returns what it named before.
 */
async function nameVersion(
  { registry, pending: { entry, alias, by } }: Finishing,
  { version, at }: { readonly version: string; readonly at: string },
): Promise<string | null> {
  const { stack, takenBack } = await registry.alias(entry.name, alias);
  const place = stack.lastIndexOf(version);
  if (place >= 0) return stack[place - 1] ?? null;
  const previous = stack.at(-1) ?? null;
  if (takenBack.includes(version)) return previous;
  await registry.moveAlias({
    name: entry.name,
    alias,
    op: "publish",
    stack: [...stack, version],
    at,
    by,
    reason: entry.reason,
  });
  return previous;
}
