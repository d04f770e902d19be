import { basename, dirname, relative, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { ThermalStability } from "../domain/generated/thermal-stability-v1.ts";
import { buildThermalStability } from "../explore/thermal.ts";
import { THERMAL_DEFAULTS, type ThermalThresholds } from "../explore/thermal-runs.ts";
import { isRowAsked, thermalMismatch, thermalRunOf } from "../explore/thermal-summary.ts";
import { atomicWrite } from "../platform/files.ts";
import { validator } from "../platform/schema.ts";
import { appendExplorer } from "../store/explorer-history.ts";
import { readSummary, type StoredSummary } from "./read-summary.ts";

/** Limits of the artifact that a command line may change. */
export type ThermalLimits = Partial<Omit<ThermalThresholds, "minimumRiseC" | "minimumSlowdown">>;

export interface ThermalRequest {
  /** Summaries, folders of runs, or run ids under `outDir`, in the order in which they were run. */
  readonly summaries: readonly string[];
  readonly limits?: ThermalLimits;
  /** MODEL/QUANT, or QUANT; the whole run by default. */
  readonly only?: string | undefined;
  /** Labels; those of the summaries by default. */
  readonly executionLane?: "ci" | "lab" | undefined;
  readonly vramProfile?: "safe" | "balanced" | "stress" | undefined;
  readonly ref?: string | undefined;
  readonly out?: string | undefined;
  /** Folder of the comparable history; the artifact is added to it. */
  readonly storageRoot?: string | undefined;
  readonly outDir?: string;
  readonly cwd?: string;
}

/**
 * Thermal stability from the summaries of repeated runs. CONFIG_USAGE where none is given, where no row is the one asked for, or where
 * the runs are no repetitions of one.
 */
export async function thermal(request: ThermalRequest): Promise<ThermalStability> {
  const { cwd = process.cwd(), outDir, storageRoot } = request;
  if (request.summaries.length === 0) {
    throw usage("No summary was given", "Name the summaries of repeated runs: --summaries a.json,b.json,c.json.");
  }
  const stored = await Promise.all(
    request.summaries.map((path) => readSummary(path, { cwd, ...(outDir === undefined ? {} : { outDir }) })),
  );
  const out = request.out === undefined ? undefined : resolve(cwd, request.out);
  const artifact = thermalOf(stored, { ...request, base: out === undefined ? resolve(cwd) : dirname(out) });
  if (out !== undefined) await atomicWrite(out, artifactJson(artifact));
  if (storageRoot !== undefined) await appendExplorer(resolve(cwd, storageRoot), artifact);
  return artifact;
}

/** The artifact of summaries that have been read; `base` is the folder that its source paths are relative to. */
export function thermalOf(
  stored: readonly StoredSummary[],
  options: Pick<ThermalRequest, "limits" | "only" | "executionLane" | "vramProfile" | "ref"> & {
    readonly base: string;
  },
): ThermalStability {
  const { limits = {}, only, base } = options;
  const summaries = stored.map(({ summary }) => summary);
  const [first] = summaries as [Summary, ...Summary[]];
  if (only !== undefined && !summaries.every(({ rows }) => rows.some((row) => isRowAsked(row, only)))) {
    throw usage(`A summary has no row ${only}`, `Rows are ${first.rows.map(nameOf).join(", ")}.`);
  }
  const mismatch = thermalMismatch(summaries, only);
  if (mismatch !== undefined) {
    throw usage(`These summaries cannot be compared: ${mismatch}`, "Repeat one run with one config on one machine.");
  }
  const sources = stored.map(({ path, sha256 }) => ({
    path: relative(base, path).replaceAll("\\", "/") || basename(path),
    sha256,
  }));
  const rows = first.rows.filter((row) => only === undefined || isRowAsked(row, only));
  const runs = summaries.map((summary, i) => thermalRunOf(summary, sources[i]?.path ?? "", only));
  const artifact = buildThermalStability(runs, {
    labels: {
      // Of the newest source, so that equal sources give equal bytes.
      generated_at: summaries
        .map(({ generated_at }) => generated_at)
        .sort()
        .at(-1) as string,
      hardware_fingerprint: first.hardware_fingerprint,
      execution_lane: options.executionLane ?? first.execution_lane,
      vram_profile: options.vramProfile ?? first.vram_profile,
      model_id: common(rows.map(({ model_id }) => model_id)),
      quant_tag: common(rows.map(({ quant_tag }) => quant_tag)),
      provenance: { ...first.provenance, ref: options.ref ?? first.provenance.ref },
    },
    thresholds: { ...THERMAL_DEFAULTS, ...defined(limits) },
  });
  const whole = { ...artifact, sources, only: only ?? null };
  return validator.validate("thermal_stability.v1", whole, { what: "the artifact", code: "STORE_SCHEMA" });
}

/** `*` where rows of several were run together, as heat cannot be told apart by rows then. */
function common(values: readonly string[]): string {
  const [only, ...others] = new Set(values);
  return only === undefined || others.length > 0 ? "*" : only;
}

function nameOf({ model_id, quant_tag }: { readonly model_id: string; readonly quant_tag: string }): string {
  return `${model_id}/${quant_tag}`;
}

function defined(limits: ThermalLimits): ThermalLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function usage(message: string, hint: string): HarnessError {
  return new HarnessError("CONFIG_USAGE", message, { hint });
}
