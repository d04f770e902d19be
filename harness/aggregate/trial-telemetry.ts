import type { MeasuredDoc, TrialLine } from "../domain/generated/journal-v1.ts";

type Reading = (measured: MeasuredDoc) => number | null;

/** Readings of a trial, and of the machine during it, by name; null or below 0 = not there. */
const READINGS: Readonly<Record<string, Reading>> = {
  "latency.samples": ({ latency_ns }) => (latency_ns.some((ns) => ns > 0) ? latency_ns.length : null),
  "load.seconds": ({ load_s }) => load_s,
  "memory.peak_rss": ({ memory }) => (memory.peak_rss_bytes > 0 ? memory.peak_rss_bytes : null),
  "throughput.items": ({ throughput }) => (throughput.items_per_second > 0 ? throughput.items_per_second : null),
  "host.loop_wall": ({ host }) => host.loop_wall_s,
  "host.loop_cpu": ({ host }) => host.loop_cpu_s,
  "host.involuntary_switches": ({ host }) => host.involuntary_switches,
  "host.steal": ({ host }) => host.steal_s,
  "host.cpu_pressure": ({ host }) => host.cpu_pressure_s,
  "host.load1": ({ host }) => host.load1,
};

/** Readings that no platform may withhold. */
const ALWAYS = ["latency.samples", "load.seconds", "memory.peak_rss", "throughput.items", "host.loop_wall"];

/** Readings that every trial of this run must have: those of any platform, and those that a canary of this machine had. */
export function declaredTelemetry(trials: readonly TrialLine[]): string[] {
  const canaries = trials.filter((trial) => trial.trial_kind === "canary");
  return Object.keys(READINGS).filter(
    (name) =>
      ALWAYS.includes(name) ||
      canaries.some(({ measured }) => measured !== null && hasReading(measured, READINGS[name] as Reading)),
  );
}

/** Whether the trial has every declared reading; one that failed has none. */
export function isTelemetryComplete({ measured }: TrialLine, declared: readonly string[]): boolean {
  return measured !== null && declared.every((name) => hasReading(measured, READINGS[name] as Reading));
}

function hasReading(measured: MeasuredDoc, reading: Reading): boolean {
  const value = reading(measured);
  return value !== null && value >= 0;
}
