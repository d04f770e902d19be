import type { CounterDoc, DeviceWindowDoc, GaugeDoc, TrialLine } from "../domain/generated/journal-v1.ts";

/** A gauge of the first device of a kind, over a trial's window; undefined where it was not read. */
export function gaugeOf(trial: TrialLine, kind: DeviceWindowDoc["kind"], id: string): GaugeDoc | undefined {
  const device = trial.telemetry?.probes.flatMap(({ devices }) => devices).find((one) => one.kind === kind);
  const reading = device?.readings[id];
  return reading?.kind === "gauge" ? reading : undefined;
}

/** Growth of a counter of one device; undefined where it was not read. */
export function growthOf(device: DeviceWindowDoc, id: string): CounterDoc | undefined {
  const reading = device.readings[id];
  return reading?.kind === "counter" ? reading : undefined;
}
