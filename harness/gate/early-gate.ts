import type { BlockMetric, Comparison, EarlyStop } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { METRICS } from "../domain/metric.ts";
import { logRatiosOf } from "./effect.ts";
import { bothSides, type Evidence, type EvidenceOptions, type Families, gatherEvidence } from "./evidence.ts";

/** Bets on the sign of a block, as shares of the whole wealth: in simulation six blocks settle what is clear (docs/certificates). */
export const SIGN_BETS: readonly number[] = [0.3, 0.45, 0.6, 0.75, 0.85, 0.95];

/** Small stakes on "too many calls are over": slow calls come in clumps, and the first must not decide alone. */
const CALL_FAIL_BETS: readonly number[] = [0.003, 0.01, 0.03, 0.06, 0.1];

/** What early stopping observes: items, blocks, or single calls. */
export type EarlyUnit = "items" | "trials" | "calls";

/** The unit that a gate's evidence grows by; undefined for gates that judge what does not vary, or count trials alone. */
export function earlyUnit({ metric, policy }: GateSpecDoc): EarlyUnit | undefined {
  if (policy === "exact" || metric === "size.bytes_on_disk" || metric === "determinism.rate") return undefined;
  if (metric.startsWith("quality.")) return "items";
  return policy === "quantile-limit" ? "calls" : "trials";
}

/**
 * Evidence of a gate on what has been measured so far. Undefined where the gate has no e-process or nothing was measured.
 * `families`: claims that a PASS and a FAIL are corrected for.
 */
export function gateEvidence(spec: GateSpecDoc, comparison: Comparison, families: Families): Evidence | undefined {
  const { early } = comparison;
  const unit = earlyUnit(spec);
  if (early === undefined || unit === undefined) return undefined;
  if (unit === "calls") return callEvidence(spec, comparison.latencyS ?? new Float64Array(0), families);
  if (unit === "trials") return blockEvidence(spec, comparison, families);
  return spec.policy === "floor" || spec.policy === "ceiling"
    ? shareEvidence(spec, early, families)
    : dropEvidence(spec, early, families);
}

/** A drop in score, over all items or by class, in points or as a share of the baseline's accuracy. */
function dropEvidence(spec: GateSpecDoc, early: EarlyStop, families: Families): Evidence | undefined {
  const { sequence, claim } = early;
  if (sequence.labels.length === 0) return undefined;
  const { policy, alpha } = spec;
  const isShare = spec.margin_kind === "relative";
  const isByClass = spec.metric === "quality.class_accuracy";
  const groups = {
    groupOf: (i: number) => (isByClass ? (sequence.labels[i] as number) : 0),
    groupSizes: isByClass ? early.classSizes : [early.population],
  };
  const margin = spec.margin as number;
  /** Evidence about "the drop is below (above) the border", or above (below) it where mirrored. */
  const at = (border: number, isMirrored = false) => {
    const values = dropObservations(sequence, isShare ? border : 0);
    const sign = isMirrored ? -1 : 1;
    const options = { alpha, claim, families, ...(policy === "equivalence" ? { failAlpha: alpha / 2 } : {}) };
    return gatherEvidence(
      { values: isMirrored ? values.map((x) => -x) : values, ...groups },
      { ...options, margin: isShare ? 0 : sign * border },
    );
  };
  if (policy === "equivalence") return bothSides(at(margin), at(-margin, true));
  const met = at(margin);
  if (policy !== "any-regression") return met;
  return withFail(met, at(0));
}

/** One claim's evidence that the gate is met, with another's that it is violated. */
function withFail(met: Evidence, { eFail, failAt, sureFailAt }: Evidence): Evidence {
  return { ...met, eFail, failAt, sureFailAt };
}

/** (1 - share)·(baseline right) - (candidate right), an item each, divided by what keeps it within [-1, 1]; its mean is 0 at that share. */
export function dropObservations({ baseline, candidate }: EarlyStop["sequence"], share: number): Float64Array {
  const ratio = 1 - share;
  const scale = Math.max(1, ratio);
  const values = new Float64Array(baseline.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = (ratio * (baseline[i] as number) - (candidate[i] as number)) / scale;
  }
  return values;
}

