import type { Kpis } from "../domain/generated/kpis-v1.ts";

/** Limits of the KPI gate, 0..1. */
export interface KpiLimits {
  readonly max_missing_telemetry_rate: number;
  readonly max_polluted_run_rate: number;
  readonly min_frontier_success_rate: number;
  readonly min_determinism_rate: number;
  /** The following are judged only where they are given. */
  readonly max_fallback_rate?: number;
  readonly max_ladder_fallback_rate?: number;
  readonly max_canary_failure_rate?: number;
  readonly max_inconclusive_rate?: number;
}

/** Product rules: KPIs. */
export const KPI_DEFAULTS: KpiLimits = {
  max_missing_telemetry_rate: 0.01,
  max_polluted_run_rate: 0.1,
  min_frontier_success_rate: 0.8,
  min_determinism_rate: 1,
};

export interface KpiGate {
  readonly kpi: keyof Kpis["kpis"];
  readonly policy: "at most" | "at least";
  readonly limit: number;
  readonly value: number | null;
  readonly passed: boolean;
  /** Why not; null when it passed. */
  readonly reason: string | null;
}

const GATES = [
  ["missing_telemetry_rate", "at most", "max_missing_telemetry_rate"],
  ["polluted_run_rate", "at most", "max_polluted_run_rate"],
  ["frontier_success_rate", "at least", "min_frontier_success_rate"],
  ["determinism_rate", "at least", "min_determinism_rate"],
  ["fallback_rate", "at most", "max_fallback_rate"],
  ["ladder_fallback_rate", "at most", "max_ladder_fallback_rate"],
  ["canary_failure_rate", "at most", "max_canary_failure_rate"],
  ["inconclusive_rate", "at most", "max_inconclusive_rate"],
] as const;

/** A rate of documents that nobody gave. */
const NOT_ASKED = { value: null, numerator: 0, denominator: 0, reason: "no quantize report was given" };

/** Each limit against its rate, which counts all trials of the run and so has no sampling error of its own. A missing rate fails. */
export function decideKpis({ kpis }: Kpis, limits: KpiLimits): KpiGate[] {
  return GATES.flatMap(([kpi, policy, name]): KpiGate[] => {
    const limit = limits[name];
    if (limit === undefined) return [];
    const { value, numerator, denominator, reason } = kpis[kpi] ?? NOT_ASKED;
    const gate = { kpi, policy, limit, value };
    if (value === null) return [{ ...gate, passed: false, reason: reason ?? "it was not measured" }];
    const passed = policy === "at most" ? value <= limit : value >= limit;
    return [{ ...gate, passed, reason: passed ? null : `${numerator} of ${denominator}` }];
  });
}
