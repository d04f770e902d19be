import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Provenance } from "../domain/generated/provenance-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { readJournal } from "../store/journal.ts";
import { RunFolder } from "../store/run-folder.ts";
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

/**
 * Validates files against the schema that their `schema_version` names, and run folders as a whole: every artifact, the journal's
 * checksums, the plan's digest, the digests in the provenance, and summary and gate recomputed from the journal. Nothing given
 * is an error (CONFIG_USAGE): a check that looked at nothing must not pass.
 */
export async function checkArtifacts(paths: readonly string[]): Promise<CheckResult[]> {
  if (paths.length === 0) {
    throw new HarnessError("CONFIG_USAGE", "Nothing to check: no path was given", {
      hint: "Name artifacts or run folders, e.g. quantgate check results/latest.",
    });
  }
  const results: CheckResult[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) results.push({ path, ok: false, message: "there is no such file or folder" });
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

async function checkFile(path: string): Promise<string> {
  if (basename(path) === "journal.ndjson") {
    const journal = await readJournal(path);
    const torn = journal.torn === undefined ? "" : "; a torn last line follows";
    return `${journal.lines} lines, checksums match${torn}`;
  }
  const value = parseJson(await readText(path, { what: "artifact", code: "STORE_MISSING" }), { what: path });
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  const schema = typeof version === "string" ? version.replace(/^quantgate\./, "") : undefined;
  if (schema === undefined || !validator.schemaNames().includes(schema)) {
    throw new HarnessError("STORE_SCHEMA", `${path}: schema_version ${canonicalJson(version ?? null)} is not known`, {
      hint: `Known: ${validator.schemaNames().join(", ")}.`,
    });
  }
  validator.validate(schema, value, { what: path, code: "STORE_SCHEMA" });
  return `valid ${version}`;
}

/** What only a whole run can be asked. */
async function checkRun(path: string): Promise<CheckResult[]> {
  const folder = await RunFolder.open(path, dirname(path));
  const decision = await attempt(join(path, "summary.json"), async () => {
    const stored = await folder.read<Summary>("summary.json");
    const { summary, gate } = await decide(folder, { ref: stored.provenance.ref ?? undefined });
    await sameAs(folder, "summary.json", summary);
    await sameAs(folder, "gate.json", gate);
    return "summary and gate equal what the journal gives";
  });
  const results = [decision];
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
