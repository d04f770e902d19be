import { type Estimate, theilSen, type Unjudged } from "../stats/index.ts";
import type { ThermalTrace } from "./thermal-trace.ts";

/** One repeated run, out of its stored summary. What the summary did not have is undefined. */
export interface ThermalRun {
  readonly summaryPath: string;
  /** Seconds the run's work took. */
  readonly totalLatencyS: number | undefined;
  readonly startC: number | undefined;
  readonly endC: number | undefined;
  /** Whether the summary itself calls the row polluted. */
  readonly polluted?: boolean;
  readonly trace?: ThermalTrace;
}

export type ThermalPointReason =
  | "COOLDOWN_INSUFFICIENT"
  | "THERMAL_START_MISSING"
  | "THERMAL_END_MISSING"
  | "LATENCY_MISSING"
  | "THERMAL_THRESHOLD_EXCEEDED"
  | "THROTTLED"
  | "POLLUTED_IN_SUMMARY"
  | "SLOWER_THAN_COOLEST";

export interface ThermalThresholds {
  /** A run that starts hotter than this was not cooled down. */
  readonly cooldownTargetC: number;
  /** A run that ends at this or hotter is polluted. */
  readonly pollutedThermalThresholdC: number;
  /** Rises of the start temperature in a row that count as one of the signs of heat soak. */
  readonly monotonicWindow: number;
  /** Smallest rise over all runs that counts, °C. */
  readonly minimumRiseC: number;
  /** Smallest relative slowdown that counts. */
  readonly minimumSlowdown: number;
}

export const THERMAL_DEFAULTS: ThermalThresholds = {
  cooldownTargetC: 50,
  pollutedThermalThresholdC: 85,
  monotonicWindow: 3,
  // Twice the step of a thermometer in whole degrees, and what a room does by itself.
  minimumRiseC: 3,
  minimumSlowdown: 0.05,
};

export interface ThermalPoint extends Omit<ThermalRun, "polluted"> {
  readonly runIndex: number;
  readonly deltaC: number | undefined;
  readonly polluted: boolean;
  readonly cooldownOk: boolean;
  /** Sorted. */
  readonly reasons: readonly ThermalPointReason[];
}

export interface ThermalSeries {
  readonly points: readonly ThermalPoint[];
  readonly heatSoakDetected: boolean;
  /** Runs later than the coolest-started one that took longer by more than the minimum. */
  readonly slowedRuns: number;
  /** °C a run. */
  readonly startSlope: Estimate | Unjudged;
  /** Relative change of the time a run takes, a run. */
  readonly latencySlope: Estimate | Unjudged;
}

/** Judges repeated runs in the order they were made. */
export function judgeThermalRuns(runs: readonly ThermalRun[], thresholds: ThermalThresholds): ThermalSeries {
  const fastest = coolestLatency(runs);
  const points = runs.map((run, runIndex) => pointOf(run, { runIndex, fastest, thresholds }));
  const starts = indexed(runs.map(({ startC }) => startC));
  const latencies = indexed(runs.map(({ totalLatencyS }) => totalLatencyS));
  const [unit = Number.NaN] = latencies.y;
  const startSlope = theilSen(starts.x, starts.y);
  const latencySlope = theilSen(
    latencies.x,
    latencies.y.map((seconds) => seconds / unit),
  );
  const traces = runs.map(({ trace }) => trace?.verdict);
  return {
    points,
    heatSoakDetected: isSoaking(starts, startSlope, thresholds) || traces.includes("heat-soak"),
    slowedRuns: points.filter(({ reasons }) => reasons.includes("SLOWER_THAN_COOLEST")).length,
    startSlope,
    latencySlope,
  };
}

function pointOf(
  run: ThermalRun,
  { runIndex, fastest, thresholds }: { runIndex: number; fastest: number | undefined; thresholds: ThermalThresholds },
): ThermalPoint {
  const { startC, endC, totalLatencyS, trace } = run;
  const reasons = new Set<ThermalPointReason>();
  if (startC === undefined) reasons.add("THERMAL_START_MISSING");
  else if (startC > thresholds.cooldownTargetC) reasons.add("COOLDOWN_INSUFFICIENT");
  if (endC === undefined) reasons.add("THERMAL_END_MISSING");
  else if (endC >= thresholds.pollutedThermalThresholdC) reasons.add("THERMAL_THRESHOLD_EXCEEDED");
  if (trace?.reasons.some((reason) => reason === "THROTTLED_AT_END" || reason === "CLOCK_DROP"))
    reasons.add("THROTTLED");
  if (run.polluted === true) reasons.add("POLLUTED_IN_SUMMARY");
  if (totalLatencyS === undefined) reasons.add("LATENCY_MISSING");
  else if (fastest !== undefined && totalLatencyS > (1 + thresholds.minimumSlowdown) * fastest) {
    reasons.add("SLOWER_THAN_COOLEST");
  }
  const polluting = ["THERMAL_THRESHOLD_EXCEEDED", "THROTTLED", "POLLUTED_IN_SUMMARY"] as const;
  return {
    ...run,
    runIndex,
    deltaC: startC === undefined || endC === undefined ? undefined : endC - startC,
    polluted: polluting.some((reason) => reasons.has(reason)),
    // Nobody can say that a run was cooled down whose temperature nobody took.
    cooldownOk: startC !== undefined && startC <= thresholds.cooldownTargetC,
    reasons: [...reasons].sort(),
  };
}

/** Time of the run that began coolest, or of the first where temperatures are missing. */
function coolestLatency(runs: readonly ThermalRun[]): number | undefined {
  const timed = runs.filter(({ totalLatencyS }) => totalLatencyS !== undefined && totalLatencyS > 0);
  const [first] = timed;
  const coolest = timed.reduce(
    (best, run) => ((run.startC ?? Infinity) < (best?.startC ?? Infinity) ? run : best),
    first,
  );
  return coolest?.totalLatencyS;
}

/**
 * Soak is a rise that matters, and either a slope that is surely upward or so many rises in a row as asked for: neither jitter nor
 * a single warm start is one.
 */
function isSoaking(
  { y }: { y: readonly number[] },
  slope: Estimate | Unjudged,
  { minimumRiseC, monotonicWindow }: ThermalThresholds,
): boolean {
  const [first, last] = [y[0], y.at(-1)];
  if (first === undefined || last === undefined) return false;
  let inRow = 0;
  let longest = 0;
  let climbed = 0;
  for (let i = 1; i < y.length; i++) {
    inRow = (y[i] as number) > (y[i - 1] as number) ? inRow + 1 : 0;
    if (inRow > longest) {
      longest = inRow;
      climbed = (y[i] as number) - (y[i - inRow] as number);
    }
  }
  const isSurelyUp = slope.value !== undefined && slope.low > 0 && slope.value * (y.length - 1) >= minimumRiseC;
  return isSurelyUp || (longest >= monotonicWindow && climbed >= minimumRiseC);
}

function indexed(values: readonly (number | undefined)[]): { x: number[]; y: number[] } {
  const pairs = values.flatMap((value, i) => (value === undefined ? [] : [[i, value] as const]));
  return { x: pairs.map(([i]) => i), y: pairs.map(([, value]) => value) };
}
