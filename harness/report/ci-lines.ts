import type { CiLine } from "../domain/ci-report.ts";
import type { EstimateDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { gateFact } from "./gate-words.ts";
import { decimal, percent } from "./numbers.ts";
import { visible } from "./visible-text.ts";

interface ComparedLike {
  readonly baseline_ref: string;
  readonly rows: readonly {
    readonly cell_id: string;
    readonly role: string;
    readonly unmatched: string | null;
    readonly checks: readonly {
      readonly gate_id: string;
      readonly metric: string;
      readonly tier: string;
      readonly margin: number;
      readonly verdict: CiLine["verdict"];
      readonly reasons: readonly string[];
      readonly effect: EstimateDoc | null;
    }[];
  }[];
}

interface HistoryLike {
  readonly cell_id: string;
  readonly role: string;
  readonly metric: string;
  readonly kind: "drift" | "ratchet" | "change";
  readonly tier: string;
  readonly verdict: CiLine["verdict"];
  readonly report: {
    readonly drift: {
      readonly baseline_ref: string;
      readonly value: number | null;
      readonly low: number | null;
      readonly high: number | null;
      readonly n: number;
      readonly margin: number;
    } | null;
    readonly ratchet: { readonly level: number } | null;
    readonly latest: number;
    readonly changes: readonly {
      readonly before: number;
      readonly after: number;
      readonly runs: readonly [string, string];
      readonly commits: readonly [string | null, string | null];
    }[];
  };
}

type Matters = (row: { readonly cell_id: string; readonly role: string }) => boolean;

/** Every question that was decided about a run, one line each, the suite first. */
export function ciLines(judged: {
  readonly summary: Summary;
  readonly comparison: ComparedLike | undefined;
  readonly history: readonly HistoryLike[] | undefined;
  readonly matters: Matters;
  readonly mismatch: { readonly message: string } | null;
}): CiLine[] {
  const { summary, matters } = judged;
  return [
    suiteLine(summary),
    ...summary.rows.flatMap((row) => sessionLines(summary, row, matters)),
    ...(judged.mismatch === null ? [] : [mismatchLine(judged.mismatch)]),
    ...(judged.comparison === undefined ? [] : baselineLines(judged.comparison, matters)),
    ...(judged.history ?? []).map((check) => historyLineOf(check, matters)),
  ];
}

function suiteLine({ suite, state }: Summary): CiLine {
  const why = suite.reasons.length === 0 ? "" : `: ${suite.reasons.map(visible).join("; ")}`;
  const ended = state === "complete" ? "" : ` (${state === "partial" ? "partial run" : "canary abort"})`;
  const verdict = state === "canary-abort" ? "inconclusive" : suite.verdict;
  return { scope: "suite", cell: null, gate: "verdict", decides: true, verdict, text: `${verdict}${ended}${why}` };
}

function sessionLines(summary: Summary, row: SummaryRow, matters: Matters): CiLine[] {
  return row.gates.flatMap((gate): CiLine[] => {
    if (gate.verdict === "reference") return [];
    const reasons = gate.reasons.length === 0 ? "" : ` (${gate.reasons.map(visible).join(", ")})`;
    const decides = gate.tier === "primary" && (matters(row) || row.role === "baseline");
    const text = `${gateFact(summary, row, gate)}${reasons}`;
    return [{ scope: "session", cell: row.cell_id, gate: gate.gate_id, decides, verdict: gate.verdict, text }];
  });
}

function mismatchLine({ message }: { readonly message: string }): CiLine {
  return {
    scope: "baseline",
    cell: null,
    gate: "resolve",
    decides: true,
    verdict: "inconclusive",
    text: visible(message),
  };
}

function baselineLines({ baseline_ref, rows }: ComparedLike, matters: Matters): CiLine[] {
  return rows.flatMap((row): CiLine[] => {
    const common = { scope: "baseline", cell: row.cell_id } as const;
    if (row.unmatched !== null) {
      const text = `not compared with ${baseline_ref}: ${visible(row.unmatched)}`;
      return [{ ...common, gate: "match", decides: matters(row), verdict: "inconclusive", text }];
    }
    return row.checks.map((check): CiLine => {
      const { gate_id: gate, verdict, effect, margin, reasons, metric } = check;
      const change = effect === null ? reasons.join(", ") : worseBy(effect, margin, unitOf(metric));
      const doubts = effect === null || reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
      const decides = matters(row) && check.tier === "primary";
      return { ...common, gate, decides, verdict, text: `${change}${doubts}, against ${visible(baseline_ref)}` };
    });
  });
}

function historyLineOf(check: HistoryLike, matters: Matters): CiLine {
  const { report, kind, verdict, metric } = check;
  // Undecided drift holds nothing up: there are too few runs yet.
  const decides = matters(check) && check.tier === "primary" && verdict === "fail";
  const common = { scope: "history", cell: check.cell_id, gate: `${kind} ${metric}`, decides, verdict } as const;
  const unit = unitOf(metric);
  if (kind === "drift" && report.drift !== null) {
    const { drift } = report;
    const text = `${worseBy(drift, drift.margin, unit)}, newest ${drift.n} runs against pinned ${visible(drift.baseline_ref)}`;
    return { ...common, text };
  }
  if (kind === "ratchet" && report.ratchet !== null) {
    return {
      ...common,
      text: `above the lowest sustained level ${unit(report.ratchet.level)}, now ${unit(report.latest)}`,
    };
  }
  const change = report.changes.at(-1);
  if (change === undefined) return { ...common, text: "changed" };
  const [before, after] = change.commits.map((sha) => sha?.slice(0, 10) ?? "unknown");
  return {
    ...common,
    text: `${unit(change.before)} to ${unit(change.after)} at ${visible(change.runs[1])}, commits ${before}..${after}`,
  };
}

type Unit = (value: number | null, limits?: readonly number[]) => string;

function unitOf(metric: string): Unit {
  if (metric.startsWith("quality.")) {
    return (value, limits = []) =>
      `${decimal(value === null ? null : value * 100, { digits: 1, limits: limits.map((limit) => limit * 100) })} points`;
  }
  if (metric === "size.bytes") return (value) => `${decimal(value, { digits: 0 })} B`;
  if (metric === "latency.p50") return (value) => `${decimal(value === null ? null : value * 1e3, { digits: 3 })} ms`;
  if (metric === "memory.peak") return (value) => `${decimal(value === null ? null : value / 1e6, { digits: 1 })} MB`;
  if (metric.endsWith(".ratio")) {
    // Stored as logarithms; small ones are the relative change.
    return (value, limits = []) =>
      percent(value === null ? null : Math.expm1(value), { digits: 1, limits: limits.map(Math.expm1) });
  }
  return (value, limits = []) => percent(value, { digits: 1, limits });
}

function worseBy(
  { value, low, high }: { readonly value: number | null; readonly low: number | null; readonly high: number | null },
  margin: number,
  unit: Unit,
): string {
  const text = (bound: number | null) => unit(bound, [margin]);
  return `worse by ${text(value)} [${text(low)}, ${text(high)}], margin ${unit(margin)}`;
}
