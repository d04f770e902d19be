import { mkdtemp, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { DoctorFinding } from "../domain/doctor.ts";
import { HarnessError } from "../domain/errors.ts";
import { findProgram } from "../platform/find-program.ts";
import { usableMemory } from "../platform/host.ts";
import { cacheFolder } from "../store/variant-cache.ts";
import type { DoctorCheck, DoctorContext } from "./doctor.ts";
import { planSweep } from "./sweep.ts";

/** Variants, arrays and logs of a small sweep take tens of megabytes; below this little room is left for any. */
const LOW_BYTES = 1e9;
const LOW_MEMORY_BYTES = 2e9;

export const STORAGE_CHECKS: readonly DoctorCheck[] = [
  { id: "results", area: "storage", look: ({ cwd, outDir }) => lookAtFolder(resolve(cwd, outDir), "run folders") },
  { id: "cache", area: "storage", look: ({ env }) => lookAtFolder(cacheFolder(env), "cached variants") },
  { id: "memory", area: "storage", look: () => lookAtMemory(usableMemory()) },
  { id: "git", area: "storage", look: lookAtGit },
  { id: "data-dir", area: "data", look: lookAtDataDir },
  { id: "config", area: "data", look: lookAtConfig },
];

/** Whether a folder can be written, and how much room there is. It is left as it was. */
export async function lookAtFolder(path: string, what: string): Promise<DoctorFinding> {
  const existing = await nearest(path);
  try {
    const probe = await mkdtemp(join(existing, ".quantgate-doctor-"));
    await rm(probe, { recursive: true });
  } catch (error) {
    const found = `${what} cannot be written to ${path}: ${error instanceof Error ? error.message : error}`;
    return { status: "fail", found, advice: "Choose another folder with --out-dir or QUANTGATE_CACHE_DIR." };
  }
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const facts = { free_bytes: free };
  const found = `${what} go to ${path}, ${(free / 1e9).toFixed(1)} GB free`;
  return free < LOW_BYTES
    ? { status: "warn", found, advice: "Make room: a run that cannot be written stops.", facts }
    : { status: "ok", found, facts };
}

/** The folder itself, or the nearest one above it that exists. */
async function nearest(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() || dirname(path) === path) return path;
  return nearest(dirname(path));
}

export function lookAtMemory(bytes: number): DoctorFinding {
  const found = `${(bytes / 1e9).toFixed(1)} GB of memory may be used`;
  const facts = { usable_bytes: bytes };
  return bytes < LOW_MEMORY_BYTES
    ? { status: "warn", found, advice: "Models of more than some hundred megabytes will not fit.", facts }
    : { status: "ok", found, facts };
}

function lookAtGit(): DoctorFinding {
  if (findProgram("git") !== undefined) return { status: "ok", found: "commits are recorded with results" };
  return { status: "missing", found: "no git in PATH", advice: "Results will not name the commit they belong to." };
}

async function lookAtDataDir({ cwd, dataDir, env }: DoctorContext): Promise<DoctorFinding> {
  const given = dataDir ?? env["QUANTGATE_DATA_DIR"];
  if (given === undefined || given === "") {
    return {
      status: "missing",
      found: "no data folder is set",
      advice: "The embedded digits need none. For data: paths set --data-dir or QUANTGATE_DATA_DIR.",
    };
  }
  const path = resolve(cwd, given);
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory()
    ? { status: "ok", found: `data: paths start at ${path}` }
    : {
        status: "warn",
        found: `the data folder ${path} does not exist`,
        advice: "Correct --data-dir or QUANTGATE_DATA_DIR.",
      };
}

/** Plans the config, which reads and digests its models and data, and writes nothing. */
async function lookAtConfig({ config, dataDir, cwd, env, outDir }: DoctorContext): Promise<DoctorFinding> {
  const name = config ?? "the embedded config";
  try {
    const { plan } = await planSweep({ config, dataDir, cwd, env, outDir });
    const { trial_counts, estimate, dataset } = plan;
    const found = `${name} can be run: ${dataset.count} items, ${trial_counts.total} trials, about ${Math.ceil(estimate.seconds / 60)} min`;
    return { status: "ok", found, facts: { trials: trial_counts.total, seconds: estimate.seconds } };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return {
      status: config === undefined ? "fail" : "warn",
      found: `${name} cannot be run: ${error.message.replace(/\.$/, "")}`,
      advice: error.hint,
    };
  }
}
