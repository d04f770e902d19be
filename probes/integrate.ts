import type { DeviceSample, Value } from "./protocol.ts";

/** Power that was not seen for longer than this is not guessed at: the integral starts anew. */
const MAX_GAP_S = 5;

/** Energy in joules out of a power reading in watts, by trapezoids, from the second sample on. One instance a device. */
export function energyIntegral(): (powerW: number | null | undefined, atS: number) => Value {
  let last: { powerW: number; atS: number } | undefined;
  let joules = 0;
  return (powerW, atS) => {
    if (typeof powerW !== "number") {
      last = undefined;
      return { missing: "not-available" };
    }
    const before = last;
    last = { powerW, atS };
    if (before === undefined || atS - before.atS > MAX_GAP_S) {
      joules = 0;
      return { missing: "first-sample" };
    }
    joules += ((powerW + before.powerW) / 2) * (atS - before.atS);
    return joules;
  };
}

/** Gives devices without an energy counter of their own the integral of their power since the first call. */
export function energyKeeper(): (device: DeviceSample) => DeviceSample {
  const integrals = new Map<string, ReturnType<typeof energyIntegral>>();
  return (device) => {
    if (typeof device.readings.energy_j === "number") return device;
    const integral = integrals.get(device.id) ?? energyIntegral();
    integrals.set(device.id, integral);
    const energy = integral(device.readings.power_draw_w, Number(process.hrtime.bigint()) / 1e9);
    if (typeof energy !== "number") return { ...device, missing: { ...device.missing, energy_j: energy.missing } };
    const { energy_j: _, ...missing } = device.missing;
    return { ...device, readings: { ...device.readings, energy_j: energy }, missing };
  };
}
