import { resolve } from "node:path";
import type { Baseline, BaselineRow } from "../domain/generated/baseline-v1.ts";
import type { HistoryLine, HistoryPoint } from "../domain/generated/history-v1.ts";
import * as stats from "../stats/index.ts";
import { appendHistory, readHistory } from "../store/history.ts";
import { type Identity, openBaselines, readAsBaseline } from "./baselines.ts";

/** Runs from which the online detector learns what is normal. */
const TRAINING_RUNS = 20;

/** Drift that is tolerated, by metric: the margins of the default gates, in the series' own unit. */
const MARGINS: Readonly<Record<HistoryPoint["metric"], number>> = {
  "latency.ratio": Math.log1p(0.05),
  "memory.ratio": Math.log1p(0.1),
  "quality.error": 0.01,
  "size.bytes": 0,
  // Of full-precision cells as they are: the machine's own drift is in them.
  "latency.p50": 0,
  "memory.peak": 0,
};

/** Series whose margin is a fraction of the reference. */
const RELATIVE_MARGINS: Readonly<Partial<Record<HistoryPoint["metric"], number>>> = {
  "latency.p50": 0.1,
  "memory.peak": 0.1,
};

/** A change, with the commits between which it happened. */
export interface DatedChange {
  readonly index: number;
  readonly direction: "better" | "worse";
  /** Levels in the metric's unit. */
  readonly before: number;
  readonly after: number;
  /** Last run of the old level and first of the new. */
  readonly runs: readonly [string, string];
  readonly commits: readonly [string | null, string | null];
}

export interface SeriesReport {
  readonly test_id: string;
  readonly revision: string;
  readonly hard: string;
  readonly cell_id: string;
  readonly metric: HistoryPoint["metric"];
  readonly n: number;
  readonly latest: number;
  readonly changes: readonly DatedChange[];
  /** Alarms of the online detector after its training runs. */
  readonly alarms: readonly { readonly run: string; readonly since: string; readonly direction: "better" | "worse" }[];
  /** Against the newest pinned baseline of this test, revision and hardware; null without one. */
  readonly drift: SeriesDrift | null;
  readonly ratchet: { readonly level: number; readonly verdict: string } | null;
}

/** How far the newest runs have moved from the pinned one, in the metric's unit; + is worse. */
export interface SeriesDrift {
  readonly baseline_ref: string;
  readonly verdict: stats.DriftResult["verdict"];
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Runs the interval is made of. */
  readonly n: number;
  readonly margin: number;
}

/** Adds a stored run to the history in `root`, whatever its verdict. False when it is in it already. */
export async function recordHistory(
  options: Identity & {
    readonly run: string;
    readonly outDir: string;
    readonly root: string;
  },
): Promise<boolean> {
  const { document, summary } = await readAsBaseline(options.run, options.outDir, options);
  return appendHistory(resolve(options.root), historyLine(document, summary.state));
}

/** A run as the history keeps it. */
export function historyLine(run: Baseline, state: HistoryLine["state"]): HistoryLine {
  return {
    schema_version: "quantgate.history.v1",
    generated_at: run.generated_at,
    run_id: run.baseline_ref,
    test_id: run.test_id,
    revision: run.task_revision,
    hard: run.hardware_fingerprint,
    soft: run.host.soft,
    commit_sha: run.provenance.commit_sha,
    state,
    verdict: run.verdict,
    points: run.rows.flatMap((row) => pointsOf(run, row)),
  };
}

function pointsOf(run: Baseline, row: BaselineRow): HistoryPoint[] {
  const reference = run.rows.find(
    (other) =>
      other.role === "baseline" &&
      other.model_id === row.model_id &&
      other.threads === row.threads &&
      other.batch_size === row.batch_size,
  );
  const isReference = row.role === "baseline";
  const ratio = (of: (one: BaselineRow) => readonly (number | null)[]) =>
    reference === undefined ? undefined : center(logRatios(of(row), of(reference)));
  const values: Partial<Record<HistoryPoint["metric"], number | undefined>> = {
    "quality.error": row.quality === null ? undefined : 1 - row.quality.correct / row.quality.n,
    "size.bytes": row.bytes_on_disk ?? undefined,
    ...(isReference
      ? { "latency.p50": center(present(row.latency.blocks)), "memory.peak": center(present(row.peak_rss_blocks)) }
      : {
          "latency.ratio": ratio((one) => one.latency.blocks),
          "memory.ratio": ratio((one) => one.peak_rss_blocks),
        }),
  };
  const doubt = row.run_quality === "ok" ? {} : { doubt: row.run_quality };
  return Object.entries(values).flatMap(([metric, value]) =>
    value === undefined
      ? []
      : [
          {
            cell_id: row.cell_id,
            metric: metric as HistoryPoint["metric"],
            value,
            ...(metric.startsWith("latency.") ? doubt : {}),
          },
        ],
  );
}

