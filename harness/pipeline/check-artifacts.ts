import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { BaselineLayout } from "../store/baseline-layout.ts";
import { readState } from "../store/baseline-state.ts";
import { readRecord } from "../store/baseline-store.ts";
import { RunFolder } from "../store/run-folder.ts";
import { checkFile } from "./check-file.ts";
import { isLines } from "./check-lines.ts";
import { attempt, type CheckResult } from "./check-result.ts";
import { checkBeside, checkRun, isRecomputed, RUN_FILES } from "./check-run.ts";

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
 * checksums, the plan's digest, the digests in the provenance, and summary, gate, KPIs and canary recomputed from the journal; of a
 * baseline store its log and every record. Nothing given is an error (CONFIG_USAGE): a check that looked at nothing must not pass.
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
    else results.push(...(await withRunBeside(path, basename(path), () => checkFile(path))));
  }
  return results;
}

/** An artifact of one kind: the file itself, or the one of that name in a folder. */
async function checkKind(path: string, kind: ArtifactKind, isFolder: boolean): Promise<CheckResult[]> {
  const { schema, file } = KINDS[kind];
  const own = isFolder ? join(path, file) : path;
  return withRunBeside(own, file, () => checkFile(own, schema));
}

/** What follows from a journal is made again where its run lies beside it; where none does, the result says so. */
async function withRunBeside(path: string, file: string, check: () => Promise<string>): Promise<CheckResult[]> {
  const result = await attempt(path, check);
  if (!result.ok || !isRecomputed(file)) return [result];
  const folder = await RunFolder.open(dirname(path), dirname(path)).catch(() => undefined);
  if (folder === undefined) return [{ ...result, message: `${result.message}; no run beside it to decide again` }];
  return [result, await checkBeside(folder, path, file)];
}

async function checkFolder(path: string): Promise<CheckResult[]> {
  const names = await readdir(path);
  const artifacts = names.filter((name) => extname(name) === ".json" || isLines(name)).sort();
  const inner = (await Promise.all(INNER.map((one) => innerFiles(path, one)))).flat().sort();
  if (artifacts.length + inner.length === 0) return [{ path, ok: false, message: "the folder holds no artifact" }];
  const files = [...artifacts, ...inner].map((name) => join(path, name));
  const results = await Promise.all(files.map((file) => attempt(file, () => checkFile(file))));
  if (names.includes("audit.ndjson")) results.push(...(await checkStore(path)));
  if (!artifacts.some((name) => RUN_FILES.includes(name))) return results;
  const missing = RUN_FILES.filter((name) => !names.includes(name));
  return [
    ...results,
    ...missing.map((name) => ({ path: join(path, name), ok: false, message: "missing: every finished run has it" })),
    ...(missing.length === 0 ? await checkRun(path) : []),
  ];
}

/** Where runs and stores keep further artifacts, and how those are named. */
const INNER: readonly { readonly folder: string; readonly pattern: RegExp }[] = [
  { folder: "sidecar", pattern: /_hardware_sidecar\.json$/ },
  { folder: "telemetry", pattern: /\.ndjson$/ },
  { folder: "records", pattern: /\.json$/ },
  { folder: "explorer", pattern: /\.ndjson$/ },
];

async function innerFiles(path: string, { folder, pattern }: (typeof INNER)[number]): Promise<string[]> {
  const names = await readdir(join(path, folder), { recursive: true }).catch(() => []);
  return names.filter((name) => pattern.test(name)).map((name) => join(folder, name));
}

/** Every record that the audit log of a store knows is there, and is what was recorded. Nothing is set aside or repaired here. */
async function checkStore(path: string): Promise<CheckResult[]> {
  const layout = new BaselineLayout(path);
  const state = await readState(layout).catch(() => undefined);
  // What makes the log unreadable is among the results of its own file.
  if (state === undefined) return [];
  const all = [...state.entries.values()].map((entry) =>
    attempt(layout.record(entry), async () => {
      await readRecord(layout, entry);
      return "it is what the audit log says was recorded";
    }),
  );
  return Promise.all(all);
}
