import { parseCell } from "./cell.ts";
import type { Reading, Value } from "./protocol.ts";

/** A process on a GPU, as `--query-compute-apps` tells it. */
export interface ComputeApp {
  /** The GPU's UUID, or another key that tells GPUs apart. */
  readonly gpu: string;
  readonly pid: number;
  readonly memory: Value;
}

/** Columns asked for; `used_gpu_memory` was called `used_memory` by older drivers. */
export const APP_FIELDS: readonly (readonly string[])[] = [
  ["timestamp"],
  ["gpu_uuid"],
  ["pid"],
  ["used_gpu_memory", "used_memory"],
];

/** A process out of one row; undefined where it names none. */
export function appOfRow(row: ReadonlyMap<string, string>): ComputeApp | undefined {
  const pid = Number(row.get("pid"));
  const gpu = row.get("uuid");
  if (!Number.isInteger(pid) || pid <= 0 || gpu === undefined) return undefined;
  const text = row.get("used_gpu_memory") ?? row.get("used_memory");
  return { gpu, pid, memory: text === undefined ? { missing: "not-reported" } : parseCell(text, "B", "MiB") };
}

/** More than drivers and displays keep for themselves. */
const UNEXPLAINED_BYTES = 2 ** 30;

/**
 * Memory of our processes and of all others on one GPU. `isOurs` is undefined where no process was named. A process whose memory
 * is not told makes its side's sum unknown, and so does a list that cannot explain half of the memory in use (in a container
 * the tool sees no process of others).
 */
export function memoryByOwner(
  apps: readonly ComputeApp[],
  { gpu, usedBytes, isOurs }: { gpu: string; usedBytes: Value; isOurs: ((pid: number) => boolean) | undefined },
): Partial<Record<Reading, Value>> {
  const here = apps.filter((app) => app.gpu === gpu);
  const ours = isOurs === undefined ? [] : here.filter((app) => isOurs(app.pid));
  const others = here.filter((app) => !ours.includes(app));
  const listed = total(here);
  const isPartial =
    typeof listed === "number" &&
    typeof usedBytes === "number" &&
    usedBytes - listed > Math.max(UNEXPLAINED_BYTES, usedBytes / 2);
  const hidden: Value = { missing: "no-permission" };
  return {
    process_memory_bytes:
      isOurs === undefined ? { missing: "not-asked" } : ours.length === 0 && isPartial ? hidden : total(ours),
    foreign_memory_bytes: isPartial ? hidden : total(others),
    foreign_processes: isPartial ? hidden : others.length,
  };
}

/** No process is a sum of 0 that was looked for, not one that was filled in. */
function total(apps: readonly ComputeApp[]): Value {
  let sum = 0;
  for (const { memory } of apps) {
    if (typeof memory !== "number") return memory;
    sum += memory;
  }
  return sum;
}
