import { dirname, resolve } from "node:path";
import { computeKpis } from "../aggregate/kpis.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { KpiPolicyFile } from "../domain/generated/kpi-policy-v1.ts";
import type { Kpis } from "../domain/generated/kpis-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { worstCheck } from "../gate/decide-canary.ts";
import { decideKpis, KPI_DEFAULTS, type KpiGate, type KpiLimits } from "../gate/decide-kpis.ts";
import { sha256 } from "../platform/digest.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { RunFolder } from "../store/run-folder.ts";
import { canaryChecks, sentinelChecks } from "./canary-checks.ts";
import { readRun } from "./read-run.ts";
import { summarize } from "./summarize.ts";

export interface KpiResult {
  readonly kpis: Kpis;
  readonly gates: readonly KpiGate[];
  readonly passed: boolean;
}

/**
 * KPIs of the run that a summary belongs to, recomputed from its journal, and the policy's verdict. STORE_EMPTY (exit 3) for a
 * summary that is empty, has no rows or holds NaN; STORE_CORRUPT for one that is cut off or is not what the journal gives.
 */
export async function judgeKpis(options: {
  readonly summary: string;
  readonly outDir: string;
  readonly policy?: string | undefined;
  /** Beat the policy file, which beats the defaults. */
  readonly limits?: Partial<KpiLimits>;
}): Promise<KpiResult> {
  const limits = { ...KPI_DEFAULTS, ...(await readKpiPolicy(options.policy)), ...options.limits };
  const stored = await readSummary(options.summary);
  const folder = await openRunOf(options.summary, stored, options.outDir);
  const { record, journal } = await readRun(folder);
  const policyDigest = sha256(canonicalJson(record.plan.gates));
  const { summary } = summarize(record, journal, { policyDigest, ref: stored.provenance.ref ?? undefined });
  if (canonicalJson(summary) !== canonicalJson(stored)) {
    throw new HarnessError(
      "STORE_CORRUPT",
      `${options.summary} is not what its journal gives: ${firstDifference(stored, summary)}`,
      {
        hint: "It was edited, or decided by another policy or version. Decide again: quantgate gate --run.",
      },
    );
  }
  const kpis = kpisOf(record, summary);
  const gates = decideKpis(kpis, limits);
  return { kpis, gates, passed: gates.every((gate) => gate.passed) };
}

/** KPIs of a run whose summary has just been made. */
export function kpisOf(record: RunRecord, summary: Summary): Kpis {
  return computeKpis(record, {
    rows: summary.rows,
    canaries: canaryCounts(record),
    journalSha256: summary.journal.sha256,
  });
}

/** The canary, and each block's sentinel, judged again from the journal. */
function canaryCounts({ plan, trials }: RunRecord): { failed: number; total: number } {
  const baselines = new Set(plan.cells.map((cell) => cell.baseline_cell_id));
  const sentinels = trials.filter((trial) => trial.trial_kind === "trial" && baselines.has(trial.cell_id));
  const hasCanary = trials.some((trial) => trial.trial_kind === "canary");
  const judged = [
    ...(hasCanary ? [canaryChecks(plan, trials)] : []),
    ...sentinels.map((line) => sentinelChecks(plan, line, trials)),
  ];
  return { failed: judged.filter((checks) => worstCheck(checks) === "failed").length, total: judged.length };
}

async function readSummary(path: string): Promise<Summary> {
  const text = await readText(path, { what: "summary", code: "STORE_MISSING" });
  if (text.trim() === "") throw nothing(path, "it is empty");
  // What writers that do not check leave where a value is missing; no JSON.
  if (/[:[,]\s*-?(NaN|Infinity)\b/.test(text)) throw nothing(path, "it holds NaN or Infinity");
  const value = parseJson(text, { what: path });
  if (typeof value === "object" && value !== null && Object.keys(value).length === 0)
    throw nothing(path, "it is empty");
  const rows = (value as { rows?: unknown } | null)?.rows;
  if (Array.isArray(rows) && rows.length === 0) throw nothing(path, "it has 0 rows");
  return validator.validate<Summary>("summary.v1", value, { what: path, code: "STORE_CORRUPT" });
}

function nothing(path: string, why: string): HarnessError {
  return new HarnessError("STORE_EMPTY", `${path} says nothing that was measured: ${why}`, {
    hint: "A KPI of nothing is a failure. Run the sweep again.",
  });
}

/** The summary's own folder, or the run of its id under `outDir`. */
async function openRunOf(path: string, { run_id }: Summary, outDir: string): Promise<RunFolder> {
  const own = await RunFolder.open(dirname(resolve(path)), outDir).catch(() => undefined);
  return own ?? RunFolder.open(run_id, outDir);
}

async function readKpiPolicy(path: string | undefined): Promise<Partial<KpiLimits>> {
  if (path === undefined) return {};
  const text = await readText(path, { what: "KPI policy", code: "CONFIG_INVALID" });
  const {
    $schema: _,
    schema_version: __,
    ...limits
  } = validator.validate<KpiPolicyFile>("kpi-policy.v1", parseJson(text, { what: path, code: "CONFIG_INVALID" }), {
    what: path,
    code: "CONFIG_INVALID",
  });
  return limits;
}

/** Path of the first value that differs, for people. */
function firstDifference(stored: unknown, recomputed: unknown, path = ""): string {
  if (typeof stored === "object" && typeof recomputed === "object" && stored !== null && recomputed !== null) {
    const [x, y] = [stored as Record<string, unknown>, recomputed as Record<string, unknown>];
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
      if (canonicalJson(x[key] ?? null) !== canonicalJson(y[key] ?? null))
        return firstDifference(x[key] ?? null, y[key] ?? null, path === "" ? key : `${path}.${key}`);
    }
  }
  return `${path} is ${JSON.stringify(stored)}, recomputed ${JSON.stringify(recomputed)}`.slice(0, 200);
}
