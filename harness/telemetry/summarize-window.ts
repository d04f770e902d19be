import { CPU_READINGS, GPU_READINGS, type Reading, type ReadingSpec } from "../../probes/protocol.ts";
import type { MissingReason, ProbeDevice, ProbeSample } from "../domain/generated/probe-reading-v1.ts";

/** All devices at one moment, on the harness's monotonic clock. */
export interface StoredSample {
  readonly atNs: bigint;
  readonly devices: readonly ProbeDevice[];
  /** The probe's own line, for storing. */
  readonly line?: ProbeSample;
}

/** One reading over a window, in its base unit. */
export type ReadingSummary =
  | {
      readonly kind: "gauge";
      /** Samples with a value, and those without. */
      readonly n: number;
      readonly gaps: number;
      readonly first: number;
      readonly last: number;
      readonly least: number;
      readonly peak: number;
      readonly mean: number;
    }
  | {
      readonly kind: "counter";
      readonly n: number;
      /** Growth between the window's ends, straight lines drawn between samples. */
      readonly change: number;
      /** How much of the window the samples reach over, seconds. */
      readonly coveredS: number;
    }
  | { readonly kind: "absent"; readonly reason: MissingReason | "no-sample" | "counter-reset" };

export interface DeviceWindow {
  readonly id: string;
  readonly kind: ProbeDevice["kind"];
  readonly uuid: string | null;
  readonly name: string | null;
  readonly samples: number;
  readonly readings: Readonly<Partial<Record<Reading, ReadingSummary>>>;
  /** Share of the samples in which each reason held the clocks down; undefined where it was never told. */
  readonly clockReasons: Readonly<Record<string, number>> | undefined;
}

/** A counter is not drawn across a longer silence. */
const MAX_BRIDGE_NS = 5_000_000_000n;

type Point = { readonly atNs: bigint; readonly value: number };

/**
 * Every device seen in [startNs, endNs], and just before and after it, with every reading summarized. `samples` in time order,
 * neighbors of the window included: counters need the values around its ends.
 */
export function summarizeWindow(
  samples: readonly StoredSample[],
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): DeviceWindow[] {
  const near = samples.filter(({ atNs }) => atNs >= startNs - MAX_BRIDGE_NS && atNs <= endNs + MAX_BRIDGE_NS);
  const ids = [...new Set(near.flatMap(({ devices }) => devices.map(({ id }) => id)))];
  return ids.map((id) => {
    const seen = near.flatMap(({ atNs, devices }) =>
      devices.filter((one) => one.id === id).map((one) => ({ atNs, one })),
    );
    const inside = seen.filter(({ atNs }) => atNs >= startNs && atNs <= endNs).map(({ one }) => one);
    const identity = (inside.at(-1) ?? seen.at(-1)?.one) as ProbeDevice;
    const specs: Readonly<Record<string, ReadingSpec>> = identity.kind === "cpu" ? CPU_READINGS : GPU_READINGS;
    const readings: Partial<Record<Reading, ReadingSummary>> = {};
    for (const [name, spec] of Object.entries(specs)) {
      const reading = name as Reading;
      readings[reading] =
        spec.kind === "gauge"
          ? gauge(inside, reading)
          : (counter(seen, reading, { startNs, endNs }) ?? absent(inside, reading));
    }
    const { kind, uuid, name } = identity;
    return { id, kind, uuid, name, samples: inside.length, readings, clockReasons: reasonShares(inside) };
  });
}

function gauge(devices: readonly ProbeDevice[], reading: Reading): ReadingSummary {
  const values = devices.map(({ readings }) => readings[reading]).filter((value) => typeof value === "number");
  const [first] = values;
  if (first === undefined) return absent(devices, reading);
  let least = first;
  let peak = first;
  let sum = 0;
  for (const value of values) {
    least = Math.min(least, value);
    peak = Math.max(peak, value);
    sum += value;
  }
  const n = values.length;
  return {
    kind: "gauge",
    n,
    gaps: devices.length - n,
    first,
    last: values[n - 1] as number,
    least,
    peak,
    mean: sum / n,
  };
}

function counter(
  seen: readonly { readonly atNs: bigint; readonly one: ProbeDevice }[],
  reading: Reading,
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): ReadingSummary | undefined {
  const points = seen.flatMap(({ atNs, one }): Point[] => {
    const value = one.readings[reading];
    return typeof value === "number" ? [{ atNs, value }] : [];
  });
  const from = valueAt(points, startNs) ?? points.find(({ atNs }) => atNs > startNs && atNs <= endNs);
  const to = valueAt(points, endNs) ?? points.findLast(({ atNs }) => atNs < endNs && atNs >= startNs);
  if (from === undefined || to === undefined || to.atNs <= from.atNs) return undefined;
  const between = points.filter(({ atNs }) => atNs >= startNs && atNs <= endNs);
  const course = [from, ...between, to];
  // A counter that fell was started anew, and what it had counted is lost.
  if (course.some(({ value }, i) => i > 0 && value < (course[i - 1] as Point).value - 1e-9)) {
    return { kind: "absent", reason: "counter-reset" };
  }
  const coveredS = Number(to.atNs - from.atNs) / 1e9;
  return { kind: "counter", n: between.length, change: Math.max(0, to.value - from.value), coveredS };
}

/** The counter at a moment between two samples; undefined outside them or where they lie too far apart or fall. */
function valueAt(points: readonly Point[], atNs: bigint): Point | undefined {
  const before = points.findLast((point) => point.atNs <= atNs);
  const after = points.find((point) => point.atNs >= atNs);
  if (before === undefined || after === undefined || after.atNs - before.atNs > MAX_BRIDGE_NS) return undefined;
  if (after.atNs === before.atNs) return before;
  if (after.value < before.value) return undefined;
  const share = Number(atNs - before.atNs) / Number(after.atNs - before.atNs);
  return { atNs, value: before.value + share * (after.value - before.value) };
}

function absent(devices: readonly ProbeDevice[], reading: Reading): ReadingSummary {
  const reason = devices.findLast(({ missing }) => missing[reading] !== undefined)?.missing[reading];
  return { kind: "absent", reason: reason ?? "no-sample" };
}

function reasonShares(devices: readonly ProbeDevice[]): Readonly<Record<string, number>> | undefined {
  const told = devices.map(({ clock_reasons }) => clock_reasons).filter((reasons) => reasons !== null);
  if (told.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const reason of told.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort().map(([reason, count]) => [reason, count / told.length]));
}
