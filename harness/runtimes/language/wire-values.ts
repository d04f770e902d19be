import { HarnessError } from "../../domain/errors.ts";

/** Sums in single precision end a little above 1. */
const LOGPROB_ROUNDING = 1e-3;

/** A JSON object as a server sent it; its fields are read one by one, and none is believed to have a type. */
export type Wire = Readonly<Record<string, unknown>>;

/** RUNTIME_PROTOCOL for anything but an object. */
export function asObject(value: unknown, what: string): Wire {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Wire;
  throw odd(`${what} is not an object`);
}

export function objectAt(from: Wire, key: string): Wire | undefined {
  const value = from[key];
  return value === undefined || value === null ? undefined : asObject(value, key);
}

/** Undefined where absent or null; RUNTIME_PROTOCOL for another type. */
export function textAt(from: Wire, key: string): string | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw odd(`${key} is not a text`);
}

export function listAt(from: Wire, key: string): readonly unknown[] | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw odd(`${key} is not a list`);
}

/** A finite number; undefined where absent or null. */
export function numberAt(from: Wire, key: string): number | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw odd(`${key} is not a number`);
}

/** A count or a duration: a finite number that is not negative. */
export function amountAt(from: Wire, key: string): number | undefined {
  const value = numberAt(from, key);
  if (value !== undefined && value < 0) throw odd(`${key} is ${value}`);
  return value;
}

/** A count: a whole number that is not negative. */
export function countAt(from: Wire, key: string): number | undefined {
  const value = amountAt(from, key);
  if (value !== undefined && !Number.isSafeInteger(value)) throw odd(`${key} is ${value}, which is no count`);
  return value;
}

/** Numbers of tokens. */
export function tokenIdsAt(from: Wire, key: string): readonly number[] | undefined {
  const ids = listAt(from, key);
  const bad = ids?.find((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (bad !== undefined) throw odd(`${key} holds what is no token`);
  return ids as readonly number[] | undefined;
}

/** The logarithm of a probability; minus infinity where it is absent or null. */
export function logprobAt(from: Wire): number {
  const value = numberAt(from, "logprob") ?? Number.NEGATIVE_INFINITY;
  if (value > LOGPROB_ROUNDING) throw odd(`logprob is ${value}, which is no probability's`);
  return Math.min(value, 0);
}

/** Every field that is a number, for a record of what the server said itself. */
export function numbersOf(from: Wire): Record<string, number> {
  return Object.fromEntries(
    Object.entries(from).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

function odd(message: string): HarnessError {
  return new HarnessError("RUNTIME_PROTOCOL", `The server's reply cannot be understood: ${message}`, {
    hint: "Its version may be too new or too old for this adapter.",
  });
}
