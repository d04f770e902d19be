import { readdir, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Provenance } from "../domain/generated/provenance-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { RunFolder } from "../store/run-folder.ts";
import { checkFile } from "./check-file.ts";
import { decide } from "./decide.ts";
import { kpisOf } from "./kpi.ts";
import { readRun } from "./read-run.ts";

/** What a finished run cannot be without; a folder that holds one of them is a run. */
const RUN_FILES: readonly string[] = ["plan.json", "journal.ndjson", "summary.json", "gate.json", "provenance.json"];

/** One artifact looked at. */
export interface CheckResult {
  readonly path: string;
  readonly ok: boolean;
  /** What was checked, or the first problem. */
  readonly message: string;
}

/** Kinds that can be asked for by name, with their schema and their file in a run's folder. */
const KINDS = {
  summary: { schema: "summary.v1", file: "summary.json" },
  frontier: { schema: "frontier.v1", file: "frontier.json" },
  context: { schema: "context_ceiling.v1", file: "context_ceiling.json" },
  thermal: { schema: "thermal_stability.v1", file: "thermal_stability.json" },
} as const;

export type ArtifactKind = keyof typeof KINDS;

/** Anything that holds artifacts, or one that must be of a kind. */
export type CheckRequest = string | { readonly path: string; readonly kind: ArtifactKind };

/**
 * Validates files against the schema that their `schema_version` names, and run folders as a whole: every artifact, the journal's
 * checksums, the plan's digest, the digests in the provenance, and summary and gate recomputed from the journal. Nothing given
 * is an error (CONFIG_USAGE): a check that looked at nothing must not pass.
 */
export async function checkArtifacts(requests: readonly CheckRequest[]): Promise<CheckResult[]> {
  if (requests.length === 0) {
    throw new HarnessError("CONFIG_USAGE", "Nothing to check: no path was given", {
      hint: "Name artifacts or run folders, e.g. quantgate check results/latest.",
    });
  }
  const results: CheckResult[] = [];
  for (const request of requests) {
    const { path, kind } = typeof request === "string" ? { path: request, kind: undefined } : request;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) results.push({ path, ok: false, message: "there is no such file or folder" });
    else if (kind !== undefined) results.push(...(await checkKind(path, kind, found.isDirectory())));
    else if (found.isDirectory()) results.push(...(await checkFolder(path)));
    else results.push(await attempt(path, () => checkFile(path)));
  }
  return results;
}

async function attempt(path: string, check: () => Promise<string>): Promise<CheckResult> {
  try {
    return { path, ok: true, message: await check() };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { path, ok: false, message: error.message };
  }
}

/** An artifact of one kind: the file itself, or the one of that name in a folder. A summary with its run beside it is decided again. */
async function checkKind(path: string, kind: ArtifactKind, isFolder: boolean): Promise<CheckResult[]> {
  const { schema, file } = KINDS[kind];
  const own = isFolder ? join(path, file) : path;
  const result = await attempt(own, () => checkFile(own, schema));
  if (!result.ok || kind !== "summary") return [result];
  const folder = await RunFolder.open(dirname(own), dirname(own)).catch(() => undefined);
  if (folder === undefined) return [{ ...result, message: `${result.message}; no run beside it to decide again` }];
  return [result, await checkDecision(folder, own)];
}

async function checkFolder(path: string): Promise<CheckResult[]> {
  const names = await readdir(path);
  const artifacts = names.filter((name) => extname(name) === ".json" || name === "journal.ndjson").sort();
  if (artifacts.length === 0) return [{ path, ok: false, message: "the folder holds no artifact" }];
  const results = await Promise.all(
    artifacts.map((name) => attempt(join(path, name), () => checkFile(join(path, name)))),
  );
  if (!artifacts.some((name) => RUN_FILES.includes(name))) return results;
  const missing = RUN_FILES.filter((name) => !names.includes(name));
  return [
    ...results,
    ...missing.map((name) => ({ path: join(path, name), ok: false, message: "missing: every finished run has it" })),
    ...(missing.length === 0 ? await checkRun(path) : []),
  ];
}

/** What only a whole run can be asked. */
async function checkRun(path: string): Promise<CheckResult[]> {
  const folder = await RunFolder.open(path, dirname(path));
  const results = [await checkDecision(folder, join(path, "summary.json"))];
  if (await stat(folder.file("kpis.json")).catch(() => undefined)) {
    const check = async () => {
      const { record } = await readRun(folder);
      await sameAs(folder, "kpis.json", kpisOf(record, (await decide(folder)).summary));
      return "KPIs equal what the journal gives";
    };
    results.push(await attempt(join(path, "kpis.json"), check));
  }
  const provenance = await folder.read<Provenance>("provenance.json").catch(() => undefined);
  // What makes it unreadable is among the results of its own file.
  if (provenance === undefined) return results;
  for (const artifact of provenance.artifacts) {
    const digest = await sha256OfFile(folder.file(artifact.path)).catch(() => undefined);
    if (digest === artifact.sha256) continue;
    const message =
      digest === undefined ? "missing, though provenance lists it" : "changed since the run: its digest differs";
    results.push({ path: join(path, artifact.path), ok: false, message });
  }
  for (const name of RUN_FILES.filter((file) => file !== "provenance.json")) {
    if (provenance.artifacts.some((artifact) => artifact.path === name)) continue;
    results.push({ path: join(path, name), ok: false, message: "provenance does not list it" });
  }
  const summary = await folder.read<Summary>("summary.json").catch(() => undefined);
  if (summary !== undefined && canonicalJson(summary.provenance) !== canonicalJson(provenance.provenance)) {
    results.push({ path: join(path, "provenance.json"), ok: false, message: "it is not of this summary" });
  }
  return results;
}

function checkDecision(folder: RunFolder, path: string): Promise<CheckResult> {
  return attempt(path, async () => {
    const stored = await folder.read<Summary>("summary.json");
    const { summary, gate } = await decide(folder, { ref: stored.provenance.ref ?? undefined });
    await sameAs(folder, "summary.json", summary);
    await sameAs(folder, "gate.json", gate);
    return "summary and gate equal what the journal gives";
  });
}

async function sameAs(
  folder: RunFolder,
  name: "summary.json" | "gate.json" | "kpis.json",
  recomputed: object,
): Promise<void> {
  const stored = await folder.read<object>(name);
  if (canonicalJson(stored) === canonicalJson(recomputed)) return;
  throw new HarnessError(
    "STORE_CORRUPT",
    `${name} is not what the journal gives: it was changed, or made by another version`,
    {
      hint: "Decide again with quantgate gate --run.",
    },
  );
}
