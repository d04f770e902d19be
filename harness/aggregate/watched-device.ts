import type { DeviceWindowDoc, TrialLine } from "../domain/generated/journal-v1.ts";

/** The device that a trial is told by: its first card, or its processors where there is none. */
export function watchedDevice({ telemetry }: TrialLine): DeviceWindowDoc | undefined {
  const devices = telemetry?.probes.flatMap((probe) => probe.devices) ?? [];
  return devices.find(({ kind }) => kind === "gpu") ?? devices.find(({ kind }) => kind === "cpu");
}
