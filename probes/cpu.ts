import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupReadings } from "./cgroup.ts";
import { type CpuTimes, coreClocks, parseStat, utilization } from "./cpu-cores.ts";
import { raplEnergy, temperatureSensors, throttleEvents } from "./cpu-sensors.ts";
import type { ProbeSink } from "./probe-output.ts";
import { type CpuReading, type DeviceSample, deviceSample, type Value } from "./protocol.ts";
import { elsewhere, fieldIn, numberIn, readSystem, type SystemText, systemFile } from "./system-file.ts";

/** Clocks, sensors and limits change slowly and cost more to read than all else: this many times a second at most. */
const SLOW_MS = 1000;
const USER_HZ = 100;

export interface CpuOptions {
  /** Where the system's files are; another folder is a recording of them. */
  readonly root: string;
  readonly pids: readonly number[];
}

/** Reads the machine's processors and memory; call it again for the next sample. Nothing is written and no process started. */
export function cpuReader({ root, pids }: CpuOptions): () => DeviceSample {
  const isLive = root === "/";
  const stat = systemFile(root, "proc/stat");
  const memory = systemFile(root, "proc/meminfo");
  const load = systemFile(root, "proc/loadavg");
  const pressure = ["cpu", "memory", "io"].map((what) => systemFile(root, `proc/pressure/${what}`));
  const energy = raplEnergy(root);
  const clocks = coreClocks(root);
  const sensors = temperatureSensors(root);
  const throttled = throttleEvents(root);
  const cgroup = cgroupReadings(root);
  const name = nameOf(root, isLive);
  let lastTimes: ReturnType<typeof timesOf>;
  let lastEnergy: { joules: number; atS: number } | undefined;
  let slow = { at: -Infinity, clocks: clocks(), sensors: sensors(), throttled: throttled(), cgroup: cgroup() };

  return () => {
    const atS = Number(process.hrtime.bigint()) / 1e9;
    if ((atS - slow.at) * 1000 >= SLOW_MS) {
      slow = { at: atS, clocks: clocks(), sensors: sensors(), throttled: throttled(), cgroup: cgroup() };
    }
    const statText = stat();
    const times = timesOf(statText, isLive);
    const joules = energy();
    const watts = powerSince(lastEnergy, joules, atS);
    lastEnergy = typeof joules === "number" ? { joules, atS } : undefined;
    const [cpuStall, memoryStall, ioStall] = pressure.map((read) => stallS(read()));
    const hz = [...slow.clocks.values()];
    const read: Partial<Record<CpuReading, Value>> = {
      cpu_utilization: utilization(lastTimes?.all, times?.all),
      cpu_busy_s: times?.all.busyS ?? elsewhere,
      cpu_steal_s: isLive && process.platform !== "linux" ? elsewhere : (times?.all.stealS ?? elsewhere),
      cpu_frequency_hz: hz.length === 0 ? elsewhere : hz.reduce((sum, one) => sum + one, 0) / hz.length,
      load_1m: loadOf(load(), isLive),
      processes_running: fieldIn(statText, "procs_running"),
      context_switches: fieldIn(statText, "ctxt"),
      temperature_cpu_c: slow.sensors.cpuC,
      power_draw_w: watts,
      energy_j: joules,
      throttle_events: slow.throttled,
      pressure_cpu_s: cpuStall ?? elsewhere,
      pressure_memory_s: memoryStall ?? elsewhere,
      pressure_io_s: ioStall ?? elsewhere,
      ...memoryOf(memory(), isLive),
      ...slow.cgroup,
      ...processesOf(root, pids),
    };
    const cores = [...(times?.cores ?? [])].map(([core, after]) => {
      const share = utilization(lastTimes?.cores.get(core), after);
      return { utilization: numberOrNull(share), frequency_hz: slow.clocks.get(core) ?? null };
    });
    lastTimes = times;
    return { ...deviceSample({ id: "cpu", kind: "cpu", name }, read), cores, sensors: slow.sensors.all };
  };
}

/** Samples the processors at a steady beat until the abort; a beat that was slept through is left out, not made up for. */
export async function watchCpu(
  sink: ProbeSink,
  options: CpuOptions & { readonly intervalMs: number; readonly once: boolean },
  signal: AbortSignal,
): Promise<"done"> {
  const read = cpuReader(options);
  if (options.once) {
    // Shares of time need two readings; the first one is not told.
    read();
    await sleep(options.intervalMs, undefined, { signal }).catch(() => undefined);
  }
  let next = performance.now();
  while (!signal.aborted) {
    const start = performance.now();
    const device = read();
    sink.sample([device], { readMs: performance.now() - start });
    if (options.once) break;
    const now = performance.now();
    next = Math.max(next + options.intervalMs, now);
    await sleep(next - now, undefined, { signal }).catch(() => undefined);
  }
  return "done";
}

