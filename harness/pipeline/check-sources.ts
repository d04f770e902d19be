import { dirname, resolve } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ContextCeiling } from "../domain/generated/context-ceiling-v1.ts";
import type { Frontier } from "../domain/generated/frontier-v1.ts";
import type { Scatter } from "../domain/generated/scatter-v1.ts";
import type { TaskBank } from "../domain/generated/task-bank-v1.ts";
import type { ThermalStability } from "../domain/generated/thermal-stability-v1.ts";
import type { ContextSource } from "../explore/context-point.ts";
import { buildScatter } from "../explore/scatter.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { checkTaskBank } from "./check-task-bank.ts";
import { ceilingOf, readContextSummary } from "./context-ceiling.ts";
import { frontierOf } from "./frontier.ts";
import { readSummary, type StoredSummary } from "./read-summary.ts";
import { thermalOf } from "./thermal.ts";

/** Where the artifact lies. */
export interface ArtifactPlace {
  readonly path: string;
  readonly folder: string;
}

/** Recomputes an artifact from its sources; returns what was compared. HarnessError where they do not give it. */
type SourceCheck = (artifact: never, place: ArtifactPlace) => Promise<string>;

/** By the name of the schema. What a whole run can be asked is in check-artifacts.ts. */
export const SOURCE_CHECKS: { readonly [schema: string]: SourceCheck | undefined } = {
  "frontier.v1": checkFrontier,
  "scatter.v1": checkScatter,
  "thermal_stability.v1": checkThermal,
  "context_ceiling.v1": checkContextCeiling,
  "task_bank.v1": (_: TaskBank, { path }: ArtifactPlace) => checkTaskBank(path),
};

async function checkFrontier(artifact: Frontier, { path, folder }: ArtifactPlace): Promise<string> {
  const { source, policy, uncertainty, objectives, dropped_objectives: dropped } = artifact;
  const stored = await sourceSummary(resolve(folder, source.summary_path), source.summary_sha256, path);
  const again = frontierOf(stored, {
    base: folder,
    objectives: [...objectives, ...dropped].map(({ metric }) => metric),
    allowPolluted: policy.allow_polluted,
    includeInvalid: policy.include_invalid,
    ref: artifact.provenance.ref ?? undefined,
    resamples: uncertainty.resamples,
  });
  sameAs(path, artifact, again);
  return "its rows and choices are what its summary gives";
}

/** The summaries that a ceiling names must be the very files it was decided from, and give it again. */
async function checkContextCeiling(artifact: ContextCeiling, { path, folder }: ArtifactPlace): Promise<string> {
  const sources: ContextSource[] = [];
  for (const { summary_path, summary_sha256 } of artifact.points) {
    const source = await readContextSummary(resolve(folder, summary_path), folder);
    if (source.sha256 !== summary_sha256) {
      throw new HarnessError("STORE_CORRUPT", `${path} was decided from another ${summary_path}: its digest differs`, {
        hint: "Restore that summary, or decide again.",
      });
    }
    sources.push({ ...source, path: summary_path });
  }
  const { execution_lane, vram_profile, provenance } = artifact;
  const labels = { execution_lane, vram_profile, ref: provenance.ref ?? undefined };
  sameAs(path, artifact, ceilingOf(sources, artifact.thresholds, labels));
  return "its points and ceiling are what its summaries give";
}

/** A scatter lies beside its summary, as both are of one run. */
async function checkScatter(artifact: Scatter, { path, folder }: ArtifactPlace): Promise<string> {
  const stored = await sourceSummary(resolve(folder, "summary.json"), artifact.summary_sha256, path);
  const { allow_polluted, objectives } = await siblingPolicy(folder);
  const frontier = frontierOf(stored, { base: folder, allowPolluted: allow_polluted, objectives });
  sameAs(path, artifact, buildScatter(stored.summary, frontier, { includeInvalid: artifact.include_invalid }));
  return "its points are what its summary gives";
}

/** What `thermal run` measured itself has no summaries to be made from again. */
async function checkThermal(artifact: ThermalStability, { path, folder }: ArtifactPlace): Promise<string> {
  const { sources, thresholds, only } = artifact;
  if (sources === undefined) return "it was measured, and has no sources";
  const stored = await Promise.all(sources.map((one) => sourceSummary(resolve(folder, one.path), one.sha256, path)));
  const again = thermalOf(stored, {
    base: folder,
    limits: {
      cooldownTargetC: thresholds.cooldown_target_c,
      pollutedThermalThresholdC: thresholds.polluted_thermal_threshold_c,
      monotonicWindow: thresholds.monotonic_window,
    },
    only: only ?? undefined,
    executionLane: artifact.execution_lane,
    vramProfile: artifact.vram_profile,
    ref: artifact.provenance.ref ?? undefined,
  });
  sameAs(path, artifact, again);
  return "its points are what its summaries give";
}

/** What the frontier beside a scatter was asked for; the defaults where there is none. */
async function siblingPolicy(folder: string) {
  const path = resolve(folder, "frontier.json");
  const text = await readText(path, { what: "frontier", code: "STORE_MISSING" }).catch(() => undefined);
  if (text === undefined) return { allow_polluted: false, objectives: undefined };
  const as = { what: path, code: "STORE_SCHEMA" } as const;
  const frontier = validator.validate<Frontier>("frontier.v1", parseJson(text, as), as);
  const metrics = [...frontier.objectives, ...frontier.dropped_objectives].map(({ metric }) => metric);
  return { allow_polluted: frontier.policy.allow_polluted, objectives: metrics };
}

/** The summary that an artifact names, which must be the very file it was made from. */
async function sourceSummary(path: string, sha256: string, of: string): Promise<StoredSummary> {
  const stored = await readSummary(path, { cwd: dirname(path) });
  if (stored.sha256 === sha256) return stored;
  throw new HarnessError("STORE_CORRUPT", `${of} was made from another summary than ${path}: its digest differs`, {
    hint: "Restore that summary, or make the artifact again.",
  });
}

function sameAs(path: string, stored: object, again: object): void {
  if (canonicalJson(stored) === canonicalJson(again)) return;
  throw new HarnessError("STORE_CORRUPT", `${path} is not what its summary gives: ${firstDifference(stored, again)}`, {
    hint: "It was changed, or made by another version. Make it again.",
  });
}

/** Path of the first value that differs, for people. */
export function firstDifference(stored: unknown, recomputed: unknown, path = ""): string {
  if (typeof stored === "object" && typeof recomputed === "object" && stored !== null && recomputed !== null) {
    const [x, y] = [stored as Record<string, unknown>, recomputed as Record<string, unknown>];
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
      if (canonicalJson(x[key] ?? null) !== canonicalJson(y[key] ?? null))
        return firstDifference(x[key] ?? null, y[key] ?? null, path === "" ? key : `${path}.${key}`);
    }
  }
  return `${path} is ${JSON.stringify(stored)}, recomputed ${JSON.stringify(recomputed)}`.slice(0, 200);
}
