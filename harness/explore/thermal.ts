import type { EstimateDoc, ThermalStability, ThermalTraceDoc } from "../domain/generated/thermal-stability-v1.ts";
import { type Counts, type Estimate, type Unjudged, wilson } from "../stats/index.ts";
import {
  judgeThermalRuns,
  type ThermalPoint,
  type ThermalRun,
  type ThermalSeries,
  type ThermalThresholds,
} from "./thermal-runs.ts";
import type { ThermalTrace } from "./thermal-trace.ts";

/** The fields that every artifact has, and whom the runs are of. */
export type ThermalLabels = Pick<
  ThermalStability,
  "generated_at" | "hardware_fingerprint" | "execution_lane" | "vram_profile" | "model_id" | "quant_tag" | "provenance"
>;

/**
 * The artifact `explorer.thermal_stability.v1` out of repeated runs in the order they were made. Rates are over all runs,
 * and null where there is none.
 */
export function buildThermalStability(
  runs: readonly ThermalRun[],
  { labels, thresholds }: { readonly labels: ThermalLabels; readonly thresholds: ThermalThresholds },
): ThermalStability {
  const series = judgeThermalRuns(runs, thresholds);
  const { points } = series;
  const n = points.length;
  const polluted = { successes: points.filter((point) => point.polluted).length, n };
  const uncooled = { successes: points.filter((point) => !point.cooldownOk).length, n };
  return {
    schema_version: "explorer.thermal_stability.v1",
    ...labels,
    thresholds: {
      cooldown_target_c: thresholds.cooldownTargetC,
      polluted_thermal_threshold_c: thresholds.pollutedThermalThresholdC,
      monotonic_window: thresholds.monotonicWindow,
      minimum_rise_c: thresholds.minimumRiseC,
      minimum_slowdown: thresholds.minimumSlowdown,
    },
    heat_soak_detected: series.heatSoakDetected,
    polluted_run_rate: rateOf(polluted),
    cooldown_failure_rate: rateOf(uncooled),
    verdict: verdictOf(series),
    recommendation: recommend(series, uncooled),
    points: points.map(pointDoc),
    estimates: {
      polluted_run_rate: shareDoc(polluted),
      cooldown_failure_rate: shareDoc(uncooled),
      start_temperature_slope: estimateDoc(series.startSlope),
      latency_slope: estimateDoc(series.latencySlope),
    },
  };
}

function rateOf({ successes, n }: Counts): number | null {
  return n === 0 ? null : successes / n;
}

/** `unstable` wins over what is not known: one slow run at temperature is enough. */
function verdictOf({ points, heatSoakDetected, slowedRuns }: ThermalSeries): NonNullable<ThermalStability["verdict"]> {
  const verdicts = points.map(({ trace }) => trace?.verdict);
  const isSlow =
    slowedRuns > 0 || verdicts.some((one) => one === "throttled" || one === "slowed" || one === "heat-soak");
  if (isSlow || heatSoakDetected || points.some(({ polluted }) => polluted) || verdicts.includes("recovered")) {
    return "unstable";
  }
  const isBlind = points.some(({ startC, endC, totalLatencyS }) => {
    return startC === undefined || endC === undefined || totalLatencyS === undefined;
  });
  const isEnough = points.length >= 2 || verdicts.includes("stable");
  return isBlind || !isEnough || verdicts.includes("inconclusive") ? "inconclusive" : "stable";
}

function recommend(series: ThermalSeries, uncooled: Counts): string {
  const { points, heatSoakDetected, slowedRuns } = series;
  const verdicts = points.map(({ trace }) => trace?.verdict);
  const polluted = points.filter((point) => point.polluted).length;
  const said: string[] = [];
  if (points.length === 0) return "No run was given, so nothing is known.";
  if (heatSoakDetected) said.push("The machine soaks up heat from run to run: cool it down longer between runs.");
  if (verdicts.includes("throttled"))
    said.push("Heat cuts the clocks under constant load: plan with the sustained rate.");
  else if (verdicts.includes("recovered"))
    said.push("The rate dipped under constant load and came back: look for what shares the machine.");
  if (slowedRuns > 0)
    said.push(`${count(slowedRuns, "run")} took longer than the coolest one: the runs cannot be compared as they are.`);
  if (polluted > 0) said.push(`${count(polluted, "run")} of ${points.length} ran too hot to be used.`);
  if (uncooled.successes > 0) said.push(`${count(uncooled.successes, "run")} of ${uncooled.n} did not start cool.`);
  if (said.length > 0) return said.join(" ");
  return verdictOf(series) === "stable"
    ? "The machine is thermally stable under this load."
    : "Temperatures or times are missing, or there is one run alone: stability could not be judged.";
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function pointDoc(point: ThermalPoint): ThermalStability["points"][number] {
  return {
    run_index: point.runIndex,
    summary_path: point.summaryPath,
    total_latency: point.totalLatencyS ?? null,
    thermal_start_c: point.startC ?? null,
    thermal_end_c: point.endC ?? null,
    thermal_delta_c: point.deltaC ?? null,
    polluted: point.polluted,
    cooldown_ok: point.cooldownOk,
    reasons: [...point.reasons],
    trace: point.trace === undefined ? null : traceDoc(point.trace),
  };
}

function traceDoc(trace: ThermalTrace): ThermalTraceDoc {
  return {
    verdict: trace.verdict,
    reasons: [...trace.reasons],
    n: trace.n,
    duration_s: trace.durationS,
    burst_rate: estimateDoc(trace.burst),
    sustained_rate: estimateDoc(trace.sustained),
    loss: trace.loss === undefined ? null : estimateDoc(trace.loss),
    deepest_loss: trace.deepestLoss ?? null,
    rate_slope_per_min: estimateDoc(trace.rateSlope),
    temperature_slope_c_per_min: estimateDoc(trace.temperatureSlope),
    rise_c: trace.rise ?? null,
    throttled_share: trace.throttledShare ?? null,
    correlation: {
      temperature: trace.correlation.temperature ?? null,
      clock: trace.correlation.clock ?? null,
      throttled: trace.correlation.throttled ?? null,
    },
  };
}

function shareDoc(counts: Counts): EstimateDoc | null {
  return counts.n === 0 ? null : estimateDoc(wilson(counts, { level: 0.95 }));
}

function estimateDoc({ value, low, high, level, n, method, ...rest }: Estimate | Unjudged): EstimateDoc {
  const finite = (x: number | undefined) => (x !== undefined && Number.isFinite(x) ? x : null);
  const reason = "reason" in rest && rest.reason !== undefined ? { reason: rest.reason } : {};
  return { value: finite(value), low: finite(low), high: finite(high), level, n, method, ...reason };
}
