import type { Reason } from "../domain/codes.ts";
import type { BlockMetric, Comparison } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { NeededDoc } from "../domain/generated/summary-v1.ts";
import { METRICS } from "../domain/metric.ts";
import * as stats from "../stats/index.ts";
import { blockClaims, type Claims, relativeChangeClaims } from "./claims.ts";
import { type Effect, logRatiosOf, relativeChange } from "./effect.ts";
import { blocksNeeded, callsNeeded } from "./needed.ts";

/** What a gate measured, before its policy turns it into a verdict. */
export interface Measured {
  readonly effect: Effect;
  readonly claims: Claims;
  readonly detail?: string;
  /** What would settle it; asked for only where nothing is settled, as the search takes longer than the verdict. */
  readonly needed?: (() => NeededDoc | undefined) | undefined;
}

export type NotMeasured = { readonly reason: Reason };

/**
 * Times, memory and throughput: the change against the baseline block by block, as a share or in the metric's unit; the plain
 * value against a limit; or all calls against a quantile limit.
 */
export function measureBlocks(spec: GateSpecDoc, comparison: Comparison): Measured | NotMeasured {
  const level = 1 - 2 * spec.alpha;
  if (spec.policy === "quantile-limit") return measureQuantile(spec, comparison);
  if (spec.policy === "floor" || spec.policy === "ceiling") {
    const own = comparison.blocks?.[spec.metric as BlockMetric]?.own ?? new Float64Array(0);
    if (own.length === 0) return { reason: "missing-metric" };
    if (!own.every((value) => value > 0 && Number.isFinite(value))) return { reason: "invalid-values" };
    const limit = spec.limit as number;
    return { effect: stats.hodgesLehmann(own, { level }), claims: blockClaims(own, spec.policy, limit) };
  }
  const worseIsMore = METRICS[spec.metric].better === "lower";
  const margin = spec.margin ?? Number.NaN;
  const logRatios = logRatiosOf(comparison, spec.metric) ?? new Float64Array(0);
  if (logRatios.length === 0) return { reason: "missing-metric" };
  if (!logRatios.every(Number.isFinite)) return { reason: "invalid-values" };
  const oriented = (values: Float64Array) => (worseIsMore ? values : values.map((x) => -x));
  const { alpha } = spec;
  const { secondsPerBlock } = comparison;
  if (spec.margin_kind === "absolute") {
    const differences = comparison.blocks?.[spec.metric as BlockMetric]?.differences ?? new Float64Array(0);
    if (differences.length === 0) return { reason: "missing-metric" };
    const values = oriented(differences);
    return {
      effect: stats.hodgesLehmann(values, { level }),
      claims: blockClaims(values, spec.policy, margin),
      needed: () => blocksNeeded({ values, margin, alpha, secondsPerBlock }),
    };
  }
  const values = oriented(logRatios);
  return {
    effect: relativeChange(values, level),
    claims: relativeChangeClaims(values, spec.policy, margin),
    needed: () => blocksNeeded({ values, margin: Math.log1p(margin), alpha, secondsPerBlock }),
  };
}

/**
 * MLPerf's binomial rule: t of n calls over the limit support "a share q of calls is within it" where P(Bin(n, 1 - q) ≤ t) ≤ α. That
 * is the same as the upper order-statistic bound of the quantile lying within the limit, so that bound is what is shown.
 */
function measureQuantile(spec: GateSpecDoc, { latencyS = new Float64Array(0) }: Comparison): Measured | NotMeasured {
  const n = latencyS.length;
  if (n === 0) return { reason: "missing-metric" };
  if (!latencyS.every((value) => value > 0 && Number.isFinite(value))) return { reason: "invalid-values" };
  const quantile = spec.quantile as number;
  const limit = spec.limit as number;
  const over = latencyS.filter((value) => value > limit).length;
  const p = 1 - quantile;
  return {
    effect: stats.quantileInterval(latencyS, { quantile, level: 1 - 2 * spec.alpha }),
    claims: {
      pass: stats.binomialCdf(over, { n, p }),
      fail: stats.binomialCdf(over - 1, { n, p, tail: "upper" }),
    },
    detail: `p${Number((quantile * 100).toPrecision(6))}, ${over} of ${n} calls over the limit`,
    needed: () => callsNeeded({ over, n, quantile, alpha: spec.alpha }),
  };
}
