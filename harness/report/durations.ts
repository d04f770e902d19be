import { ABSENT, decimal, isNumber, type MaybeNumber } from "./numbers.ts";

/** A measured time with three significant digits in the unit that suits it: `412 µs`, `1.23 ms`, `2.50 s`. */
export function seconds(value: MaybeNumber): string {
  if (!isNumber(value)) return ABSENT;
  const size = Math.abs(value);
  const [scaled, unit] = size < 0.9995e-3 ? [value * 1e6, "µs"] : size < 0.9995 ? [value * 1e3, "ms"] : [value, "s"];
  const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return `${decimal(scaled, { digits })} ${unit}`;
}

/** A waiting time that is only known roughly: `about 70 s`, but `under 1 s`. Seconds in. */
export function roughWait(value: MaybeNumber): string {
  return isNumber(value) && value < 1 ? wait(value) : `about ${wait(value)}`;
}

/** A waiting time as a person says it: `8 s`, `70 s`, `6 minutes`, `2.5 hours`. Seconds in. */
export function wait(value: MaybeNumber): string {
  if (!isNumber(value)) return ABSENT;
  const whole = Math.max(0, value);
  if (whole < 1) return "under 1 s";
  if (whole < 20) return `${Math.round(whole)} s`;
  if (whole < 97.5) return `${Math.round(whole / 5) * 5} s`;
  const minutes = whole / 60;
  if (minutes < 89.5) return `${Math.round(minutes)} minutes`;
  const hours = minutes / 60;
  return hours < 47.95 ? `${decimal(hours, { digits: 1 })} hours` : `${decimal(hours / 24, { digits: 1 })} days`;
}
