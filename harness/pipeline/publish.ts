import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { Registry } from "../domain/registry-port.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { openRegistry } from "../registries/open-registry.ts";
import { RELEASE_STEPS, storeStep } from "../registries/store-release.ts";
import { Outbox, type Pending } from "../store/outbox.ts";
import { RunFolder } from "../store/run-folder.ts";
import { actor } from "./actor.ts";
import { decide } from "./decide.ts";
import { registryEntry, requireName, versionKey } from "./registry-entry.ts";
import { modelFileOf, variantFile } from "./variant-file.ts";

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

/**
 * Publishes a variant whose gates pass, decided again from the journal. Content, version and metadata are stored and read back before the
 * alias moves, which is the last step: an interrupted publication registers nothing, and the same call goes on with it.
 * REGISTRY_NOT_PASSING unless it passes or `force` is given.
 */
export async function publish(options: PublishOptions): Promise<Published> {
  const { env = process.env, clock = systemClock } = options;
  const alias = requireName(options.alias ?? PUBLISH_DEFAULTS.alias, "an alias");
  const registry = openRegistry(options.registry, { env, signal: options.signal, clock });
  const folder = await RunFolder.open(options.run, options.outDir);
  const { summary, gate } = await decide(folder);
  const row = variantRow(summary.rows, options.variant, summary.run_id);
  const isForced = row.verdict !== "pass";
  if (isForced) refuseUnlessForced(row, options);
  const { file, report } = await variantFile(folder, row);
  const name = requireName(options.name ?? row.model_id, "a name");
  const id = Outbox.idOf({
    registry: registry.location,
    name,
    alias,
    runId: summary.run_id,
    variantId: row.variant_id,
  });
  const outbox = new Outbox(options.outDir);
  const lock = await outbox.lock(id);
  try {
    const begun = await outbox.find(id);
    const gateDigest = sha256(artifactJson(gate));
    if (begun !== undefined && begun.entry.sha256 === file.sha256 && begun.entry.gate_digest === gateDigest) {
      return await finish({ ...options, registry, outbox, pending: begun });
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
    const entry = registryEntry({
      summary,
      row,
      report,
      file,
      gateDigest,
      name,
      path,
      version,
      isForced,
      reason,
      clock,
    });
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
    return await finish({ ...options, registry, outbox, pending });
  } finally {
    await lock.release();
  }
}

/** Finishes every publication to this registry that was interrupted. */
export async function resumePublications(options: RegistryOptions): Promise<Published[]> {
  const { env = process.env, clock = systemClock } = options;
  const registry = openRegistry(options.registry, { env, signal: options.signal, clock });
  const outbox = new Outbox(options.outDir);
  const published: Published[] = [];
  for (const { id } of (await outbox.list()).filter((pending) => pending.registry === registry.location)) {
    const lock = await outbox.lock(id);
    try {
      const pending = await outbox.find(id);
      if (pending !== undefined) published.push(await finish({ ...options, registry, outbox, pending }));
    } finally {
      await lock.release();
    }
  }
  return published;
}

/** The steps that are not done yet; the outbox knows each before the next begins. */
async function finish({
  registry,
  outbox,
  pending,
  clock = systemClock,
  onStep = () => {},
  signal,
}: {
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly pending: Pending;
} & Pick<RegistryOptions, "clock" | "onStep" | "signal">): Promise<Published> {
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
  const { stack } = await registry.alias(entry.name, alias);
  const isMoved = stack.at(-1) === version;
  const previous = (isMoved ? stack.at(-2) : stack.at(-1)) ?? null;
  const at = new Date(clock.wallMs()).toISOString();
  if (!isMoved) {
    const next = [...stack, version];
    await registry.moveAlias({ name: entry.name, alias, op: "publish", stack: next, at, by, reason: entry.reason });
  }
  await outbox.log({
    schema_version: "quantgate.publish-audit.v1",
    at,
    by,
    op: "publish",
    registry: registry.location,
    name: entry.name,
    alias,
    version,
    previous,
    sha256: entry.sha256,
    run_id: entry.run_id,
    variant_id: entry.variant_id,
    verdict: entry.verdict,
    forced: entry.forced,
    reason: entry.reason,
  });
  await outbox.remove(id);
  return { registry: registry.location, alias, registry_version: version, previous, is_new: true, entry };
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

interface Row {
  readonly cell_id: string;
  readonly variant_id: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

/** The row of a variant, by its id, its quant or its cell. One that was measured in several settings must pass in all of them. */
function variantRow<R extends Row>(rows: readonly R[], variant: string, runId: string): R {
  const found = rows.filter(
    (row) => row.variant_id === variant || row.cell_id === variant || row.variant_id.endsWith(`/${variant}`),
  );
  const [first] = found;
  if (first === undefined || found.some((row) => row.variant_id !== first.variant_id)) {
    const problem = first === undefined ? "has no variant" : "has several variants";
    throw new HarnessError("CONFIG_USAGE", `The run ${runId} ${problem} ${variant}`, {
      hint: `There are: ${[...new Set(rows.map((row) => row.variant_id))].join(", ")}.`,
    });
  }
  return found.find((row) => row.verdict !== "pass") ?? first;
}

function refuseUnlessForced(row: Row, { force, reason }: PublishOptions): void {
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
