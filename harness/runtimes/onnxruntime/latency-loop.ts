import { performance } from "node:perf_hooks";
import { GCProfiler } from "node:v8";
import { Bench } from "tinybench";
import type { LatencySettings } from "../../domain/runtime-port.ts";

/** What the loop measured, times in seconds. */
export interface LatencyLoopResult {
  /** One call each, in time order. */
  readonly latencyS: Float64Array;
  readonly warmup: { readonly iterations: number; readonly seconds: number };
  readonly loopWallS: number;
  /** CPU time of this process, user and system. */
  readonly loopCpuS: number;
  readonly involuntarySwitches: number | undefined;
  /** Time in V8's garbage collector, part of whichever samples it fell into. */
  readonly gcS: number;
}

/**
 * Times single calls of `session.run`, one feed after another in turn, after a warm-up that is counted and discarded. tinybench keeps the
 * budget; the samples are our own, because its are sorted. Between the two clock readings stands the awaited call and nothing else (but
 * for the handicap of a certification run). The heap is collected between warm-up and samples unless `collectsFirst` is false, as in
 * slices after the first: a collection would sweep the caches that the warm-up filled.
 */
export async function measureLatency<Feed>(
  session: { run(feed: Feed): Promise<unknown> },
  feeds: readonly [Feed, ...Feed[]],
  settings: LatencySettings,
  { collectsFirst = true }: { readonly collectsFirst?: boolean } = {},
): Promise<LatencyLoopResult> {
  const samples = new Float64Array(settings.maxSamples);
  // The same object each time, so that the loop allocates as little as the call does.
  const answer = { overriddenDuration: 0 };
  const stop = new AbortController();
  const { handicap = 0 } = settings;
  let taken = 0;
  let next = 0;
  let isWarmup = true;
  const warmup = { iterations: 0, seconds: 0 };

  const sample = async (): Promise<typeof answer> => {
    const feed = feeds[next] as Feed;
    next = next + 1 === feeds.length ? 0 : next + 1;
    const start = performance.now();
    await session.run(feed);
    if (handicap > 0) waitBusily(start, handicap);
    const tookMs = performance.now() - start;
    answer.overriddenDuration = tookMs;
    if (isWarmup) {
      warmup.iterations++;
      warmup.seconds += tookMs / 1000;
    } else {
      samples[taken++] = tookMs / 1000;
      if (taken === settings.maxSamples) stop.abort();
    }
    return answer;
  };

  const bench = new Bench({
    throws: true,
    warmup: true,
    warmupIterations: settings.warmupIterations,
    warmupTime: settings.warmupMs,
    iterations: Math.min(settings.minSamples, settings.maxSamples),
    time: settings.timeBudgetMs,
  });
  let begin: Reading | undefined;
  let end: Reading | undefined;
  const collector = new GCProfiler();
  bench.add("call", sample, {
    // Said outright: tinybench would find out by an extra, unrecorded call.
    async: true,
    signal: stop.signal,
    beforeAll: (mode) => {
      isWarmup = mode === "warmup";
      if (isWarmup) return;
      if (collectsFirst) collectGarbage();
      collector.start();
      begin = read();
    },
    afterAll: () => {
      if (!isWarmup) end = read();
    },
  });
  await bench.run();
  const collected = collector.stop();
  if (begin === undefined || end === undefined) throw new Error("the latency loop did not run");
  return {
    latencyS: samples.slice(0, taken),
    warmup,
    loopWallS: (end.wallMs - begin.wallMs) / 1000,
    loopCpuS: (end.cpuUs - begin.cpuUs) / 1e6,
    involuntarySwitches: end.switches === undefined ? undefined : end.switches - (begin.switches ?? 0),
    gcS: collected.statistics.reduce((sum, { cost }) => sum + cost, 0) / 1e6,
  };
}

interface Reading {
  readonly wallMs: number;
  readonly cpuUs: number;
  readonly switches: number | undefined;
}

function read(): Reading {
  const { user, system } = process.cpuUsage();
  // libuv has no figure on Windows and answers 0.
  const switches = process.platform === "win32" ? undefined : process.resourceUsage().involuntaryContextSwitches;
  return { wallMs: performance.now(), cpuUs: user + system, switches };
}

/** Certification: burns the given share of what has passed since `start`, as slower code would; a sleep would yield the core. */
function waitBusily(start: number, share: number): void {
  const until = start + (performance.now() - start) * (1 + share);
  while (performance.now() < until);
}

/** A clean heap at the start of every loop, where the process was started with --expose-gc. */
function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
