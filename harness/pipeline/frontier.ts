import { basename, dirname, relative, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Frontier } from "../domain/generated/frontier-v1.ts";
import type { Scatter } from "../domain/generated/scatter-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { buildFrontier, type FrontierOptions } from "../explore/frontier.ts";
import { OBJECTIVES, type ObjectiveId } from "../explore/frontier-objectives.ts";
import { buildScatter } from "../explore/scatter.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { validator } from "../platform/schema.ts";
import { appendExplorer, readExplorer } from "../store/explorer-history.ts";
import { RunFolder } from "../store/run-folder.ts";
import { readSummary, type StoredSummary } from "./read-summary.ts";

export interface FrontierRequest {
  /** A summary, the folder of its run, or a run id under `outDir`. */
  readonly summary: string;
  /** Where the artifact is written; nowhere by default. */
  readonly out?: string | undefined;
  readonly ref?: string | undefined;
  /** Folder of the comparable history; the artifact is added to it. */
  readonly storageRoot?: string | undefined;
  /** Default: those of the run's own frontier, else accuracy, latency and size. */
  readonly objectives?: readonly string[] | undefined;
  readonly allowPolluted?: boolean | undefined;
  readonly includeInvalid?: boolean | undefined;
  readonly outDir?: string;
  readonly cwd?: string;
}

export interface FrontierResult {
  readonly frontier: Frontier;
  readonly summary: Summary;
  /** The last earlier frontier of the same models on the same hardware, lane and profile; undefined without a history. */
  readonly earlier: Frontier | undefined;
  /** Whether it was new to the history. */
  readonly added: boolean;
  /** Lines of the history that cannot be read. */
  readonly unreadable: readonly number[];
}

/** The frontier of a stored summary: built, written where asked, and kept beside those it may be compared with. */
export async function frontier(request: FrontierRequest): Promise<FrontierResult> {
  const { cwd = process.cwd(), outDir } = request;
  const stored = await readSummary(request.summary, { cwd, ...(outDir === undefined ? {} : { outDir }) });
  const out = request.out === undefined ? undefined : resolve(cwd, request.out);
  const artifact = frontierOf(stored, {
    base: out === undefined ? dirname(stored.path) : dirname(out),
    objectives:
      request.objectives === undefined
        ? (await askedOf(dirname(stored.path))).objectives
        : knownObjectives(request.objectives),
    allowPolluted: request.allowPolluted,
    includeInvalid: request.includeInvalid,
    ref: request.ref,
  });
  if (out !== undefined) await atomicWrite(out, artifactJson(artifact));
  const base = { frontier: artifact, summary: stored.summary, earlier: undefined, added: false, unreadable: [] };
  if (request.storageRoot === undefined) return base;
  const root = resolve(cwd, request.storageRoot);
  const { artifacts, unreadable } = await readExplorer(root, artifact);
  const added = await appendExplorer(root, artifact);
  const models = (one: Frontier) => JSON.stringify(one.sessions.map(({ model_id }) => model_id));
  const before = artifacts.filter(
    (one) => one.source.run_id !== artifact.source.run_id && models(one) === models(artifact),
  );
  return { ...base, earlier: before.at(-1), added, unreadable };
}

/** The frontier of a summary, checked against its schema; `base` is the folder that its source path is relative to. */
export function frontierOf(
  stored: StoredSummary,
  { base, ...options }: Omit<FrontierOptions, "source"> & { readonly base: string },
): Frontier {
  const path = relative(base, stored.path).replaceAll("\\", "/") || basename(stored.path);
  const artifact = buildFrontier(stored.summary, { ...options, source: { path, sha256: stored.sha256 } });
  return validator.validate("frontier.v1", artifact, { what: "the frontier", code: "STORE_SCHEMA" });
}

/** What the frontier that lies in a folder was asked for, so that the same front is shown; nothing where there is none. */
export async function askedOf(
  folder: string,
): Promise<{ readonly objectives?: readonly ObjectiveId[]; readonly allowPolluted?: boolean }> {
  const run = await RunFolder.open(folder, folder).catch(() => undefined);
  const own = await run?.read<Frontier>("frontier.json").catch(() => undefined);
  if (own === undefined) return {};
  const objectives = [...own.objectives, ...own.dropped_objectives].map(({ metric }) => metric);
  return { objectives, allowPolluted: own.policy.allow_polluted };
}

/** Frontier and scatter of a run that has just been decided. */
export function explorersOf(
  summary: Summary,
  options: {
    readonly objectives?: readonly ObjectiveId[] | undefined;
    readonly allowPolluted?: boolean | undefined;
  } = {},
): { readonly frontier: Frontier; readonly scatter: Scatter } {
  const source = { path: "summary.json", sha256: sha256(artifactJson(summary)) };
  const artifact = buildFrontier(summary, { ...options, source });
  return { frontier: artifact, scatter: buildScatter(summary, artifact) };
}

/** Metric ids of a command line. CONFIG_USAGE names one that is not known. */
export function knownObjectives(names: readonly string[]): ObjectiveId[] {
  const known = OBJECTIVES.map(({ metric }) => metric);
  return names.map((name) => {
    const id = known.find((one) => one === name);
    if (id !== undefined) return id;
    throw new HarnessError("CONFIG_USAGE", `The objective ${name} is not known`, {
      hint: `Known: ${known.join(", ")}.`,
    });
  });
}
