import type { Missing, ReadingSpec, Value } from "./protocol.ts";

/** What tools print in the place of a value, in lower case and without brackets. */
const STATES: readonly (readonly [RegExp, Missing])[] = [
  [/^(n\/a\b.*|none|-|)$/, "not-available"],
  [/^not found$/, "not-available"],
  [/^not supported/, "not-supported"],
  [/^(unknown error|err!)/, "unknown-error"],
  [/^gpu requires reset/, "needs-reset"],
  [/^gpu is lost/, "device-lost"],
  [/^(insufficient permissions?|permission denied|no permission)/, "no-permission"],
  [/^requested functionality has been deprecated/, "deprecated"],
];

/** Factor to the base unit, by unit as printed. nvidia-smi and amd-smi mean 2^20 by "MB" (a 16 GiB card shows 16368 MB). */
const UNITS: Readonly<Record<ReadingSpec["unit"], Readonly<Record<string, number>>>> = {
  B: { b: 1, kib: 2 ** 10, kb: 2 ** 10, mib: 2 ** 20, mb: 2 ** 20, gib: 2 ** 30, gb: 2 ** 30 },
  "1": { "": 1, "%": 0.01, x: 1 },
  Hz: { hz: 1, khz: 1e3, mhz: 1e6, ghz: 1e9 },
  C: { c: 1, "°c": 1 },
  W: { w: 1, mw: 1e-3, uw: 1e-6 },
  J: { j: 1, mj: 1e-3, uj: 1e-6, µj: 1e-6 },
  s: { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 },
  "B/s": { "b/s": 1, "kb/s": 1e3, "mb/s": 1e6, "gb/s": 1e9 },
};

/**
 * A printed value, such as "143771 MiB", "[N/A]" or "52", in base units. `unit` is what it is measured in, `assumed` the unit as
 * printed where the cell names none (a column heading or `nounits` took it away).
 */
export function parseCell(text: string, unit: ReadingSpec["unit"], assumed: string): Value {
  const plain = text.trim();
  const state = stateOf(plain);
  if (state !== undefined) return { missing: state };
  const match = /^([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([^\d\s]\S*)?$/i.exec(plain);
  if (match === null) return { missing: "unreadable" };
  const factor = UNITS[unit][(match[2] ?? assumed).toLowerCase()];
  if (factor === undefined) return { missing: "unreadable" };
  const number = Number(match[1]);
  // Dividing by 100 rounds better than multiplying by .01.
  return factor === 0.01 ? number / 100 : number * factor;
}

/** Why a cell holds no value, or undefined where it may hold one. */
export function stateOf(text: string): Missing | undefined {
  const inner = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const plain = inner.trim().toLowerCase();
  const known = STATES.find(([pattern]) => pattern.test(plain));
  if (known !== undefined) return known[1];
  // Another word in brackets is a state of a driver that we do not know yet.
  return inner === text ? undefined : "unknown-error";
}

/** A printed word, or null where the cell holds a state instead. */
export function parseWord(text: string | undefined): string | null {
  if (text === undefined || stateOf(text.trim()) !== undefined) return null;
  return text.trim();
}

/** Sum of parts; missing as soon as one of them is. */
export function sumOf(parts: readonly Value[]): Value {
  let total = 0;
  for (const part of parts) {
    if (typeof part !== "number") return part;
    total += part;
  }
  return parts.length === 0 ? { missing: "not-reported" } : total;
}

/** The first of several sources that has a number, else the first one's reason. */
export function firstNumber(...sources: readonly (Value | undefined)[]): Value {
  const present = sources.filter((source) => source !== undefined);
  return present.find((source) => typeof source === "number") ?? present[0] ?? { missing: "not-reported" };
}
