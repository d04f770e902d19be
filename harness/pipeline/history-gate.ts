import { resolve } from "node:path";
import type { BaselineRow } from "../domain/generated/baseline-v1.ts";
import type { HistoryPoint } from "../domain/generated/history-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Verdict } from "../gate/judge.ts";
import { readHistory } from "../store/history.ts";
import { openBaselines, type RunAsBaseline } from "./baselines.ts";
import { historyLine, reportSeries, type SeriesReport, seriesOf } from "./history.ts";

/** What the history says about one quantity of one cell, with this run as the newest. */
export interface HistoryCheck {
  readonly cell_id: string;
  readonly role: BaselineRow["role"];
  readonly metric: HistoryPoint["metric"];
  /**
   * drift: the newest six runs against the pinned one. ratchet: against the lowest sustained level. change: the level that the last
   * change point led to.
   */
  readonly kind: "drift" | "ratchet" | "change";
  /** Drift has the tier of the metric's gate; the others only advise: they are chosen among many, so their error rate is not α. */
  readonly tier: "primary" | "advisory";
  readonly verdict: Verdict;
  readonly report: SeriesReport;
}

export interface HistoryVerdict {
  /** Runs of this test, revision and hardware, this one included. */
  readonly runs: number;
  readonly unreadable: readonly number[];
  /** The pinned record that drift is measured from; null: nothing is pinned, so drift is not judged. */
  readonly pinned: string | null;
  readonly checks: readonly HistoryCheck[];
}

/** Gates whose metric a series tells about. */
const GATE_METRICS: Readonly<Record<HistoryPoint["metric"], GateSpecDoc["metric"]>> = {
  "latency.ratio": "latency.call",
  "latency.p50": "latency.call",
  "memory.ratio": "memory.peak_rss",
  "memory.peak": "memory.peak_rss",
  "quality.error": "quality.accuracy",
  "size.bytes": "size.bytes_on_disk",
};

/**
 * Judges a run by the history in `root`, as if it were the newest in it; nothing is written. Runs that were recorded after it are left
 * out, so that an old run judged again gets the verdict of its day.
 */
export async function judgeHistory(options: {
  readonly root: string;
  readonly storageRoot: string;
  readonly run: RunAsBaseline;
  readonly gates: readonly GateSpecDoc[];
}): Promise<HistoryVerdict> {
  const { document, summary } = options.run;
  const { runs: all, unreadable } = await readHistory(resolve(options.root));
  const own = all.findIndex((run) => run.run_id === document.baseline_ref);
  const earlier = own < 0 ? all : all.slice(0, own);
  const runs = [...earlier, historyLine(document, summary.state)].filter(
    ({ test_id, revision, hard }) =>
      test_id === document.test_id && revision === document.task_revision && hard === document.hardware_fingerprint,
  );
  const { entries } = await openBaselines(options.storageRoot).list();
  const anchor = entries.findLast(
    ({ pinned, test_id, revision, hard }) =>
      pinned &&
      test_id === document.test_id &&
      revision === document.task_revision &&
      hard === document.hardware_fingerprint,
  );
  const roles = new Map(document.rows.map((row) => [row.cell_id, row.role]));
  const checks = seriesOf(runs).flatMap((series): HistoryCheck[] => {
    const { cell_id, metric } = series.key;
    const role = roles.get(cell_id);
    const gate = gateOf(options.gates, metric);
    // A cell or quantity that this run did not measure has no newest point to judge.
    if (role === undefined || gate === undefined || series.runs.at(-1)?.run_id !== document.baseline_ref) return [];
    const report = reportSeries(series, anchor?.ref, (reference) => marginIn(gate, metric, reference));
    const tier = role === "baseline" ? "advisory" : gate.tier;
    return checksOf(report, { cell_id, metric, role, tier });
  });
  return { runs: runs.length, unreadable, pinned: anchor?.ref ?? null, checks };
}

function checksOf(
  report: SeriesReport,
  about: Pick<HistoryCheck, "cell_id" | "metric" | "role" | "tier">,
): HistoryCheck[] {
  const checks: HistoryCheck[] = [];
  const verdicts = { beyond: "fail", within: "pass", undecided: "inconclusive" } as const;
  if (report.drift !== null) {
    checks.push({ ...about, kind: "drift", verdict: verdicts[report.drift.verdict], report });
  }
  const ratchet = report.ratchet?.verdict as keyof typeof verdicts | undefined;
  if (ratchet === "beyond") {
    checks.push({ ...about, tier: "advisory", kind: "ratchet", verdict: verdicts[ratchet], report });
  }
  if (report.changes.at(-1)?.direction === "worse") {
    checks.push({ ...about, tier: "advisory", kind: "change", verdict: "fail", report });
  }
  return checks;
}

/** The strictest gate with a margin; a metric without one is not judged. */
function gateOf(gates: readonly GateSpecDoc[], metric: HistoryPoint["metric"]): GateSpecDoc | undefined {
  return gates
    .filter((gate) => gate.metric === GATE_METRICS[metric] && gate.margin !== null)
    .sort(
      (x, y) => Number(y.tier === "primary") - Number(x.tier === "primary") || (x.margin ?? 0) - (y.margin ?? 0),
    )[0];
}

/** The gate's margin in the unit of the series: ratios are logarithms there. */
function marginIn({ margin, margin_kind }: GateSpecDoc, metric: HistoryPoint["metric"], reference: number): number {
  const size = margin ?? 0;
  if (metric === "latency.ratio" || metric === "memory.ratio") return Math.log1p(size);
  if (metric === "quality.error") return margin_kind === "relative" ? size * (1 - reference) : size;
  return margin_kind === "relative" ? size * Math.abs(reference) : size;
}
