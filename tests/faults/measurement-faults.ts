import { type Fault, refused, undecided } from "./fault.ts";
import { BASELINE, GOOD, type Measured, type StoredRun, setLatency } from "./stored-run.ts";

const PRIMARY_MEMORY = { gates: [{ id: "peak_memory", tier: "primary" }] };

/** Every latency of a cell, in its order, with the loops that timed them. */
function rescale(run: StoredRun, cell: string, factor: number): void {
  for (const measured of run.measured(cell)) {
    setLatency(
      measured,
      measured.latency_ns.map((ns) => ns * factor),
    );
  }
}

function third(run: StoredRun): Measured {
  return run.trial(GOOD, 3).measured;
}

/** Times, memory and rates that were not measured, or are not in the unit they claim. */
export const MEASUREMENT_FAULTS: readonly Fault[] = [
  {
    name: "a trial timed nothing",
    ending: refused(/holds 0 latency samples/),
    run: (run) => setLatency(third(run), []),
  },
  {
    name: "the samples of a trial are cut off after five",
    ending: refused(/holds 5 latency samples of 20 to 40/),
    run: (run) => setLatency(third(run), third(run).latency_ns.slice(0, 5)),
  },
  {
    name: "a trial holds more samples than it may take",
    ending: refused(/latency samples of 20 to 40/),
    run: (run) =>
      setLatency(
        third(run),
        [1, 2, 3].flatMap(() => third(run).latency_ns),
      ),
  },
  {
    name: "a latency is negative",
    ending: refused(/latency_ns/),
    run: (run) => {
      third(run).latency_ns[7] = -1_000_000;
    },
  },
  {
    name: "a latency is null",
    ending: refused(/latency_ns/),
    run: (run) => {
      third(run).latency_ns[7] = null as unknown as number;
    },
  },
  {
    name: "the latency of the variant never varies",
    ending: undecided(/latency_ratio: inconclusive .*constant-where-it-cannot-be/),
    run: (run) => {
      for (const measured of run.measured(GOOD)) setLatency(measured, new Array<number>(20).fill(1_000_000));
    },
  },
  {
    name: "the latency of the baseline never varies",
    ending: undecided(/latency_ratio: inconclusive .*constant-where-it-cannot-be/),
    run: (run) => {
      for (const measured of run.measured(BASELINE)) setLatency(measured, new Array<number>(20).fill(2_000_000));
    },
  },
  {
    name: "one trial holds its median in place of each sample",
    ending: undecided(/latency_ratio: inconclusive .*constant-where-it-cannot-be/),
    run: (run) => setLatency(third(run), new Array<number>(20).fill(third(run).latency_ns[0] as number)),
  },
  {
    name: "the variant's times are those of the baseline, halved",
    ending: undecided(/latency_ratio: inconclusive .*constant-where-it-cannot-be/),
    run: (run) => {
      for (const { block, measured } of run.of(BASELINE)) {
        const even = (measured as Measured).latency_ns.map((ns) => 2 * Math.round(ns / 2));
        const half = even.map((ns) => ns / 2);
        setLatency(measured as Measured, even);
        setLatency(run.trial(GOOD, block).measured, half);
      }
    },
  },
  {
    name: "a clock stands still: every latency is 0",
    ending: refused(/calls add up to 0 s/),
    run: (run) => {
      for (const measured of run.measured(GOOD)) measured.latency_ns = measured.latency_ns.map(() => 0);
    },
  },
  {
    name: "a clock stands still, and the loop took no time either",
    ending: undecided(/latency_ratio: inconclusive invalid-values/),
    run: (run) => rescale(run, GOOD, 0),
  },
  {
    name: "milliseconds are written as nanoseconds in the variant",
    ending: refused(/calls add up to .* in a loop of/),
    run: (run) => {
      for (const measured of run.measured(GOOD)) {
        measured.latency_ns = measured.latency_ns.map((ns, i) => Math.round(ns * 1e-6) + (i % 2));
      }
    },
  },
  {
    name: "microseconds are written as nanoseconds in the variant, its loops too",
    ending: undecided(/latency_ratio: inconclusive .*implausible-ratio/),
    run: (run) => rescale(run, GOOD, 1e-3),
  },
  {
    name: "nanoseconds are written as picoseconds in the baseline, its loops too",
    ending: undecided(/latency_ratio: inconclusive .*implausible-ratio/),
    run: (run) => rescale(run, BASELINE, 1e3),
  },
  {
    name: "the unit changes in one block of the variant",
    ending: undecided(/latency_ratio: inconclusive .*implausible-ratio/),
    run: (run) =>
      setLatency(
        third(run),
        third(run).latency_ns.map((ns) => ns * 1e-3),
      ),
  },
  {
    name: "the unit of the peak memory changes in the variant",
    ending: undecided(/peak_memory: inconclusive implausible-ratio/),
    run: (run) => {
      for (const { memory } of run.measured(GOOD)) memory.peak_rss_bytes = (memory.peak_rss_bytes ?? 0) / 1024;
    },
    policy: PRIMARY_MEMORY,
  },
  {
    name: "the calls of a trial took longer than their loop",
    ending: refused(/calls add up to .* in a loop of/),
    run: (run) => {
      third(run).host.loop_wall_s /= 2;
    },
  },
  {
    name: "a clock is set while a trial of the variant runs",
    ending: undecided(/latency_ratio: inconclusive .*clock-step/),
    run: (run) => {
      third(run).host.system_clock_s += 3600;
    },
  },
  {
    name: "a clock is set back while a trial of the baseline runs",
    ending: undecided(/latency_ratio: inconclusive .*clock-step/),
    run: (run) => {
      run.trial(BASELINE, 2).measured.host.system_clock_s -= 2;
    },
  },
  {
    name: "time goes backwards between two trials",
    ending: undecided(/latency_ratio: inconclusive .*clock-step/),
    run: (run) => {
      run.trial(GOOD, 5).started_at = run.trial(GOOD, 1).started_at;
    },
  },
  {
    name: "two blocks hold one measurement, byte for byte, as a reused seed gives",
    ending: refused(/one measurement was written down twice/),
    run: (run) => {
      run.trial(GOOD, 5).measured = structuredClone(run.trial(GOOD, 4).measured);
    },
  },
  {
    name: "the variant's times were copied from the baseline",
    ending: refused(/one measurement was written down twice/),
    run: (run) => {
      const { latency_ns, host } = run.trial(BASELINE, 4).measured;
      Object.assign(run.trial(GOOD, 4).measured, { latency_ns, host });
    },
  },
  {
    name: "a canary's times stand in for a block of the baseline",
    ending: refused(/one measurement was written down twice/),
    run: (run) => {
      const canary = run.trials.find((line) => line.trial_kind === "canary")?.measured as Measured;
      setLatency(run.trial(BASELINE, 6).measured, canary.latency_ns);
    },
  },
  {
    name: "a throughput is 0",
    ending: refused(/reports 0 as its throughput/),
    run: (run) => {
      third(run).throughput.items_per_second = 0;
    },
  },
  {
    name: "a throughput is per millisecond",
    ending: refused(/its throughput is .* items in/),
    run: (run) => {
      for (const { throughput } of run.measured(GOOD)) throughput.items_per_second *= 1e-3;
    },
  },
  {
    name: "an evaluation took no time",
    ending: refused(/reports 0 as its evaluation time/),
    run: (run) => {
      third(run).throughput.seconds = 0;
    },
  },
  {
    name: "a memory reading is 0",
    ending: refused(/reports 0 as its peak memory/),
    run: (run) => {
      third(run).memory.peak_rss_bytes = 0;
    },
  },
  {
    name: "a memory reading is negative",
    ending: refused(/reports -1 as its peak memory/),
    run: (run) => {
      for (const { memory } of run.measured(GOOD)) memory.peak_rss_bytes = -1;
    },
  },
  {
    name: "a load time is negative",
    ending: refused(/reports -0.01 as its load time/),
    run: (run) => {
      third(run).load_s = -0.01;
    },
  },
  {
    name: "a load average is negative",
    ending: refused(/reports -1 as its load$/),
    run: (run) => {
      third(run).host.load1 = -1;
    },
  },
  {
    name: "a trial took less than no time",
    ending: refused(/took -5 s/),
    run: (run) => {
      run.trial(GOOD, 3).wall_s = -5;
    },
  },
];
