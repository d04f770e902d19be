import { cpus, loadavg } from "node:os";
import { type Clock, systemClock } from "./clock.ts";
import { type HostSource, readSystem } from "./host.ts";

/** The machine at one moment. Counters grow from boot; undefined where the platform gives no reading. */
export interface HostReading {
  readonly monotonicNs: bigint;
  readonly wallMs: number;
  /** Runnable processes, averaged over a minute. */
  readonly load1: number | undefined;
  /** Time a hypervisor kept from us, summed over cores, seconds. */
  readonly stealS: number | undefined;
  /** Time in which some task waited for a CPU (pressure stall information), seconds. */
  readonly cpuPressureS: number | undefined;
  /** Time at work, summed over cores, and how many those are. */
  readonly cpuBusyS: number | undefined;
  readonly cpus: number;
  /** Processor time of this process. */
  readonly harnessCpuS: number;
}

/** The machine between two moments: load at the first, the rest as differences, in seconds. */
export interface HostInterval {
  readonly wallS: number;
  /** By the system's clock: differs from wallS when that was set meanwhile. */
  readonly systemClockS: number;
  readonly load1: number | undefined;
  readonly stealS: number | undefined;
  readonly cpuPressureS: number | undefined;
  readonly cpuBusyS: number | undefined;
  readonly cpus: number;
  readonly harnessCpuS: number;
}

/** Ticks a second in /proc/stat: sysconf(_SC_CLK_TCK), which Linux fixes at 100 on every platform Node supports. */
const USER_HZ = 100;

/** Reads the machine now. Two small files, well under a millisecond; still, keep it out of timed loops. */
export function readHost({
  clock = systemClock,
  source = { root: "/", env: {} },
}: {
  clock?: Clock;
  source?: HostSource;
} = {}): HostReading {
  const stat = readSystem(source, "proc/stat") ?? "";
  const cpu = /^cpu (.*)$/m.exec(stat)?.[1]?.trim().split(/\s+/);
  const stealTicks = Number(cpu?.[7]);
  const pressure = /^some .*\btotal=(\d+)/m.exec(readSystem(source, "proc/pressure/cpu") ?? "")?.[1];
  return {
    monotonicNs: clock.monotonicNs(),
    wallMs: clock.wallMs(),
    // Windows answers [0, 0, 0] for "not known".
    load1: process.platform === "win32" ? undefined : loadavg()[0],
    stealS: Number.isFinite(stealTicks) ? stealTicks / USER_HZ : undefined,
    cpuPressureS: pressure === undefined ? undefined : Number(pressure) / 1e6,
    ...busyTime(cpu, stat),
    harnessCpuS: ownCpuS(),
  };
}

/** user, nice, system, irq and softirq; idle, waiting for a disk and stolen time are no work. */
function busyTime(ticks: readonly string[] | undefined, stat: string): Pick<HostReading, "cpuBusyS" | "cpus"> {
  if (ticks !== undefined) {
    const busy = [0, 1, 2, 5, 6].reduce((sum, column) => sum + Number(ticks[column]), 0);
    const count = stat.match(/^cpu\d+ /gm)?.length ?? 0;
    if (Number.isFinite(busy) && count > 0) return { cpuBusyS: busy / USER_HZ, cpus: count };
  }
  const cores = cpus();
  const busyMs = cores.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { cpuBusyS: cores.length === 0 ? undefined : busyMs / 1000, cpus: cores.length };
}

function ownCpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What happened between two readings. */
export function between(before: HostReading, after: HostReading): HostInterval {
  return {
    wallS: Number(after.monotonicNs - before.monotonicNs) / 1e9,
    systemClockS: (after.wallMs - before.wallMs) / 1000,
    load1: before.load1,
    stealS: difference(before.stealS, after.stealS),
    cpuPressureS: difference(before.cpuPressureS, after.cpuPressureS),
    cpuBusyS: difference(before.cpuBusyS, after.cpuBusyS),
    cpus: after.cpus,
    harnessCpuS: after.harnessCpuS - before.harnessCpuS,
  };
}

/** Two stretches as one, whatever happened between them left out; the load is that of the first. */
export function together(first: HostInterval, next: HostInterval): HostInterval {
  return {
    wallS: first.wallS + next.wallS,
    systemClockS: first.systemClockS + next.systemClockS,
    load1: first.load1,
    stealS: sum(first.stealS, next.stealS),
    cpuPressureS: sum(first.cpuPressureS, next.cpuPressureS),
    cpuBusyS: sum(first.cpuBusyS, next.cpuBusyS),
    cpus: next.cpus,
    harnessCpuS: first.harnessCpuS + next.harnessCpuS,
  };
}

function sum(first: number | undefined, next: number | undefined): number | undefined {
  return first === undefined || next === undefined ? undefined : first + next;
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}
