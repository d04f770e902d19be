import type { Frontier, ObjectiveValue } from "../domain/generated/frontier-v1.ts";
import type { EstimateDoc, SummaryRow } from "../domain/generated/summary-v1.ts";

export type ObjectiveId = Frontier["objectives"][number]["metric"];

/** One thing a front can be about, and where a summary's row has it. */
export interface Objective {
  readonly metric: ObjectiveId;
  readonly unit: Frontier["objectives"][number]["unit"];
  readonly better: "higher" | "lower";
  /** The row's own value, in the unit; null where it was not measured. */
  estimate(row: SummaryRow): Pick<EstimateDoc, "value" | "low" | "high" | "level"> | null;
}

/** Objectives that a summary can be asked for. */
export const OBJECTIVES: readonly Objective[] = [
  { metric: "quality.accuracy", unit: "1", better: "higher", estimate: (row) => row.accuracy },
  { metric: "latency.call", unit: "s", better: "lower", estimate: (row) => row.latency.p50 },
  {
    metric: "latency.ttft",
    unit: "s",
    better: "lower",
    estimate: ({ token_metrics }) => token_metrics?.estimates.ttft ?? null,
  },
  { metric: "throughput.items", unit: "1/s", better: "higher", estimate: (row) => row.throughput },
  {
    metric: "throughput.decode",
    unit: "1/s",
    better: "higher",
    estimate: ({ token_metrics }) => token_metrics?.estimates.decode ?? null,
  },
  { metric: "memory.peak_rss", unit: "B", better: "lower", estimate: (row) => row.peak_memory },
  {
    metric: "size.bytes_on_disk",
    unit: "B",
    better: "lower",
    estimate: ({ bytes_on_disk: value }) => (value === null ? null : { value, low: value, high: value, level: 1 }),
  },
  { metric: "energy.item", unit: "J", better: "lower", estimate: ({ machine }) => machine?.energy_per_item ?? null },
];

/** The declared objectives that at least one row has a value of, and why the others cannot be used. */
export function usableObjectives(
  declared: readonly ObjectiveId[],
  rows: readonly SummaryRow[],
): { readonly used: readonly Objective[]; readonly dropped: Frontier["dropped_objectives"] } {
  const used: Objective[] = [];
  const dropped: Frontier["dropped_objectives"] = [];
  for (const metric of new Set(declared)) {
    const objective = OBJECTIVES.find((one) => one.metric === metric);
    if (objective === undefined) dropped.push({ metric, reason: "this kind of run does not measure it" });
    else if (rows.some((row) => isMeasured(objective, row))) used.push(objective);
    else dropped.push({ metric, reason: "no row has a value of it" });
  }
  return { used, dropped };
}

export function isMeasured(objective: Objective, row: SummaryRow): boolean {
  const value = objective.estimate(row)?.value;
  return value !== null && value !== undefined && Number.isFinite(value);
}

export function objectiveValue(objective: Objective, row: SummaryRow): ObjectiveValue {
  const { metric } = objective;
  const estimate = objective.estimate(row);
  if (estimate === null || estimate.value === null) {
    return { metric, value: null, low: null, high: null, level: null, reason: "not measured" };
  }
  return { metric, value: estimate.value, low: estimate.low, high: estimate.high, level: estimate.level };
}
