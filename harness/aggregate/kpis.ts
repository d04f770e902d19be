import type { KpiDoc, Kpis } from "../domain/generated/kpis-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import { cellSamples } from "./cell-samples.ts";
import { pollutedTrials, runMarks } from "./run-marks.ts";
import type { RunRecord } from "./run-record.ts";
import { declaredTelemetry, isTelemetryComplete } from "./trial-telemetry.ts";

/** Two-sided level of the intervals beside the rates. */
const LEVEL = 0.95;

/** What only the gates can say. */
export interface GateFacts {
  readonly rows: readonly SummaryRow[];
  /** Canaries and sentinels that ran, and how many of them failed. */
  readonly canaries: { readonly failed: number; readonly total: number };
  readonly journalSha256: string;
  /** Quantizations by a ladder, where their reports were given: whether each fell back. */
  readonly fellBack?: readonly boolean[] | undefined;
}

/** KPIs of a run from its journal (product rules: KPIs). A rate of nothing is null with a reason, never 0. */
export function computeKpis(record: RunRecord, { rows, canaries, journalSha256, fellBack }: GateFacts): Kpis {
  const { plan, header } = record;
  const declared = declaredTelemetry(record.trials, plan);
  const kpis: Kpis["kpis"] = {
    determinism_rate: determinism(record),
    missing_telemetry_rate: missingTelemetry(record, declared),
    polluted_run_rate: polluted(record),
    frontier_success_rate: frontierSuccess(rows),
    fallback_rate: fallback(rows),
    ...(fellBack === undefined
      ? {}
      : {
          ladder_fallback_rate: rate(fellBack.filter(Boolean).length, fellBack.length, "no quantize report was given"),
        }),
    canary_failure_rate: rate(canaries.failed, canaries.total, "no canary ran"),
    inconclusive_rate: inconclusive(rows),
  };
  return {
    schema_version: "quantgate.kpis.v1",
    generated_at: header.created_at,
    hardware_fingerprint: header.host.hard,
    execution_lane: plan.execution_lane,
    vram_profile: plan.vram_profile,
    run_id: header.run_id,
    plan_digest: plan.plan_digest,
    journal_sha256: journalSha256,
    simulated: plan.simulated,
    rows: rows.length,
    stability_kpis: {
      determinism_rate: kpis.determinism_rate.value,
      missing_telemetry_rate: kpis.missing_telemetry_rate.value,
      polluted_run_rate: kpis.polluted_run_rate.value,
      frontier_success_rate: kpis.frontier_success_rate.value,
    },
    kpis,
    declared_telemetry: declared,
  };
}

function rate(numerator: number, denominator: number, whyNone: string): KpiDoc {
  if (denominator === 0) return { value: null, numerator, denominator, estimate: null, reason: whyNone };
  const { value, low, high, level, n, method } = stats.clopperPearson(
    { successes: numerator, n: denominator },
    { level: LEVEL },
  );
  const estimate = { value: value ?? null, low, high, level, n, method };
  return { value: numerator / denominator, numerator, denominator, estimate, reason: null };
}

function determinism(record: RunRecord): KpiDoc {
  const repeated = cellSamples(record).filter((sample) => sample.trials.completed >= 2);
  const sum = (of: "n" | "matching") => repeated.reduce((total, sample) => total + sample.determinism[of], 0);
  return rate(sum("matching"), sum("n"), "no cell has two completed trials");
}

/** Trials that a run which stopped early had no need of are not missing. */
function missingTelemetry({ plan, trials, early }: RunRecord, declared: readonly string[]): KpiDoc {
  const asked = plan.trials.filter((trial) => trial.kind === "trial" && !early?.skipped.has(trial.trial_id));
  const planned = asked.length;
  const complete = trials.filter(
    (trial) => trial.trial_kind === "trial" && isTelemetryComplete(trial, declared),
  ).length;
  return rate(planned - complete, planned, "no trial was planned");
}

function polluted(record: RunRecord): KpiDoc {
  const { plan, trials } = record;
  if (plan.run_quality === undefined) return rate(0, 0, "the plan has no limits for host readings");
  const finished = trials.filter((trial) => trial.trial_kind === "trial");
  const marked = pollutedTrials(runMarks(record));
  return rate(finished.filter(({ trial_id }) => marked.has(trial_id)).length, finished.length, "no trial was finished");
}

function frontierSuccess(rows: readonly SummaryRow[]): KpiDoc {
  const models = [...new Set(rows.map((row) => row.model_id))];
  const successes = models.filter((model) => {
    const valid = rows.filter((row) => row.model_id === model && isValid(row));
    return valid.some((row) => row.role !== "baseline" && !valid.some((other) => dominates(other, row)));
  });
  return rate(successes.length, models.length, "the summary has no rows");
}

/** Measured in full, and not while the machine was doubtful. */
function isValid(row: SummaryRow): boolean {
  const { completed, planned, skipped = 0 } = row.trials;
  const isFull = completed > 0 && completed === planned - skipped;
  return row.run_quality_status === "ok" && isFull && objectives(row) !== undefined;
}

/** Less is better in each: errors, seconds a call, bytes. */
function objectives(row: SummaryRow): readonly number[] | undefined {
  const [accuracy, latency, size] = [row.accuracy?.value, row.latency.p50?.value, row.bytes_on_disk];
  if (accuracy == null || latency == null || size === null) return undefined;
  return [1 - accuracy, latency, size];
}

function dominates(other: SummaryRow, row: SummaryRow): boolean {
  const [x, y] = [objectives(other), objectives(row)];
  if (other === row || x === undefined || y === undefined) return false;
  const isNowhereWorse = x.every((value, i) => value <= (y[i] as number));
  return isNowhereWorse && x.some((value, i) => value < (y[i] as number));
}

function fallback(rows: readonly SummaryRow[]): KpiDoc {
  let emulated = 0;
  let quantized = 0;
  // One variant may have several cells; its layers count once.
  const seen = new Set<string>();
  for (const { variant_id, kernels, role } of rows) {
    if (role === "baseline" || kernels === null || seen.has(variant_id)) continue;
    seen.add(variant_id);
    emulated += kernels.emulated;
    quantized += kernels.emulated + kernels.native;
  }
  return rate(emulated, quantized, "no variant has quantized layers with known kernels");
}

function inconclusive(rows: readonly SummaryRow[]): KpiDoc {
  const compared = rows.filter((row) => row.role !== "baseline");
  return rate(compared.filter((row) => row.verdict === "inconclusive").length, compared.length, "nothing is compared");
}