function present(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function logRatios(values: readonly (number | null)[], reference: readonly (number | null)[]): number[] {
  return values.flatMap((value, block) => {
    const base = reference[block];
    return value !== null && base != null && value > 0 && base > 0 ? [Math.log(value / base)] : [];
  });
}

function center(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : stats.hodgesLehmann(values).value;
}

interface Series {
  readonly key: Pick<SeriesReport, "test_id" | "revision" | "hard" | "cell_id" | "metric">;
  readonly runs: HistoryLine[];
  readonly values: number[];
}

/** What the history in `root` shows: one report a series of at least one run. `storageRoot`: where pinned baselines are. */
export async function analyzeHistory(options: {
  readonly root: string;
  readonly storageRoot: string;
  readonly testId?: string | undefined;
}): Promise<{ series: SeriesReport[]; runs: number; unreadable: readonly number[] }> {
  const { runs, unreadable } = await readHistory(resolve(options.root));
  const { entries } = await openBaselines(options.storageRoot).list();
  const pinned = entries.filter((entry) => entry.pinned).reverse();
  const wanted = runs.filter((run) => options.testId === undefined || run.test_id === options.testId);
  const series = seriesOf(wanted).map((one) => {
    const { test_id, revision, hard } = one.key;
    const anchor = pinned.find(
      (entry) => entry.test_id === test_id && entry.revision === revision && entry.hard === hard,
    );
    return reportSeries(one, anchor?.ref);
  });
  return { series, runs: wanted.length, unreadable };
}

/**
 * Series by test, revision, hardware, cell and metric: what differs in one of them is not comparable. In the order of recording, which
 * a clock that was set back does not change. Times that were doubtful when they were measured are left out.
 */
export function seriesOf(runs: readonly HistoryLine[]): Series[] {
  const series = new Map<string, Series>();
  for (const run of runs) {
    const { test_id, revision, hard } = run;
    for (const { cell_id, metric, value, doubt } of run.points) {
      if (doubt !== undefined) continue;
      const id = JSON.stringify([test_id, revision, hard, cell_id, metric]);
      let one = series.get(id);
      if (one === undefined) {
        one = { key: { test_id, revision, hard, cell_id, metric }, runs: [], values: [] };
        series.set(id, one);
      }
      one.runs.push(run);
      one.values.push(value);
    }
  }
  return [...series.values()];
}

/** Changes, alarms, drift and ratchet of one series; `pinnedRef`: the run that drift is measured from; `margin`: what it may be. */
export function reportSeries(
  { key, runs, values }: Series,
  pinnedRef: string | undefined,
  margin: (reference: number) => number = (reference) => marginOf(key.metric, reference),
): SeriesReport {
  const run = (index: number) => runs[index] as HistoryLine;
  const direction = (delta: number) => (delta > 0 ? "worse" : "better") as "better" | "worse";
  const changes = stats.changePoints(values).changes.map(
    ({ index, before, after }): DatedChange => ({
      index,
      direction: direction(after - before),
      before,
      after,
      runs: [run(index - 1).run_id, run(index).run_id],
      commits: [run(index - 1).commit_sha, run(index).commit_sha],
    }),
  );
  return {
    ...key,
    n: values.length,
    latest: values.at(-1) as number,
    changes,
    alarms: alarmsOf(values).map((alarm) => ({
      run: run(alarm.at).run_id,
      since: run(alarm.since).run_id,
      direction: alarm.direction === "up" ? "worse" : "better",
    })),
    drift: driftOf({ runs, values }, pinnedRef, margin),
    ratchet: ratchetOf(values, margin),
  };
}

/** Trains on the first runs, then watches the rest; nothing where the training runs do not vary. */
function alarmsOf(values: readonly number[]): stats.OnlineAlarm[] {
  if (values.length <= TRAINING_RUNS) return [];
  const training = Float64Array.from(values.slice(0, TRAINING_RUNS));
  const mean = stats.mean(training);
  const sd = stats.standardDeviation(training);
  if (!(sd > 0)) return [];
  let products = 0;
  for (let i = 1; i < TRAINING_RUNS; i++)
    products += ((training[i] as number) - mean) * ((training[i - 1] as number) - mean);
  const phi = Math.max(0, Math.min(0.95, products / (sd * sd * (TRAINING_RUNS - 1))));
  const detector = new stats.OnlineDetector({ mean, sd, phi });
  return values.slice(TRAINING_RUNS).flatMap((value) => {
    const alarm = detector.add(value);
    return alarm === undefined ? [] : [{ ...alarm, at: alarm.at + TRAINING_RUNS, since: alarm.since + TRAINING_RUNS }];
  });
}

function marginOf(metric: HistoryPoint["metric"], reference: number): number {
  return MARGINS[metric] + (RELATIVE_MARGINS[metric] ?? 0) * Math.abs(reference);
}

function driftOf(
  { runs, values }: Pick<Series, "runs" | "values">,
  pinnedRef: string | undefined,
  marginAt: (reference: number) => number,
): SeriesDrift | null {
  const at = pinnedRef === undefined ? -1 : runs.findIndex((run) => run.run_id === pinnedRef);
  if (at < 0 || pinnedRef === undefined) return null;
  const reference = values[at] as number;
  const margin = marginAt(reference);
  const { drift, verdict } = stats.cumulativeDrift(values.slice(at + 1), { reference, margin });
  const finite = (bound: number | undefined) => (bound !== undefined && Number.isFinite(bound) ? bound : null);
  const { value, low, high, n } = drift;
  return { baseline_ref: pinnedRef, verdict, value: finite(value), low: finite(low), high: finite(high), n, margin };
}

function ratchetOf(values: readonly number[], marginAt: (reference: number) => number): SeriesReport["ratchet"] {
  const { level } = stats.ratchet(values, { margin: 0 });
  if (level === undefined) return null;
  const { verdict } = stats.ratchet(values, { margin: marginAt(level) });
  return { level, verdict };
}
