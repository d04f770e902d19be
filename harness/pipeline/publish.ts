import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import type { Registry } from "../domain/registry-port.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { openRegistry } from "../registries/open-registry.ts";
import { Outbox, type Pending } from "../store/outbox.ts";
import { actor } from "./actor.ts";
import { type Finishing, finishPublication, type Published } from "./finish-publication.ts";
import { type Publishable, readPublishable } from "./publishable.ts";
import { registryEntry, requireName, versionKey } from "./registry-entry.ts";

/** Alias of a new version, and path of its model, unless told. */
export const PUBLISH_DEFAULTS = {
  alias: "Staging",
  pathPattern: "models/{name}/v{timestamp}.onnx",
  registry: "registry",
} as const;

export interface RegistryOptions {
  /** Folder, `s3://BUCKET/PREFIX`, or `mlflow+http://HOST:PORT`. */
  readonly registry: string;
  /** Folder of the runs, the outbox and the audit log. */
  readonly outDir: string;
  /** Credentials are read from it alone; the process's own unless given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
  readonly onStep?: (step: string) => void;
}

export interface PublishOptions extends RegistryOptions {
  /** Run folder, a file in it, or a run id. */
  readonly run: string;
  readonly variant: string;
  /** Name in the registry; the model's id unless given. */
  readonly name?: string | undefined;
  readonly alias?: string | undefined;
  /** With {name}, {variant}, {timestamp} and {sha256}. */
  readonly pathPattern?: string | undefined;
  /** Publishes what does not pass; a reason is needed, and entry and audit log keep it. */
  readonly force?: boolean | undefined;
  readonly reason?: string | undefined;
}

/**
 * Publishes a variant whose gates pass, decided again from the journal. Content, version and metadata are stored and read back before the
 * alias moves, which is the last step: an interrupted publication registers nothing, and the same call goes on with it.
 * REGISTRY_NOT_PASSING unless it passes or `force` is given.
 */
export async function publish(options: PublishOptions): Promise<Published> {
  const { env = process.env, clock = systemClock, outDir } = options;
  const alias = requireName(options.alias ?? PUBLISH_DEFAULTS.alias, "an alias");
  const registry = openRegistry(options.registry, { env, signal: options.signal, clock });
  const found = await readPublishable(options, (row) => {
    if (row.verdict !== "pass") refuseUnlessForced(row, options);
  });
  const { folder, summary, row, file, gateDigest } = found;
  const name = requireName(options.name ?? row.model_id, "a name");
  const id = Outbox.idOf({
    registry: registry.location,
    name,
    alias,
    runId: summary.run_id,
    variantId: row.variant_id,
  });
  const outbox = new Outbox(outDir);
  const lock = await outbox.lock(id);
  try {
    const begun = await outbox.find(id);
    if (begun !== undefined && isOf(found, begun)) {
      return await finishPublication(finishing(options, { registry, outbox, pending: begun }));
    }
    const same = await alreadyPublished(registry, { name, alias, sha256: file.sha256, gateDigest });
    if (same !== undefined) return same;
    const { path, version } = versionKey(options.pathPattern ?? PUBLISH_DEFAULTS.pathPattern, {
      name,
      variant: row.variant_id,
      sha256: file.sha256,
      atMs: clock.wallMs(),
      id,
    });
    const reason = options.reason ?? null;
    const entry = registryEntry({ ...found, name, path, version, reason, at: isoTime(clock) });
    const pending: Pending = {
      schema_version: "quantgate.outbox.v1",
      id,
      registry: registry.location,
      alias,
      run: folder.path,
      file: file.path,
      by: actor(),
      done: [],
      facts: {},
      entry,
    };
    await outbox.save(pending);
    return await finishPublication(finishing(options, { registry, outbox, pending }));
  } finally {
    await lock.release();
  }
}

/**
 * Finishes every publication to this registry that was interrupted. Each is decided again from its run first: STORE_CORRUPT where the
 * outbox says something else.
 */
export async function resumePublications(options: RegistryOptions): Promise<Published[]> {
  const { env = process.env, clock = systemClock, outDir } = options;
  const registry = openRegistry(options.registry, { env, signal: options.signal, clock });
  const outbox = new Outbox(outDir);
  const published: Published[] = [];
  for (const { id } of (await outbox.list()).filter((pending) => pending.registry === registry.location)) {
    const lock = await outbox.lock(id);
    try {
      const pending = await outbox.find(id);
      if (pending === undefined) continue;
      const { run, entry } = pending;
      if (!isOf(await readPublishable({ run, variant: entry.variant_id, outDir }), pending)) {
        throw new HarnessError("STORE_CORRUPT", `The run ${run} does not give what outbox/${id}.json would publish`, {
          hint: `Its policy, its files or the outbox changed. Start again: quantgate publish ${run} ${entry.variant_id}`,
        });
      }
      published.push(await finishPublication(finishing(options, { registry, outbox, pending })));
    } finally {
      await lock.release();
    }
  }
  return published;
}

/** Whether the outbox holds what the run gives now: an outbox is a file that anybody may have written. */
function isOf(found: Publishable, { file, entry }: Pending): boolean {
  const { name, path, version, reason, generated_at: at } = entry;
  const same = registryEntry({ ...found, name, path, version, reason, at });
  const isAdmitted = !same.forced || (reason ?? "").trim() !== "";
  return isAdmitted && file === found.file.path && canonicalJson(same) === canonicalJson(entry);
}

function finishing(
  { clock = systemClock, onStep = () => {}, signal }: RegistryOptions,
  what: Pick<Finishing, "registry" | "outbox" | "pending">,
): Finishing {
  return { ...what, clock, onStep, signal };
}

async function alreadyPublished(
  registry: Registry,
  wanted: { readonly name: string; readonly alias: string; readonly sha256: string; readonly gateDigest: string },
): Promise<Published | undefined> {
  const { name, alias } = wanted;
  const { stack } = await registry.alias(name, alias);
  const version = stack.at(-1);
  const entry = version === undefined ? undefined : await registry.entry(name, version);
  if (version === undefined || entry?.sha256 !== wanted.sha256 || entry.gate_digest !== wanted.gateDigest)
    return undefined;
  const previous = stack.at(-2) ?? null;
  return { registry: registry.location, alias, registry_version: version, previous, is_new: false, entry };
}

function refuseUnlessForced(row: SummaryRow, { force, reason }: PublishOptions): void {
  if (force === true && reason !== undefined && reason.trim() !== "") return;
  if (force === true) {
    throw new HarnessError("CONFIG_USAGE", "Publishing by force needs a reason", {
      hint: 'Say why with --reason "...": the audit log and the entry in the registry keep it.',
    });
  }
  const why = row.reasons[0] === undefined ? "" : `: ${row.reasons[0]}`;
  throw new HarnessError(
    "REGISTRY_NOT_PASSING",
    `The variant ${row.variant_id} does not pass (${row.verdict}${why}), so it is not published`,
    {
      hint: "Publish a variant that passes; --force with a --reason publishes this one and leaves a line in the audit log.",
    },
  );
}
