import { readFile } from "node:fs/promises";
import type { DoctorFinding } from "../domain/doctor.ts";
import { between, readHost } from "../platform/host-readings.ts";
import * as stats from "../stats/index.ts";
import type { DoctorContext } from "./doctor.ts";

/** Length of the burn-in, and of one stretch of it. */
const BURN_IN_MS = 3000;
const STRETCH_MS = 10;
/** Above these a time measured here needs more blocks, or cannot be trusted alone. */
const MOST_CV = 0.1;
const MOST_FOREIGN = 0.25;

/** A burn-in of equal work, stretch by stretch, and what else used the machine meanwhile. */
export async function checkNoise({ signal }: Pick<DoctorContext, "signal">): Promise<DoctorFinding> {
  const before = readHost();
  const cpuBefore = before.harnessCpuS;
  const times = await burnIn(signal);
  const after = readHost();
  const { wallS, cpuBusyS, cpus, stealS, cpuPressureS, load1 } = between(before, after);
  const own = after.harnessCpuS - cpuBefore;
  const foreign = cpuBusyS === undefined || cpus === 0 ? undefined : Math.max(0, cpuBusyS - own) / (wallS * cpus);
  return describeNoise({
    cv: stats.standardDeviation(times) / stats.mean(times),
    foreign,
    steal: stealS === undefined ? undefined : stealS / wallS,
    pressure: cpuPressureS === undefined ? undefined : cpuPressureS / wallS,
    load1,
    governor: await governor(),
    clockNs: clockStepNs(),
  });
}

export interface NoiseFigures {
  readonly cv: number;
  readonly foreign: number | undefined;
  readonly steal: number | undefined;
  readonly pressure: number | undefined;
  readonly load1: number | undefined;
  readonly governor: string | undefined;
  readonly clockNs: number;
}

export function describeNoise(figures: NoiseFigures): DoctorFinding {
  const { cv, foreign, steal, pressure, load1, governor, clockNs } = figures;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const facts = {
    cv,
    foreign_cpu_share: foreign ?? null,
    steal_share: steal ?? null,
    pressure_share: pressure ?? null,
    load_1m: load1 ?? null,
    governor: governor ?? null,
    clock_step_ns: clockNs,
  };
  const advice = [
    ...(foreign !== undefined && foreign > MOST_FOREIGN
      ? ["Close what else uses the processors, or runs are marked as polluted."]
      : []),
    ...(steal !== undefined && steal > 0.05
      ? ["The hypervisor keeps processor time back: another host, or more blocks."]
      : []),
    ...(governor === "powersave" || governor === "ondemand"
      ? [`The clock follows the load (${governor}): set the governor to performance.`]
      : []),
    ...(clockNs > 1e6 ? ["The clock is coarse: raise latency.time_budget_ms."] : []),
  ];
  const isNoisy = !(cv <= MOST_CV);
  if (isNoisy && advice.length === 0)
    advice.push(
      "Time the variants in turns (latency.slice_ms), raise runs_per_quant, or measure on a machine of your own.",
    );
  const found = `equal work varies by ${percent(cv)} (limit ${percent(MOST_CV)})${foreign === undefined ? "" : `, other programs use ${percent(foreign)} of the processors`}`;
  return isNoisy || advice.length > 0
    ? { status: "warn", found, advice: advice.join(" "), facts }
    : { status: "ok", found, facts };
}

/** Milliseconds of each stretch of the same work, sized once to about 10 ms. */
async function burnIn(signal: AbortSignal): Promise<Float64Array> {
  const rounds = await sizeOf(STRETCH_MS);
  const times: number[] = [];
  const end = performance.now() + BURN_IN_MS;
  while (performance.now() < end) {
    signal.throwIfAborted();
    const start = performance.now();
    work(rounds);
    times.push(performance.now() - start);
    // So that an abort is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Float64Array.from(times);
}

async function sizeOf(ms: number): Promise<number> {
  let rounds = 100_000;
  // The first rounds are interpreted; the compiled loop is what is sized.
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    work(rounds);
    rounds = Math.max(1000, Math.round((rounds * ms) / Math.max(0.01, performance.now() - start)));
  }
  return rounds;
}

/** A generator's steps, which no compiler can leave out as long as the last one is looked at. */
function work(rounds: number): void {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  if (!Number.isInteger(x)) throw new RangeError("32-bit integers are whole");
}

/** Smallest step the clock was seen to make. */
function clockStepNs(): number {
  let least = Number.POSITIVE_INFINITY;
  let last = process.hrtime.bigint();
  for (let i = 0; i < 10_000; i++) {
    const now = process.hrtime.bigint();
    if (now > last) least = Math.min(least, Number(now - last));
    last = now;
  }
  return least;
}

async function governor(): Promise<string | undefined> {
  const text = await readFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "utf8").catch(() => undefined);
  return text?.trim();
}
