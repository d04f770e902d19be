import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url);

/** A row of a fixture: arguments, the reference value, and "mpmath" where SciPy itself was off. */
export type Row = (number | string)[];

/** Reads tests/fixtures/stats/<name>.json. */
export function readReference(name: string): Record<string, Row[]> {
  return JSON.parse(readFileSync(new URL(`tests/fixtures/stats/${name}.json`, root), "utf8")) as Record<string, Row[]>;
}

/** Arguments and value of a row, without the mark of who computed it. */
export function numbersOf(row: Row): number[] {
  return row.filter((entry): entry is number => typeof entry === "number");
}

/** Asserts |actual - expected| ≤ tolerance · |expected|. */
export function assertRelative(actual: number, expected: number, tolerance: number, what: string): void {
  const off = Math.abs(actual - expected);
  assert.ok(
    off <= tolerance * Math.abs(expected),
    `${what}: got ${actual}, expected ${expected}, relative error ${off / Math.abs(expected)}`,
  );
}

/** Asserts that two numbers agree to the digits printed: within half a unit of the last decimal. */
export function assertDigits(actual: number | undefined, expected: number, decimals: number, what = "value"): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= 0.5000001 * 10 ** -decimals,
    `${what}: got ${actual}, expected ${expected} to ${decimals} decimals`,
  );
}
