import type { TrialLine } from "../domain/generated/journal-v1.ts";
import * as stats from "../stats/index.ts";
import type { CellSamples } from "./cell-samples.ts";
import type { RunRecord } from "./run-record.ts";

/** What a usual test says of one identical pair, at one-sided level alpha: true is a false alarm. Undefined: it cannot be computed. */
export interface NaiveAlarms {
  /** Every call of the baseline's first half of the session against every call of the twin's second half. */
  readonly sequentialCalls: boolean | undefined;
  /** The same with one median a process. */
  readonly sequentialMedians: boolean | undefined;
  /** Every call of one against every call of the other, as if calls were independent. */
  readonly pooledCalls: boolean | undefined;
}

/** Welch's t as tools without blocks use it. "Sequential": the baseline is what ran in the first half, the twin what ran in the second. */
export function naiveAlarms(baseline: CellSamples, twin: CellSamples, alpha: number): NaiveAlarms {
  const half = Math.floor(baseline.latencyMedianS.length / 2);
  const alarm = (x: readonly number[], y: readonly number[]) => {
    const { p, reason } = stats.welchTest(x, y, { alternative: "greater" });
    return reason === undefined ? p <= alpha : undefined;
  };
  const medians = (sample: CellSamples, isLate: boolean) =>
    sample.latencyMedianS.filter((value, block) => value !== undefined && block >= half === isLate) as number[];
  const late = callsOf(twin.finished, (block) => block >= half);
  return {
    sequentialCalls: alarm(
      late,
      callsOf(baseline.finished, (block) => block < half),
    ),
    sequentialMedians: alarm(medians(twin, true), medians(baseline, false)),
    pooledCalls: alarm(
      callsOf(twin.finished, () => true),
      callsOf(baseline.finished, () => true),
    ),
  };
}

function callsOf(trials: readonly TrialLine[], wanted: (block: number) => boolean): number[] {
  return trials.flatMap(({ block, measured }) => (wanted(block) ? (measured?.latency_ns ?? []) : []));
}

/**
 * The record as it would be had every call of these variants taken `1 + share` times what it took: arms that are slower by exactly that
 * much, as no delay at run time is (a busy wait is itself delayed on a loaded machine).
 */
export function slowedRecord(record: RunRecord, quantTags: readonly string[], share: number): RunRecord {
  const { plan, trials } = record;
  const slowed = new Set(plan.variants.filter((v) => quantTags.includes(v.quant_tag)).map((v) => v.variant_id));
  return {
    ...record,
    trials: trials.map((trial) =>
      trial.measured === null || !slowed.has(trial.variant_id)
        ? trial
        : {
            ...trial,
            measured: { ...trial.measured, latency_ns: trial.measured.latency_ns.map((ns) => ns * (1 + share)) },
          },
    ),
  };
}
