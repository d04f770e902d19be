import type { CiLine } from "../domain/ci-report.ts";
import { counted, decimal } from "./numbers.ts";
import { visible } from "./visible-text.ts";

interface ShownSeries {
  readonly test_id: string;
  readonly cell_id: string;
  readonly metric: string;
  readonly hard: string;
  readonly n: number;
  readonly latest: number;
  readonly changes: readonly {
    readonly direction: string;
    readonly before: number;
    readonly after: number;
    readonly runs: readonly [string, string];
    readonly commits: readonly [string | null, string | null];
  }[];
  readonly alarms: readonly { readonly run: string; readonly since: string; readonly direction: string }[];
  readonly drift: { readonly baseline_ref: string; readonly verdict: string; readonly value: number | null } | null;
  readonly ratchet: { readonly level: number; readonly verdict: string } | null;
}

/** Series with something to say, each with its events; the others as a count. */
export function renderHistory(report: {
  readonly series: readonly ShownSeries[];
  readonly runs: number;
  readonly unreadable: readonly number[];
}): string {
  const lines = [
    `${counted(report.runs, "runs")}, ${counted(report.series.length, "series").replace(/serie$/, "series")}`,
  ];
  if (report.unreadable.length > 0) lines.push(`not readable: lines ${report.unreadable.join(", ")} of history.ndjson`);
  for (const series of report.series) {
    const events = eventsOf(series);
    if (events.length === 0) continue;
    lines.push(`${series.test_id} ${series.cell_id} ${series.metric} on ${series.hard}, ${counted(series.n, "runs")}`);
    lines.push(...events.map((event) => `  ${event}`));
  }
  if (lines.length === 1) lines.push("no change, alarm or drift");
  return lines.map(visible).join("\n");
}

function eventsOf({ changes, alarms, drift, ratchet }: ShownSeries): string[] {
  const number = (value: number) => decimal(value, { digits: 3, significant: 3 });
  const commit = (sha: string | null) => sha?.slice(0, 10) ?? "unknown";
  const events = changes.map(({ direction, before, after, runs, commits }) => {
    const range = `${commit(commits[0])}..${commit(commits[1])}`;
    return `${direction}: ${number(before)} to ${number(after)} at ${runs[1]} (commits ${range})`;
  });
  events.push(...alarms.map(({ run, since, direction }) => `alarm (${direction}) at ${run}, since ${since}`));
  if (drift?.verdict === "beyond")
    events.push(`drift of ${number(drift.value ?? 0)} from pinned ${drift.baseline_ref}`);
  if (ratchet?.verdict === "beyond") events.push(`above the lowest sustained level ${number(ratchet.level)}`);
  return events;
}

/** What the history says about the newest run. */
export function renderHistoryVerdict(
  history: { readonly runs: number; readonly pinned: string | null; readonly unreadable: readonly number[] },
  lines: readonly CiLine[],
): string {
  const own = lines.filter((line) => line.scope === "history");
  const said = own.filter((line) => line.verdict === "fail");
  const drift = own.filter((line) => line.gate.startsWith("drift "));
  const verdict = said.some((line) => line.decides)
    ? "FAIL"
    : history.pinned === null
      ? "not judged, nothing is pinned (quantgate baselines pin-baseline)"
      : drift.some((line) => line.verdict === "inconclusive")
        ? "undecided, too few runs or too much noise"
        : "within the margins";
  const shown = said.map(
    ({ cell, gate, decides, text }) => `  ${cell} ${gate} (${decides ? "decides" : "advises"}): ${text}`,
  );
  const anchor = history.pinned === null ? "" : ` from pinned ${history.pinned}`;
  const head = `history of ${counted(history.runs, "runs")}, drift${anchor}: ${verdict}`;
  const gaps =
    history.unreadable.length === 0 ? [] : [`not readable: lines ${history.unreadable.join(", ")} of history.ndjson`];
  return [head, ...gaps, ...shown].map(visible).join("\n");
}
