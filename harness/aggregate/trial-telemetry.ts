import type { MeasuredDoc, TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";

type Reading = (measured: MeasuredDoc) => number | null;

/** Readings of a trial, and of the machine during it, by name; null or below 0 = not there. */
const READINGS: Readonly<Record<string, Reading>> = {
  "latency.samples": ({ latency_ns }) => (latency_ns.some((ns) => ns > 0) ? latency_ns.length : null),
  "load.seconds": ({ load_s }) => load_s,
  "memory.peak_rss": ({ memory }) => ((memory.peak_rss_bytes ?? 0) > 0 ? memory.peak_rss_bytes : null),
  "throughput.items": ({ throughput }) => (throughput.items_per_second > 0 ? throughput.items_per_second : null),
  "host.loop_wall": ({ host }) => host.loop_wall_s,
  "host.loop_cpu": ({ host }) => host.loop_cpu_s,
  "host.involuntary_switches": ({ host }) => host.involuntary_switches,
  "host.steal": ({ host }) => host.steal_s,
  "host.cpu_pressure": ({ host }) => host.cpu_pressure_s,
  "host.load1": ({ host }) => host.load1,
  "host.cpu_busy": ({ host }) => host.cpu_busy_s ?? null,
  "controls.threads": ({ controls }) => controls?.threads ?? null,
};

/** Readings of a trial's probe window are named `probe.BACKEND.READING`; the probe itself, whatever it reads, `probe.BACKEND`. */
const PROBE = "probe.";

/** Readings that no platform may withhold. */
const ALWAYS = ["latency.samples", "load.seconds", "memory.peak_rss", "throughput.items", "host.loop_wall"];

/**
 * Readings that every trial of this run must have: those of any platform, those that a canary of this machine had, the probes that the
 * plan names, and every reading of theirs that a canary had.
 */
export function declaredTelemetry(trials: readonly TrialLine[], plan: Pick<Plan, "telemetry">): string[] {
  const canaries = trials.filter((trial) => trial.trial_kind === "canary");
  const own = Object.keys(READINGS).filter(
    (name) =>
      ALWAYS.includes(name) ||
      canaries.some(({ measured }) => measured !== null && hasReading(measured, READINGS[name] as Reading)),
  );
  const asked = backendsOf(plan.telemetry?.probe ?? "none").map((backend) => `${PROBE}${backend}`);
  const seen = canaries.flatMap((trial) => [...probeReadings(trial)]);
  return [...own, ...[...new Set([...asked, ...seen])].sort()];
}

/** Whether the trial has every declared reading; one that failed has none. */
export function isTelemetryComplete(trial: TrialLine, declared: readonly string[]): boolean {
  const { measured } = trial;
  if (measured === null) return false;
  const probes = probeReadings(trial);
  return declared.every((name) =>
    name.startsWith(PROBE) ? probes.has(name) : hasReading(measured, READINGS[name] as Reading),
  );
}

/** `auto` depends on what is installed, so only the processors are sure to be asked. */
function backendsOf(probe: NonNullable<Plan["telemetry"]>["probe"]): string[] {
  if (probe === "none") return [];
  return probe === "nvidia" || probe === "amd" ? ["cpu", probe] : ["cpu"];
}

/** Probes that read something in a trial's window, and its gauges; a counter needs two samples, which a short trial may not have. */
function probeReadings({ telemetry }: TrialLine): Set<string> {
  const names = new Set<string>();
  for (const { backend, samples, devices } of telemetry?.probes ?? []) {
    if (samples > 0) names.add(`${PROBE}${backend}`);
    for (const { readings } of devices) {
      for (const [id, reading] of Object.entries(readings)) {
        if (reading.kind === "gauge") names.add(`${PROBE}${backend}.${id}`);
      }
    }
  }
  return names;
}

function hasReading(measured: MeasuredDoc, reading: Reading): boolean {
  const value = reading(measured);
  return value !== null && value >= 0;
}