/** Share of right items of the candidate itself against a floor or ceiling. */
function shareEvidence(
  spec: GateSpecDoc,
  { sequence, claim, population }: EarlyStop,
  families: Families,
): Evidence | undefined {
  if (sequence.labels.length === 0) return undefined;
  const limit = spec.limit as number;
  const worse = spec.policy === "floor" ? -1 : 1;
  const values = shareObservations(sequence.candidate, worse);
  // At a limit of 0 or 1 the hypothesis cannot be bet against: nothing is below 0 or above 1.
  const margin = Math.min(1 - 1e-9, Math.max(-1 + 1e-9, worse * (2 * limit - 1)));
  return gatherEvidence(
    { values, groupOf: () => 0, groupSizes: [population] },
    { margin, alpha: spec.alpha, claim, families },
  );
}

/** Right and wrong as ±1, so that both sides may bet as much as is safe; `worse` is the sign of more right answers. */
export function shareObservations(right: Uint8Array, worse: -1 | 1): Float64Array {
  return Float64Array.from(right, (x) => worse * (2 * x - 1));
}

/** Values of blocks against the border: the sign of each distance, which needs no more than independent blocks. */
function blockEvidence(spec: GateSpecDoc, comparison: Comparison, families: Families): Evidence | undefined {
  const read = blockObservations(spec, comparison);
  if (read === undefined) return undefined;
  const { values, border, lowerBorder, failBorder } = read;
  if (spec.policy !== "equivalence") {
    return signEvidence(values, { pass: border, fail: failBorder }, { alpha: spec.alpha, families });
  }
  const options = { alpha: spec.alpha, failAlpha: spec.alpha / 2, families };
  const mirrored = values.map((x) => -x);
  return bothSides(
    signEvidence(values, { pass: border, fail: border }, options),
    signEvidence(mirrored, { pass: -lowerBorder, fail: -lowerBorder }, options),
  );
}

/** Signs of distances: "median at or above the border" makes ±1 (a tie counting as +1) have mean ≥ 0, and the mirror image. */
export function signEvidence(
  values: Float64Array,
  border: { readonly pass: number; readonly fail: number },
  given: Pick<EvidenceOptions, "alpha" | "failAlpha" | "families">,
): Evidence {
  const one = { groupOf: () => 0, groupSizes: [values.length] };
  const options = { ...given, margin: 0, claim: "super-population" as const, bets: SIGN_BETS };
  const met = gatherEvidence({ ...one, values: values.map((x) => (x < border.pass ? -1 : 1)) }, options);
  const violated = gatherEvidence({ ...one, values: values.map((x) => (x > border.fail ? 1 : -1)) }, options);
  return withFail(met, violated);
}

/** Block values with + as worse and the borders on their scale; undefined where there are none that can be trusted. */
export function blockObservations(
  spec: GateSpecDoc,
  comparison: Comparison,
): { values: Float64Array; border: number; lowerBorder: number; failBorder: number } | undefined {
  const blocks = comparison.blocks?.[spec.metric as BlockMetric];
  const isLimit = spec.policy === "floor" || spec.policy === "ceiling";
  const worse = isLimit ? (spec.policy === "floor" ? -1 : 1) : METRICS[spec.metric].better === "lower" ? 1 : -1;
  const isRelative = spec.margin_kind === "relative";
  const raw = isLimit ? blocks?.own : isRelative ? logRatiosOf(comparison, spec.metric) : blocks?.differences;
  if (raw === undefined || raw.length === 0 || !raw.every(Number.isFinite)) return undefined;
  const values = raw.map((x) => worse * x);
  if (isLimit) {
    const border = worse * (spec.limit as number);
    return { values, border, lowerBorder: border, failBorder: border };
  }
  const margin = spec.margin as number;
  const scaled = (x: number) => (isRelative ? Math.log1p(x) : x);
  const border = scaled(margin);
  return { values, border, lowerBorder: scaled(-margin), failBorder: spec.policy === "any-regression" ? 0 : border };
}

/** Calls over the limit, one by one: fewer than 1 - q of them may be. Undefined where nothing was timed. */
export function callEvidence(spec: GateSpecDoc, latencyS: Float64Array, families: Families): Evidence | undefined {
  if (latencyS.length === 0 || !latencyS.every((value) => value > 0 && Number.isFinite(value))) return undefined;
  const limit = spec.limit as number;
  const values = latencyS.map((value) => (value > limit ? 1 : -1));
  const margin = 2 * (1 - (spec.quantile as number)) - 1;
  const observed = { values, groupOf: () => 0, groupSizes: [values.length] };
  const options = { margin, alpha: spec.alpha, claim: "super-population" as const, families };
  return withFail(gatherEvidence(observed, options), gatherEvidence(observed, { ...options, bets: CALL_FAIL_BETS }));
}
