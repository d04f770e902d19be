import type { Value } from "./protocol.ts";
import { elsewhere, namesIn, numberIn, type SystemText, systemFile } from "./system-file.ts";

/** Ticks a second in /proc/stat: sysconf(_SC_CLK_TCK), which Linux fixes at 100 on every platform Node supports. */
const USER_HZ = 100;

/** Time of one processor, or of all, since boot, in seconds. */
export interface CpuTimes {
  readonly busyS: number;
  readonly idleS: number;
  readonly stealS: number;
}

/** All processors' times and each one's by its number, out of /proc/stat; undefined where it is not readable. */
export function parseStat(source: SystemText): { all: CpuTimes; cores: ReadonlyMap<number, CpuTimes> } | undefined {
  if ("missing" in source) return undefined;
  const cores = new Map<number, CpuTimes>();
  let all: CpuTimes | undefined;
  for (const line of source.text.split("\n")) {
    // The processors come first; what follows is long and not wanted.
    if (!line.startsWith("cpu")) break;
    const [name = "", ...ticks] = line.trim().split(/\s+/);
    const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks.map(Number);
    if (user === undefined || nice === undefined || system === undefined || idle === undefined) continue;
    const times = {
      busyS: (user + nice + system + irq + softirq) / USER_HZ,
      // A hypervisor's steal is neither ours nor idle.
      idleS: (idle + iowait) / USER_HZ,
      stealS: steal / USER_HZ,
    };
    if (name === "cpu") all = times;
    else cores.set(Number(name.slice(3)), times);
  }
  return all === undefined ? undefined : { all, cores };
}

/** Share of the time between two readings that a processor worked, stolen time counted as time. */
export function utilization(before: CpuTimes | undefined, after: CpuTimes | undefined): Value {
  if (after === undefined) return elsewhere;
  if (before === undefined) return { missing: "first-sample" };
  const busy = after.busyS - before.busyS;
  const total = busy + (after.idleS - before.idleS) + (after.stealS - before.stealS);
  // Two readings within one tick see no time pass; iowait may even run backwards.
  if (total <= 0 || busy < 0) return { missing: "first-sample" };
  return Math.min(1, busy / total);
}

/** Current clock of each processor in Hz, as far as the kernel tells it. */
export function coreClocks(root: string): () => ReadonlyMap<number, number> {
  const folder = "sys/devices/system/cpu";
  const files = namesIn(root, folder)
    .filter((name) => /^cpu\d+$/.test(name) && namesIn(root, `${folder}/${name}/cpufreq`).includes("scaling_cur_freq"))
    .map((name) => [Number(name.slice(3)), systemFile(root, `${folder}/${name}/cpufreq/scaling_cur_freq`)] as const);
  return () => {
    const clocks = new Map<number, number>();
    for (const [core, read] of files) {
      const hz = numberIn(read(), 1000);
      if (typeof hz === "number" && hz > 0) clocks.set(core, hz);
    }
    return clocks;
  };
}
