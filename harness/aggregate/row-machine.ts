import type { DeviceWindowDoc, GaugeDoc, TrialLine } from "../domain/generated/journal-v1.ts";
import type { RowMachineDoc } from "../domain/generated/summary-v1.ts";
import { growthOf } from "./trial-readings.ts";
import { watchedDevice } from "./watched-device.ts";

/** Hottest first where a chip has several. */
const HEAT = ["temperature_junction_c", "temperature_gpu_c", "temperature_cpu_c"];

/**
 * The machine over a cell's finished trials, in time order: of its first card, or of its processors where there is none. null where no
 * trial was watched. Start and end are different samples; one sample alone is a start without an end.
 */
export function rowMachine(trials: readonly TrialLine[]): RowMachineDoc | null {
  const watched = [...trials].sort((x, y) => x.seq - y.seq).filter(({ telemetry }) => telemetry !== undefined);
  if (watched.length === 0) return null;
  const devices = watched.flatMap((trial) => watchedDevice(trial) ?? []);
  const heat = devices.flatMap((device) => HEAT.map((id) => gauge(device, id)).find((one) => one !== undefined) ?? []);
  const samples = heat.reduce((sum, { n }) => sum + n, 0);
  const cards = devices.filter(({ kind }) => kind !== "cpu");
  const memory = cards.flatMap((device) => gauge(device, "memory_used_bytes") ?? []);
  const total = cards.flatMap((device) => gauge(device, "memory_total_bytes") ?? []);
  const energy = devices.flatMap((device) => growthOf(device, "energy_j")?.change ?? []);
  const clocks = devices.flatMap((device) => gauge(device, "clock_sm_hz") ?? gauge(device, "cpu_frequency_hz") ?? []);
  const clockSamples = clocks.reduce((sum, { n }) => sum + n, 0);
  return {
    first_seq: watched[0]?.seq ?? 0,
    last_seq: watched.at(-1)?.seq ?? 0,
    wall_s: trials.reduce((sum, { wall_s }) => sum + wall_s, 0),
    thermal_start_c: heat[0]?.first ?? null,
    thermal_end_c: samples > 1 ? (heat.at(-1)?.last ?? null) : null,
    thermal_peak_c: most(heat.map(({ peak }) => peak)),
    memory_total_bytes: most(total.map(({ peak }) => peak)),
    memory_peak_bytes: most(memory.map(({ peak }) => peak)),
    // A sum over some of the trials would pass for one over all.
    energy_j: energy.length === trials.length && energy.length > 0 ? energy.reduce((sum, one) => sum + one, 0) : null,
    clock_hz: clockSamples === 0 ? null : clocks.reduce((sum, { mean, n }) => sum + mean * n, 0) / clockSamples,
  };
}

function gauge({ readings }: DeviceWindowDoc, id: string): GaugeDoc | undefined {
  const reading = readings[id];
  return reading?.kind === "gauge" ? reading : undefined;
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((best, value) => Math.max(best, value));
}
