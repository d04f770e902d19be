import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { Provenance } from "../domain/generated/provenance-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { RunFolder } from "../store/run-folder.ts";
import { canaryAgain } from "./canary-checks.ts";
import { attempt, type CheckResult } from "./check-result.ts";
import { decide } from "./decide.ts";
import { kpisOf } from "./kpi.ts";
import { readRun } from "./read-run.ts";

/** What a finished run cannot be without; a folder that holds one of them is a run. */
export const RUN_FILES: readonly string[] = [
  "plan.json",
  "journal.ndjson",
  "summary.json",
  "gate.json",
  "provenance.json",
];

/** What follows from plan and journal alone, by the file that holds it. */
const RECOMPUTED: { readonly [file: string]: ((folder: RunFolder) => Promise<string>) | undefined } = {
  "summary.json": checkDecision,
  "gate.json": checkDecision,
  "kpis.json": checkKpis,
  "canary.json": checkCanary,
};

/** Artifacts that are made from a run's journal; a run beside them makes them again. */
export const isRecomputed = (file: string): boolean => RECOMPUTED[file] !== undefined;

/** What only a whole run can be asked: its decision, KPIs and canary made again, and the digest of every file. */
export async function checkRun(path: string): Promise<CheckResult[]> {
  const folder = await RunFolder.open(path, dirname(path));
  const results: CheckResult[] = [];
  for (const name of ["summary.json", "kpis.json", "canary.json"]) {
    const isThere = (await stat(folder.file(name)).catch(() => undefined)) !== undefined;
    if (isThere) results.push(await checkBeside(folder, join(path, name), name));
  }
  return [...results, ...(await checkProvenance(folder, path))];
}

/** One artifact held against the journal of the run that it lies in. */
export function checkBeside(folder: RunFolder, path: string, file: string): Promise<CheckResult> {
  return attempt(path, () => (RECOMPUTED[file] as (folder: RunFolder) => Promise<string>)(folder));
}

async function checkDecision(folder: RunFolder): Promise<string> {
  const stored = await folder.read<Summary>("summary.json");
  const { summary, gate } = await decide(folder, { ref: stored.provenance.ref ?? undefined });
  await sameAs(folder, "summary.json", summary);
  await sameAs(folder, "gate.json", gate);
  return "summary and gate equal what the journal gives";
}

async function checkKpis(folder: RunFolder): Promise<string> {
  const { record } = await readRun(folder);
  await sameAs(folder, "kpis.json", kpisOf(record, (await decide(folder)).summary));
  return "KPIs equal what the journal gives";
}

async function checkCanary(folder: RunFolder): Promise<string> {
  const { record } = await readRun(folder);
  const stored = await folder.read<CanaryReport>("canary.json");
  await sameAs(folder, "canary.json", canaryAgain(record.plan, stored, record.trials) ?? {});
  return "its checks equal what the journal gives";
}

async function checkProvenance(folder: RunFolder, path: string): Promise<CheckResult[]> {
  const provenance = await folder.read<Provenance>("provenance.json").catch(() => undefined);
  // What makes it unreadable is among the results of its own file.
  if (provenance === undefined) return [];
  const results: CheckResult[] = [];
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
  name: "summary.json" | "gate.json" | "kpis.json" | "canary.json",
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
