import { dirname, resolve } from "node:path";
import { computeKpis } from "../aggregate/kpis.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { KpiPolicyFile } from "../domain/generated/kpi-policy-v1.ts";
import type { Kpis } from "../domain/generated/kpis-v1.ts";
import type { QuantizeReport } from "../domain/generated/quantize-report-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { worstCheck } from "../gate/decide-canary.ts";
import { decideKpis, KPI_DEFAULTS, type KpiGate, type KpiLimits } from "../gate/decide-kpis.ts";
import { sha256 } from "../platform/digest.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { RunFolder } from "../store/run-folder.ts";
import { canaryChecks, sentinelChecks } from "./canary-checks.ts";
import { firstDifference } from "./check-sources.ts";
import { readRun } from "./read-run.ts";
import { readSummary } from "./read-summary.ts";
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
  /** Reports of quantizations by a profile's ladder; a rate of their fallbacks is added. */
  readonly quantizeReports?: readonly string[] | undefined;
  /** Beat the policy file, which beats the defaults. */
  readonly limits?: Partial<KpiLimits>;
}): Promise<KpiResult> {
  const limits = { ...KPI_DEFAULTS, ...(await readKpiPolicy(options.policy)), ...options.limits };
  const { path, summary: stored } = await readSummary(options.summary, { outDir: options.outDir });
  const folder = await openRunOf(path, stored, options.outDir);
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
  const kpis = kpisOf(record, summary, await readFallbacks(options.quantizeReports));
  const gates = decideKpis(kpis, limits);
  return { kpis, gates, passed: gates.every((gate) => gate.passed) };
}

/** KPIs of a run whose summary has just been made. */
export function kpisOf(record: RunRecord, summary: Summary, fellBack?: readonly boolean[]): Kpis {
  return computeKpis(record, {
    fellBack,
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

/** The summary's own folder, or the run of its id under `outDir`. */
async function openRunOf(path: string, { run_id }: Summary, outDir: string): Promise<RunFolder> {
  const own = await RunFolder.open(dirname(resolve(path)), outDir).catch(() => undefined);
  return own ?? RunFolder.open(run_id, outDir);
}

/** Whether each quantization kept another width than the first it tried, or none. */
async function readFallbacks(paths: readonly string[] | undefined): Promise<boolean[] | undefined> {
  if (paths === undefined) return undefined;
  const fellBack: boolean[] = [];
  for (const path of paths) {
    const text = await readText(path, { what: "quantize report", code: "STORE_MISSING" });
    const raw = parseJson(text, { what: path, code: "STORE_CORRUPT" });
    const report = validator.validate<QuantizeReport>("quantize_report.v1", raw, { what: path, code: "STORE_SCHEMA" });
    fellBack.push(report.attempts[0]?.status !== "pass");
  }
  return fellBack;
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