type Times = { all: CpuTimes; cores: ReadonlyMap<number, CpuTimes> } | undefined;

function timesOf(stat: SystemText, isLive: boolean): Times {
  const parsed = parseStat(stat);
  if (parsed !== undefined || !isLive) return parsed;
  // Where there is no /proc, Node knows the times of each core, without steal.
  const cores = cpus().map(({ times }) => ({
    busyS: (times.user + times.nice + times.sys + times.irq) / 1000,
    idleS: times.idle / 1000,
    stealS: 0,
  }));
  if (cores.length === 0) return undefined;
  const sum = (part: keyof CpuTimes): number => cores.reduce((total, core) => total + core[part], 0);
  const all = { busyS: sum("busyS"), idleS: sum("idleS"), stealS: 0 };
  return { all, cores: new Map(cores.map((core, i) => [i, core])) };
}

function powerSince(before: { joules: number; atS: number } | undefined, joules: Value, atS: number): Value {
  if (typeof joules !== "number") return joules;
  if (before === undefined || atS <= before.atS) return { missing: "first-sample" };
  return (joules - before.joules) / (atS - before.atS);
}

function stallS(source: SystemText): Value {
  if ("missing" in source) return source;
  const total = /^some .*\btotal=(\d+)/m.exec(source.text)?.[1];
  return total === undefined ? { missing: "unreadable" } : Number(total) / 1e6;
}

function loadOf(source: SystemText, isLive: boolean): Value {
  if ("text" in source) return numberIn({ text: source.text.split(" ")[0] ?? "" });
  // Windows answers [0, 0, 0] for "not known".
  return isLive && process.platform !== "win32" ? (loadavg()[0] ?? elsewhere) : elsewhere;
}

function memoryOf(source: SystemText, isLive: boolean): Partial<Record<CpuReading, Value>> {
  const total = fieldIn(source, "MemTotal", 1024);
  if (typeof total !== "number") {
    if (!isLive) return {};
    const [all, free] = [totalmem(), freemem()];
    return {
      memory_total_bytes: all,
      memory_available_bytes: free,
      memory_used_bytes: all - free,
      swap_used_bytes: elsewhere,
    };
  }
  const available = fieldIn(source, "MemAvailable", 1024);
  const swap = fieldIn(source, "SwapTotal", 1024);
  const swapFree = fieldIn(source, "SwapFree", 1024);
  return {
    memory_total_bytes: total,
    memory_available_bytes: available,
    memory_used_bytes: typeof available === "number" ? total - available : available,
    swap_used_bytes: typeof swap === "number" && typeof swapFree === "number" ? swap - swapFree : swap,
  };
}

/** Sums over the processes named; one that has ended makes them unknown. */
function processesOf(root: string, pids: readonly number[]): Partial<Record<CpuReading, Value>> {
  const ids = ["process_cpu_s", "process_rss_bytes", "process_involuntary_switches"] as const;
  if (pids.length === 0) return Object.fromEntries(ids.map((id) => [id, { missing: "not-asked" as const }]));
  const sums = { process_cpu_s: 0, process_rss_bytes: 0, process_involuntary_switches: 0 };
  for (const pid of pids) {
    const stat = readSystem(root, `proc/${pid}/stat`);
    const status = readSystem(root, `proc/${pid}/status`);
    if ("missing" in stat) return Object.fromEntries(ids.map((id) => [id, stat]));
    const fields = stat.text.split(") ").at(-1)?.split(" ") ?? [];
    sums.process_cpu_s += (Number(fields[11]) + Number(fields[12])) / USER_HZ;
    sums.process_rss_bytes += numberOrNull(fieldIn(status, "VmRSS", 1024)) ?? Number.NaN;
    sums.process_involuntary_switches += numberOrNull(fieldIn(status, "nonvoluntary_ctxt_switches")) ?? Number.NaN;
  }
  return sums;
}

function nameOf(root: string, isLive: boolean): string | null {
  const info = readSystem(root, "proc/cpuinfo");
  const model = "text" in info ? /^model name\s*:\s*(.+)$/m.exec(info.text)?.[1]?.trim() : undefined;
  const name = model ?? (isLive ? cpus()[0]?.model.trim() : undefined);
  return name === undefined || name === "" ? null : `${name}${isLive ? ` (${availableParallelism()} usable)` : ""}`;
}

function numberOrNull(value: Value): number | null {
  return typeof value === "number" ? value : null;
}
