import { pairScores } from "../aggregate/quality-samples.ts";
import type { Reason } from "../domain/codes.ts";
import type { PairedScores } from "../domain/comparison.ts";
import type { Baseline, BaselineRow } from "../domain/generated/baseline-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import { METRICS } from "../domain/metric.ts";
import { worstClass } from "../gate/class-drop.ts";
import { type Effect, effectDoc, exactEffect, mapEffect, relativeScoreDrop, scoreDrop } from "../gate/effect.ts";
import { judge, type Verdict } from "../gate/judge.ts";
import * as stats from "../stats/index.ts";
import { matchRow, qualitySampleOf } from "./baselines-row.ts";

/** One gate's question asked of a cell now and in the baseline: + is worse than then. */
export interface BaselineCheck {
  readonly gate_id: string;
  readonly metric: string;
  readonly tier: "primary" | "advisory";
  readonly margin: number;
  readonly effect: EstimateDoc | null;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

export interface ComparedRow {
  readonly cell_id: string;
  readonly role: BaselineRow["role"];
  /** Why there is nothing to compare with; null where there is. */
  readonly unmatched: string | null;
  readonly checks: readonly BaselineCheck[];
  /** fail: a primary check fails. inconclusive: none does, but one is not decided, or the cell is unmatched. */
  readonly verdict: Verdict;
}

export interface RunComparison {
  readonly baseline_ref: string;
  readonly test_id: string;
  readonly rows: readonly ComparedRow[];
  readonly verdict: Verdict;
}

/**
 * Every cell of a run against the same cell of a recorded one, by the margins of the plan's gates. Items are paired one by one.
 * Times and memory are compared as ratios to the full-precision cell of the same session, so that a machine that became slower as a
 * whole is not a regression; of the full-precision cell itself they are compared as they are, and only advise.
 */
export function compareRuns(
  run: Baseline,
  baseline: Baseline,
  options: {
    readonly gates: readonly GateSpecDoc[];
    readonly labels: Int32Array;
    readonly classNames: readonly string[];
  },
): RunComparison {
  const rows = run.rows.map((row): ComparedRow => {
    const match = matchRow(baseline, row);
    const common = { cell_id: row.cell_id, role: row.role };
    if ("why" in match) return { ...common, unmatched: match.why, checks: [], verdict: "inconclusive" };
    const pair: Pair = {
      now: row,
      before: match.row,
      nowReference: referenceOf(run, row),
      thenReference: referenceOf(baseline, match.row),
      sameItems: run.dataset.digest === baseline.dataset.digest,
      ...options,
    };
    const checks = options.gates.flatMap((gate) => checkGate(gate, pair) ?? []);
    return { ...common, unmatched: null, checks, verdict: worst(checks) };
  });
  const verdicts = rows.map((row) => row.verdict);
  const verdict = verdicts.includes("fail") ? "fail" : verdicts.every((v) => v === "pass") ? "pass" : "inconclusive";
  return { baseline_ref: baseline.baseline_ref, test_id: baseline.test_id, rows, verdict };
}

interface Pair {
  readonly now: BaselineRow;
  readonly before: BaselineRow;
  readonly nowReference: BaselineRow | undefined;
  readonly thenReference: BaselineRow | undefined;
  readonly sameItems: boolean;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

function referenceOf({ rows }: Baseline, row: BaselineRow): BaselineRow | undefined {
  return rows.find(
    (other) =>
      other.role === "baseline" &&
      other.model_id === row.model_id &&
      other.threads === row.threads &&
      other.batch_size === row.batch_size,
  );
}

function worst(checks: readonly BaselineCheck[]): Verdict {
  const primary = checks.filter((check) => check.tier === "primary");
  if (primary.some((check) => check.verdict === "fail")) return "fail";
  return primary.length > 0 && primary.every((check) => check.verdict === "pass") ? "pass" : "inconclusive";
}

/** Undefined for gates that compare with a limit or with the cell itself: the run's own decision has those. */
function checkGate(gate: GateSpecDoc, pair: Pair): BaselineCheck | undefined {
  if (gate.margin === null || gate.metric === "determinism.rate") return undefined;
  const isBlock = gate.metric in BLOCKS;
  const tier = isBlock && pair.now.role === "baseline" ? "advisory" : gate.tier;
  const common = { gate_id: gate.id, metric: gate.metric, tier, margin: gate.margin };
  const effect = effectOf(gate, pair);
  if (typeof effect === "string") return { ...common, effect: null, verdict: "inconclusive", reasons: [effect] };
  const doubts = isBlock ? doubtsAbout(gate, pair) : [];
  const judged = judge(gate.policy, effect, gate.margin);
  const verdict = doubts.length > 0 ? "inconclusive" : judged;
  const reasons = verdict === "inconclusive" && doubts.length === 0 ? (["underpowered"] as const) : doubts;
  return { ...common, effect: effectDoc(effect), verdict, reasons };
}

/** Why block values of these two runs cannot be trusted: what makes one session's times doubtful does so here. */
function doubtsAbout(gate: GateSpecDoc, { now, before }: Pair): Reason[] {
  const doubts: Reason[] = [];
  if (stoppedEarly(now) || stoppedEarly(before)) doubts.push("stopped-early");
  if (now.trials.failed + before.trials.failed > 0) doubts.push("failed-trials");
  if (now.trials.missing + before.trials.missing > 0) doubts.push("missing-trials");
  if (!METRICS[gate.metric].isTime) return doubts;
  for (const { run_quality } of [now, before]) {
    if (run_quality === "missing") doubts.push("missing-metric");
    else if (run_quality !== "ok") doubts.push(run_quality);
  }
  return [...new Set(doubts)];
}

/** How many blocks it ran, and which items, then depended on what they showed. */
function stoppedEarly({ trials }: BaselineRow): boolean {
  return trials.skipped !== undefined;
}

function effectOf(gate: GateSpecDoc, pair: Pair): Effect | Reason {
  const level = 1 - 2 * gate.alpha;
  switch (gate.metric) {
    case "quality.accuracy": {
      const scores = pairedScores(pair, undefined);
      if (typeof scores === "string") return scores;
      return gate.margin_kind === "relative" ? relativeScoreDrop(scores, level) : scoreDrop(scores, level);
    }
    case "quality.class_accuracy": {
      const classes: (PairedScores & { readonly name: string })[] = [];
      for (const [label, name] of pair.classNames.entries()) {
        const scores = pairedScores(pair, label);
        if (typeof scores === "string") return scores;
        if (scores.n > 0) classes.push({ name, ...scores });
      }
      if (classes.length === 0) return "missing-metric";
      const { policy, alpha, margin_kind: marginKind } = gate;
      return worstClass(classes, { policy, margin: gate.margin as number, alpha, marginKind }).effect;
    }
    case "size.bytes_on_disk": {
      const [now, before] = [pair.now.bytes_on_disk, pair.before.bytes_on_disk];
      if (now === null) return "missing-metric";
      if (before === null || before === 0) return "missing-baseline";
      return exactEffect(gate.margin_kind === "relative" ? (now - before) / before : now - before);
    }
    default:
      return blockEffect(gate, pair, level);
  }
}

/** Block values by metric, and whether more is worse. */
const BLOCKS: Readonly<Record<string, { of: (row: BaselineRow) => readonly (number | null)[]; worseIsMore: boolean }>> =
  {
    "latency.call": { of: (row) => row.latency.blocks, worseIsMore: true },
    "memory.peak_rss": { of: (row) => row.peak_rss_blocks, worseIsMore: true },
    "throughput.items": { of: (row) => row.throughput_blocks, worseIsMore: false },
  };

/**
 * Change of the blocks against the session's reference, by ranks: of their ratios (a difference of differences of logarithms), or
 * of their differences where the margin is in the metric's own unit.
 */
function blockEffect(gate: GateSpecDoc, pair: Pair, level: number): Effect | Reason {
  const blocks = BLOCKS[gate.metric];
  if (blocks === undefined) return "missing-metric";
  const sign = blocks.worseIsMore ? 1 : -1;
  const isReference = pair.now.role === "baseline";
  const isRelative = gate.margin_kind === "relative";
  const scale = isRelative ? Math.log : (x: number) => x;
  const valuesOf = (row: BaselineRow, reference: BaselineRow | undefined): Float64Array => {
    const values = blocks.of(row);
    const base = isReference || reference === undefined ? undefined : blocks.of(reference);
    return Float64Array.from(
      values.flatMap((value, block) => {
        const other = base === undefined ? undefined : base[block];
        if (value === null || !(value > 0) || (base !== undefined && !(other != null && other > 0))) return [];
        return [sign * (scale(value) - (other == null ? 0 : scale(other)))];
      }),
    );
  };
  if (!isReference && (pair.nowReference === undefined || pair.thenReference === undefined)) return "missing-baseline";
  const now = valuesOf(pair.now, pair.nowReference);
  const before = valuesOf(pair.before, pair.thenReference);
  if (now.length === 0) return "missing-metric";
  if (before.length === 0) return "missing-baseline";
  const change = stats.hodgesLehmann(now, before, { level });
  return isRelative ? mapEffect(change, Math.expm1) : change;
}

function pairedScores(pair: Pair, label: number | undefined): PairedScores | Reason {
  const { labels } = pair;
  if (stoppedEarly(pair.now) || stoppedEarly(pair.before)) return "stopped-early";
  const [now, before] = [pair.now.quality, pair.before.quality];
  if (now === null) return "missing-metric";
  if (before === null) return "missing-baseline";
  if (!pair.sameItems || now.n !== before.n || labels.length !== now.n) return "not-paired";
  const items: number[] = [];
  for (let item = 0; item < labels.length; item++) if (label === undefined || labels[item] === label) items.push(item);
  return pairScores(qualitySampleOf(before), qualitySampleOf(now), items) ?? "missing-baseline";
}
