import type { Value } from "./protocol.ts";

/** Bits of nvmlClocksEventReasons (nvml.h), lowest first. */
const BITS = [
  "gpu_idle",
  "applications_clocks_setting",
  "sw_power_cap",
  "hw_slowdown",
  "sync_boost",
  "sw_thermal_slowdown",
  "hw_thermal_slowdown",
  "hw_power_brake_slowdown",
  "display_clocks_setting",
] as const;

/** Names of the reasons in a printed bitmask such as "0x0000000000000044"; undefined where it is none. */
export function reasonsOfMask(text: string): string[] | undefined {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text.trim())) return undefined;
  let mask = BigInt(text.trim());
  const names: string[] = [];
  for (let bit = 0; mask > 0n; bit++, mask >>= 1n) {
    if ((mask & 1n) === 1n) names.push(BITS[bit] ?? `bit_${bit}`);
  }
  return names;
}

/** Names of the reasons that are printed as "Active"; undefined where not one is printed as either. */
export function reasonsOfFlags(flags: ReadonlyMap<string, string>): string[] | undefined {
  const told = [...flags].filter(([, text]) => /^(not )?active$/i.test(text.trim()));
  if (told.length === 0) return undefined;
  return told.filter(([, text]) => /^active$/i.test(text.trim())).map(([name]) => name);
}

/** Whether heat, or a limit of power, holds the clocks down. An idle clock is held down by neither. */
export function throttleFlags(reasons: readonly string[] | undefined): { thermal: Value; power: Value } {
  if (reasons === undefined) return { thermal: { missing: "not-reported" }, power: { missing: "not-reported" } };
  const has = (name: string): boolean => reasons.includes(name);
  const brake = has("hw_power_brake_slowdown");
  // hw_slowdown alone, as old drivers tell it, is heat unless the power brake explains it.
  const thermal = has("sw_thermal_slowdown") || has("hw_thermal_slowdown") || (has("hw_slowdown") && !brake);
  return { thermal: Number(thermal), power: Number(brake || has("sw_power_cap")) };
}
