import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "./find-program.ts";
import { readSystem } from "./host.ts";

const here = { root: "/", env: {} };

/** Threads of this process now; undefined where the system does not tell. */
export function threadCount(): number | undefined {
  const found = /^Threads:\s+(\d+)$/m.exec(readSystem(here, "proc/self/status") ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Threads that have ended since there were `before`, given a moment to end. Those of a pool end with it. */
export async function endedThreads(before: number | undefined): Promise<number | undefined> {
  if (before === undefined) return undefined;
  // Joined by their owner already; the count may lag by a tick of the scheduler.
  await sleep(1);
  const now = threadCount();
  return now === undefined ? undefined : Math.max(0, before - now);
}

/** Processors this process may use; undefined where the system does not tell. */
export function allowedCpus(): number[] | undefined {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readSystem(here, "proc/self/status") ?? "")?.[1];
  return list === undefined ? undefined : parseCpuList(list);
}

/** "0-2,5" → [0, 1, 2, 5]. */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [from, to = from] = part.split("-").map(Number);
    if (from === undefined || to === undefined || !(to >= from)) return [];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** A command line that runs on the given processors alone, by `taskset`; unchanged where there is none, which the child then sees. */
export function pinned(
  command: readonly [string, ...string[]],
  cpuAffinity: readonly number[],
): readonly [string, ...string[]] {
  if (cpuAffinity.length === 0 || process.platform !== "linux") return command;
  const taskset = findProgram("taskset");
  return taskset === undefined ? command : [taskset, "-c", cpuAffinity.join(","), ...command];
}
