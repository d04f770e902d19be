import type { Comparison, EarlyStop } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { NeededDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import {
  blockObservations,
  callEvidence,
  dropObservations,
  earlyUnit,
  gateEvidence,
  shareObservations,
  signEvidence,
} from "./early-gate.ts";
import { type Effect, mapEffect } from "./effect.ts";
import { ALONE, confidenceSequence, type Evidence, gatherEvidence, ordered } from "./evidence.ts";
import type { Verdict } from "./judge.ts";

/** A gate decided by its e-processes: the same evidence that stopped the variant, with a confidence sequence as interval. */
export interface EarlyDecision {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly effect: Effect;
  readonly detail?: string;
  readonly settledAt: number | undefined;
  readonly needed: () => NeededDoc | undefined;
}

/** Undefined where the run does not stop early, the gate has no e-process, or nothing was measured. */
export function decideEarly(spec: GateSpecDoc, comparison: Comparison): EarlyDecision | undefined {
  const evidence = gateEvidence(spec, comparison, ALONE);
  if (evidence === undefined) return undefined;
  const { passAt, failAt } = evidence;
  // As with intervals, a FAIL wins where both have been shown.
  const verdict = failAt !== undefined ? "fail" : passAt !== undefined ? "pass" : "inconclusive";
  return {
    evidence,
    verdict,
    ...effectOf(spec, comparison),
    settledAt: failAt ?? passAt,
    needed: () => neededMore(spec, comparison, evidence),
  };
}

function effectOf(spec: GateSpecDoc, comparison: Comparison): { effect: Effect; detail?: string } {
  const early = comparison.early as EarlyStop;
  const unit = earlyUnit(spec);
  if (unit === "trials") return { effect: blockEffect(spec, comparison) };
  if (unit === "calls") return callEffect(spec, comparison.latencyS ?? new Float64Array(0));
  if (spec.policy === "floor" || spec.policy === "ceiling") return { effect: accuracySequence(early, spec.alpha) };
  if (spec.metric === "quality.accuracy") return { effect: dropSequence(spec, early, undefined) };
  return worstClass(spec, early);
}

/** `betting, these items` says what `betting, more like them` does not: that the claim ends with the set. */
export function bettingMethod(claim: EarlyStop["claim"]): string {
  return claim === "finite-set" ? "betting, this finite set" : "betting, super-population";
}

/** Accuracy of the candidate with a confidence sequence that holds whenever the run stops. */
export function accuracySequence(early: EarlyStop, alpha: number): Effect {
  const { sequence, claim, population } = early;
  const n = sequence.candidate.length;
  const level = 1 - 2 * alpha;
  const method = bettingMethod(claim);
  const values = shareObservations(sequence.candidate, 1);
  const { low, high } = confidenceSequence(values, { alpha, claim, items: population });
  const right = sequence.candidate.reduce((sum, x) => sum + x, 0);
  return { value: right / n, low: (low + 1) / 2, high: (high + 1) / 2, level, n, method };
}

/** Drop over all items, or those of one class, with its confidence sequence. */
export function dropSequence(
  spec: Pick<GateSpecDoc, "alpha" | "margin_kind">,
  early: EarlyStop,
  label: number | undefined,
): Effect {
  const { claim, population, classSizes } = early;
  const sequence = label === undefined ? early.sequence : onlyClass(early.sequence, label);
  const n = sequence.labels.length;
  const level = 1 - 2 * spec.alpha;
  const method = bettingMethod(claim);
  if (n === 0) {
    return { value: undefined, low: -Infinity, high: Infinity, level, n, method, reason: "no-data" };
  }
  const items = label === undefined ? population : (classSizes[label] as number);
  const [before, after] = [sequence.baseline, sequence.candidate].map((right) => right.reduce((sum, x) => sum + x, 0));
  if (spec.margin_kind === "absolute") {
    const range = confidenceSequence(dropObservations(sequence, 0), { alpha: spec.alpha, claim, items });
    return { value: ((before as number) - (after as number)) / n, ...range, level, n, method };
  }
  if (before === 0) return { value: undefined, low: -Infinity, high: Infinity, level, n, method, reason: "no-data" };
  const range = shareSequence(sequence, { alpha: spec.alpha, claim, items });
  return { value: 1 - (after as number) / (before as number), ...range, level, n, method };
}

/** Limits of the drop as a share: those shares at which the verdict would change. */
function shareSequence(
  sequence: EarlyStop["sequence"],
  { alpha, claim, items }: { alpha: number; claim: EarlyStop["claim"]; items: number },
): { low: number; high: number } {
  const at = (share: number) =>
    gatherEvidence(
      { values: dropObservations(sequence, share), groupOf: () => 0, groupSizes: [items] },
      { margin: 0, alpha, claim, families: ALONE },
    );
  const search = (isBeyond: (share: number) => boolean, inside: number, outside: number) => {
    let [near, far] = [inside, outside];
    for (let step = 0; step < 20; step++) {
      const middle = (near + far) / 2;
      if (isBeyond(middle)) far = middle;
      else near = middle;
    }
    return far;
  };
  return ordered({
    high: search((share) => at(share).passAt !== undefined, -1, 1),
    low: search((share) => at(share).failAt !== undefined, 1, -1),
  });
}

function onlyClass({ baseline, candidate, labels }: EarlyStop["sequence"], label: number): EarlyStop["sequence"] {
  const own = (_: number, i: number) => labels[i] === label;
  return {
    baseline: baseline.filter(own),
    candidate: candidate.filter(own),
    labels: labels.filter((x) => x === label),
  };
}

/** The class with the largest upper limit. */
function worstClass(spec: GateSpecDoc, early: EarlyStop): { effect: Effect; detail: string } {
  const classes = early.classNames.flatMap((name, label) =>
    early.classSizes[label] === 0 ? [] : [{ detail: name, effect: dropSequence(spec, early, label) }],
  );
  return classes.reduce((x, y) => (y.effect.high > x.effect.high ? y : x));
}

/** Median of blocks; the limits are the values at which the signs would change the verdict. */
function blockEffect(spec: GateSpecDoc, comparison: Comparison): Effect {
  const read = blockObservations(spec, comparison);
  const level = 1 - 2 * spec.alpha;
  const method = "sign betting over blocks";
  if (read === undefined) {
    return { value: undefined, low: -Infinity, high: Infinity, level, n: 0, method, reason: "no-data" };
  }
  const { values } = read;
  const n = values.length;
  const sorted = values.toSorted();
  // Just beyond each value: only there do signs change.
  const beyond = (x: number) => x + Math.abs(x) * 1e-12 + Number.MIN_VALUE;
  const short = (x: number) => x - Math.abs(x) * 1e-12 - Number.MIN_VALUE;
  const at = (border: number) =>
    signEvidence(values, { pass: border, fail: border }, { alpha: spec.alpha, families: ALONE });
  const high = sorted.find((x) => at(beyond(x)).passAt !== undefined) ?? Infinity;
  const low = sorted.findLast((x) => at(short(x)).failAt !== undefined) ?? -Infinity;
  const middle = ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2;
  const reason = Number.isFinite(low) && Number.isFinite(high) ? {} : { reason: "too-few" as const };
  const effect: Effect = { value: middle, low, high, level, n, method, ...reason };
  const isLimit = spec.policy === "floor" || spec.policy === "ceiling";
  if (spec.policy === "floor") return { ...effect, value: -middle, low: -high, high: -low };
  return !isLimit && spec.margin_kind === "relative" ? mapEffect(effect, Math.expm1) : effect;
}

/** The quantile of all calls; its limits are the latencies at which the verdict would change. */
function callEffect(spec: GateSpecDoc, latencyS: Float64Array): { effect: Effect; detail: string } {
  const quantile = spec.quantile as number;
  const sorted = latencyS.toSorted();
  const n = sorted.length;
  const at = (limit: number) => callEvidence({ ...spec, limit }, latencyS, ALONE);
  // The smallest latency that passes as a limit; the evidence only grows with the limit.
  const first = firstIndex(n, (i) => at(sorted[i] as number)?.passAt !== undefined);
  const last = firstIndex(n, (i) => at(sorted[i] as number)?.failAt === undefined);
  const over = latencyS.filter((x) => x > (spec.limit as number)).length;
  const level = 1 - 2 * spec.alpha;
  return {
    effect: {
      value: stats.quantileOfSorted(sorted, quantile),
      low: last === 0 ? -Infinity : (sorted[last - 1] as number),
      high: first === n ? Infinity : (sorted[first] as number),
      level,
      n,
      method: "betting over calls",
      ...(last === 0 || first === n ? { reason: "too-few" as const } : {}),
    },
    detail: `p${Number((quantile * 100).toPrecision(6))}, ${over} of ${n} calls over the limit`,
  };
}

/** Smallest index in 0..n for which the condition, false on an initial stretch, holds; n where it never does. */
function firstIndex(n: number, holds: (index: number) => boolean): number {
  let [low, high] = [-1, n];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** More of the same, if the evidence goes on growing as it has; undefined where it does not grow. */
function neededMore(spec: GateSpecDoc, comparison: Comparison, evidence: Evidence): NeededDoc | undefined {
  const unit = earlyUnit(spec);
  const best = Math.max(evidence.ePass, evidence.eFail);
  if (unit === undefined || best <= Math.E || evidence.passAt !== undefined || evidence.failAt !== undefined)
    return undefined;
  const more = Math.max(1, Math.ceil(evidence.used * (Math.log(1 / spec.alpha) / Math.log(best) - 1)));
  const each =
    unit === "items" ? comparison.secondsPerItem : unit === "trials" ? comparison.secondsPerBlock : undefined;
  return { quantity: more, unit, seconds: each === undefined ? null : more * each };
}
