import type { Reason } from "../domain/codes.ts";
import type { Comparison, PairedScores } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { GateResultDoc, NeededDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import { type Measured, measureBlocks, type NotMeasured } from "./block-gate.ts";
import { type Claims, rateClaims, relativeScoreDropClaims, scoreDropClaims } from "./claims.ts";
import { worstClass } from "./class-drop.ts";
import { measureDetection } from "./detection-gate.ts";
import { doubtsAbout, isScore } from "./doubts.ts";
import { effectDoc, exactEffect, relativeScoreDrop, scoreDrop } from "./effect.ts";
import { judge, type Verdict } from "./judge.ts";
import { decideEarly, type EarlyDecision } from "./measure-early.ts";
import { itemsNeeded } from "./needed.ts";

/** What does not vary claims nothing random. */
const NO_CLAIMS: Claims = { pass: undefined, fail: undefined };

/**
 * One gate on one comparison. Fail closed: what was not measured, or cannot be trusted, is never a pass. `withNeeded: false` leaves out
 * what would settle an undecided gate, which takes longer than the verdict: for simulations that ask for millions of verdicts.
 */
export function decideGate(
  spec: GateSpecDoc,
  comparison: Comparison,
  { withNeeded = true }: { readonly withNeeded?: boolean } = {},
): GateResultDoc {
  const blank = {
    gate_id: spec.id,
    metric: spec.metric,
    policy: spec.policy,
    tier: spec.tier,
    alpha: spec.alpha,
    margin: spec.margin,
    margin_kind: spec.margin_kind,
    limit: spec.limit,
    ...(spec.quantile == null ? {} : { quantile: spec.quantile }),
    effect: null,
    p_pass: null,
    p_fail: null,
    detail: null,
    needed: null,
  };
  if (comparison.role === "baseline" && !isAboutItself(spec)) return { ...blank, verdict: "reference", reasons: [] };
  if (comparison.variantFailure !== undefined) return { ...blank, verdict: "fail", reasons: ["variant-failed"] };
  if (comparison.variantAbsence !== undefined) {
    return { ...blank, verdict: "inconclusive", reasons: ["variant-unavailable"] };
  }
  const threshold = (hasLimit(spec) ? spec.limit : spec.margin) ?? Number.NaN;
  const early = Number.isFinite(threshold) ? decideEarly(spec, comparison) : undefined;
  const measured = early === undefined ? measureWhole(spec, comparison, threshold) : asMeasured(early);
  if ("reason" in measured) return { ...blank, verdict: "inconclusive", reasons: [measured.reason] };
  const { effect, detail, needed } = measured;
  const claims = spec.policy === "exact" ? NO_CLAIMS : measured.claims;
  const doubts = doubtsAbout(spec, comparison);
  const judged = early?.verdict ?? judge(spec.policy, effect, threshold);
  const verdict: Verdict = doubts.length > 0 && judged !== "fail" ? "inconclusive" : judged;
  const distrusted =
    doubts.includes("noisy") ||
    doubts.includes("polluted") ||
    doubts.includes("uncertified") ||
    doubts.includes("constant-where-it-cannot-be");
  const final: Verdict = distrusted ? "inconclusive" : verdict;
  return {
    ...blank,
    effect: effectDoc(effect),
    p_pass: final === "inconclusive" && doubts.length > 0 ? null : (claims.pass ?? null),
    p_fail: final === "inconclusive" && doubts.length > 0 ? null : (claims.fail ?? null),
    ...(early === undefined ? {} : earlyFields(early)),
    detail: detail ?? null,
    verdict: final,
    reasons: reasonsFor(spec, final, doubts),
    needed: withNeeded && final === "inconclusive" && doubts.length === 0 ? (needed?.() ?? null) : null,
  };
}

/** What no e-process judges. Where the run stopped early, items that were not evaluated are no part of an exact count. */
function measureWhole(spec: GateSpecDoc, comparison: Comparison, threshold: number): Measured | NotMeasured {
  const { early } = comparison;
  const isPart = early !== undefined && isScore(spec) && early.sequence.labels.length < early.population;
  return isPart || !Number.isFinite(threshold) ? { reason: "missing-metric" } : measure(spec, comparison);
}

/** 1/E is a p-value whenever one looks, so that Holm and the other rules read it as any other. */
function asMeasured({ effect, detail, needed, evidence }: EarlyDecision): Measured {
  const claims = { pass: Math.min(1, 1 / evidence.ePass), fail: Math.min(1, 1 / evidence.eFail) };
  return { effect, claims, needed, ...(detail === undefined ? {} : { detail }) };
}

function earlyFields({ evidence, settledAt }: EarlyDecision): Pick<GateResultDoc, "e_pass" | "e_fail" | "settled_at"> {
  return { e_pass: evidence.ePass, e_fail: evidence.eFail, settled_at: settledAt ?? null };
}

/** These hold the plain value against a limit; the other policies hold its worsening against a margin. */
function hasLimit({ policy }: GateSpecDoc): boolean {
  return policy === "floor" || policy === "ceiling" || policy === "quantile-limit";
}

/** Gates that a baseline must meet as well: they compare it with a limit or with itself, not with another cell. */
function isAboutItself(spec: GateSpecDoc): boolean {
  return hasLimit(spec) || spec.metric === "determinism.rate";
}

function measure(spec: GateSpecDoc, comparison: Comparison): Measured | NotMeasured {
  const level = 1 - 2 * spec.alpha;
  const margin = spec.margin ?? Number.NaN;
  switch (spec.metric) {
    case "quality.accuracy":
    case "quality.adherence": {
      const scores = spec.metric === "quality.accuracy" ? comparison.overall : comparison.adherence;
      if (scores === undefined || scores.n === 0) return { reason: "missing-metric" };
      if (hasLimit(spec)) return accuracyLimit(spec, scores.total, scores.n, level);
      if (spec.margin_kind === "relative") {
        return {
          effect: relativeScoreDrop(scores, level),
          claims: relativeScoreDropClaims(scores, spec.policy, margin),
          needed: () => relativeItemsNeeded(scores, spec, comparison.secondsPerItem),
        };
      }
      const effect = scoreDrop(scores, level);
      return {
        effect,
        claims: scoreDropClaims(scores, spec.policy, margin),
        needed: () =>
          itemsNeeded({
            effect,
            table: scores.table,
            margin,
            alpha: spec.alpha,
            secondsPerItem: comparison.secondsPerItem,
          }),
      };
    }
    case "quality.class_accuracy": {
      if (comparison.classes.length === 0 || hasLimit(spec)) return { reason: "missing-metric" };
      const { policy, alpha, margin_kind: marginKind } = spec;
      const worst = worstClass(comparison.classes, { policy, margin, alpha, marginKind });
      return worst;
    }
    case "quality.map":
    case "quality.category_ap":
      return measureDetection(spec, comparison);
    case "size.bytes_on_disk": {
      const { bytesOnDisk, baselineBytesOnDisk } = comparison;
      if (bytesOnDisk === undefined || !(bytesOnDisk > 0)) return { reason: "missing-metric" };
      if (hasLimit(spec)) return { effect: exactEffect(bytesOnDisk), claims: NO_CLAIMS };
      if (baselineBytesOnDisk === undefined || !(baselineBytesOnDisk > 0)) return { reason: "missing-baseline" };
      const difference = bytesOnDisk - baselineBytesOnDisk;
      const value = spec.margin_kind === "relative" ? difference / baselineBytesOnDisk : difference;
      return { effect: exactEffect(value), claims: NO_CLAIMS };
    }
    case "determinism.rate": {
      const { n, matching } = comparison.determinism;
      if (n < 2) return { reason: "missing-metric" };
      if (hasLimit(spec)) return rateAgainstLimit(spec, { successes: matching, n }, level);
      const flips = stats.clopperPearson({ successes: n - matching, n }, { level });
      return { effect: flips, claims: rateClaims({ successes: n - matching, n }, spec.policy, margin) };
    }
    default:
      return measureBlocks(spec, comparison);
  }
}

/** A relative margin in points, at the baseline's accuracy as seen: planning needs no more. */
function relativeItemsNeeded(
  scores: PairedScores,
  spec: GateSpecDoc,
  secondsPerItem: number | undefined,
): NeededDoc | undefined {
  const { table } = scores;
  if (table === undefined) return undefined;
  const margin = (spec.margin as number) * ((table.a + table.b) / scores.n);
  const effect = scoreDrop(scores, 1 - 2 * spec.alpha);
  return itemsNeeded({ effect, table, margin, alpha: spec.alpha, secondsPerItem });
}

function accuracyLimit(spec: GateSpecDoc, total: number, n: number, level: number): Measured {
  // A fractional total (runs that differ) is rounded against the variant.
  const successes = spec.policy === "floor" ? Math.floor(total) : Math.ceil(total);
  return rateAgainstLimit(spec, { successes, n }, level);
}

function rateAgainstLimit(spec: GateSpecDoc, counts: stats.Counts, level: number): Measured {
  const effect = stats.clopperPearson(counts, { level });
  return { effect, claims: rateClaims(counts, spec.policy, spec.limit as number) };
}

function reasonsFor(spec: GateSpecDoc, verdict: Verdict, doubts: readonly Reason[]): Reason[] {
  if (doubts.length > 0) return [...doubts];
  if (verdict === "inconclusive") return ["underpowered"];
  if (verdict === "fail" && spec.metric === "latency.call" && !hasLimit(spec)) return ["slower-than-baseline"];
  if (verdict === "fail" && spec.metric === "determinism.rate") return ["outputs-vary"];
  return [];
}
