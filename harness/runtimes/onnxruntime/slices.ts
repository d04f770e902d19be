import type { LatencySettings } from "../../domain/runtime-port.ts";
import type { LatencyLoopResult } from "./latency-loop.ts";

/** Calls at the start of a slice that are run and discarded: another process has had the caches. */
const PRIMING = { warmupIterations: 2, warmupMs: 1 };

/** Settings of each slice of a latency loop: the first begins with the whole warm-up, the samples are shared out evenly. */
export function sliceSettings(latency: LatencySettings & { readonly sliceMs: number }): LatencySettings[] {
  const { sliceMs, timeBudgetMs, minSamples, maxSamples } = latency;
  const count = Math.min(maxSamples, Math.max(1, Math.round(timeBudgetMs / sliceMs)));
  const least = Math.ceil(minSamples / count);
  return Array.from({ length: count }, (_, slice) => ({
    ...latency,
    ...(slice === 0 ? {} : PRIMING),
    timeBudgetMs: sliceMs,
    minSamples: Math.min(least, share(maxSamples, count, slice)),
    maxSamples: share(maxSamples, count, slice),
  }));
}

/** Part `index` of `total` in `count` parts that differ by one at the most. */
function share(total: number, count: number, index: number): number {
  return Math.floor(((index + 1) * total) / count) - Math.floor((index * total) / count);
}

/** Slices as one loop: samples in time order, times added up; only the first slice's warm-up counts as one. */
export function joinSlices(slices: readonly LatencyLoopResult[]): LatencyLoopResult & { readonly slices: number[] } {
  const [first] = slices;
  if (first === undefined) throw new RangeError("there are no slices to join");
  const sum = (value: (slice: LatencyLoopResult) => number) => slices.reduce((total, slice) => total + value(slice), 0);
  const isCounted = slices.every(({ involuntarySwitches }) => involuntarySwitches !== undefined);
  const latencyS = new Float64Array(sum((slice) => slice.latencyS.length));
  let at = 0;
  for (const slice of slices) {
    latencyS.set(slice.latencyS, at);
    at += slice.latencyS.length;
  }
  return {
    latencyS,
    slices: slices.map((slice) => slice.latencyS.length),
    warmup: first.warmup,
    loopWallS: sum((slice) => slice.loopWallS),
    loopCpuS: sum((slice) => slice.loopCpuS),
    involuntarySwitches: isCounted ? sum((slice) => slice.involuntarySwitches ?? 0) : undefined,
    gcS: sum((slice) => slice.gcS),
  };
}
