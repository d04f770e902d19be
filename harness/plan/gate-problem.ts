import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { MetricId } from "../domain/metric.ts";

type Policy = GateSpecDoc["policy"];
type MarginKind = GateSpecDoc["margin_kind"];

/** What can be asked of a metric: the policies that have a meaning for it, and what its margin is a share of. */
interface Askable {
  readonly policies: readonly Policy[];
  readonly marginKinds: readonly [MarginKind, ...MarginKind[]];
  /** True for shares of items or trials: margins and limits lie between 0 and 1. */
  readonly isFraction: boolean;
}

const AGAINST_BASELINE: readonly Policy[] = ["non-inferiority", "any-regression", "equivalence"];

const LIMITS: readonly Policy[] = ["floor", "ceiling"];

// What varies from call to call has no exact policy: a point estimate would decide.
const ASKABLE: { readonly [metric in MetricId]: Askable } = {
  "quality.accuracy": {
    policies: [...AGAINST_BASELINE, ...LIMITS, "exact"],
    marginKinds: ["absolute", "relative"],
    isFraction: true,
  },
  "quality.class_accuracy": {
    policies: ["non-inferiority", "any-regression", "exact"],
    marginKinds: ["absolute", "relative"],
    isFraction: true,
  },
  "quality.map": { policies: [...AGAINST_BASELINE, ...LIMITS], marginKinds: ["absolute"], isFraction: true },
  "quality.category_ap": {
    policies: ["non-inferiority", "any-regression"],
    marginKinds: ["absolute"],
    isFraction: true,
  },
  "quality.adherence": {
    policies: [...AGAINST_BASELINE, ...LIMITS, "exact"],
    marginKinds: ["absolute", "relative"],
    isFraction: true,
  },
  "latency.ttft": {
    policies: [...AGAINST_BASELINE, ...LIMITS],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "throughput.decode": {
    policies: [...AGAINST_BASELINE, ...LIMITS],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "throughput.prefill": {
    policies: [...AGAINST_BASELINE, ...LIMITS],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "latency.call": {
    policies: [...AGAINST_BASELINE, ...LIMITS, "quantile-limit"],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "throughput.items": {
    policies: [...AGAINST_BASELINE, ...LIMITS],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "memory.peak_rss": {
    policies: [...AGAINST_BASELINE, ...LIMITS, "exact"],
    marginKinds: ["relative", "absolute"],
    isFraction: false,
  },
  "size.bytes_on_disk": {
    policies: ["exact", "non-inferiority", "any-regression", "ceiling"],
    marginKinds: ["absolute", "relative"],
    isFraction: false,
  },
  "determinism.rate": {
    policies: ["exact", "non-inferiority", "any-regression", "floor"],
    marginKinds: ["absolute"],
    isFraction: true,
  },
};

/** What a margin of this metric is a share of where the config does not say. */
export function defaultMarginKind(metric: MetricId): MarginKind {
  return ASKABLE[metric].marginKinds[0];
}

/** Whether the policy holds a plain value against a limit, rather than a worsening against a margin. */
export function usesLimit(policy: Policy): boolean {
  return policy === "floor" || policy === "ceiling" || policy === "quantile-limit";
}

/** Why a gate can never be decided rightly, as a sentence; undefined when it can. */
export function gateProblem(gate: GateSpecDoc): string | undefined {
  const name = `gate "${gate.id}"`;
  const { policies, marginKinds, isFraction } = ASKABLE[gate.metric];
  if (!policies.includes(gate.policy)) {
    return `${name}: ${gate.metric} cannot be judged by ${gate.policy}; use ${policies.join(", ")}`;
  }
  if (!(gate.alpha > 0 && gate.alpha < 0.5))
    return `${name} has alpha ${gate.alpha}, which must be above 0 and below 0.5`;
  const [what, value] = usesLimit(gate.policy) ? ["limit", gate.limit] : ["margin", gate.margin];
  if (value === null) return `${name} has policy ${gate.policy}, so it needs a "${what}"`;
  if (!(value >= 0) || value === Number.POSITIVE_INFINITY)
    return `${name} has the ${what} ${value}, which is no such number`;
  const quantile = gate.quantile ?? null;
  if (gate.policy === "quantile-limit" && quantile === null) {
    return `${name} has policy quantile-limit, so it needs a "quantile", e.g. 0.99`;
  }
  if (gate.policy !== "quantile-limit" && quantile !== null) {
    return `${name} has a quantile, which only the policy quantile-limit takes`;
  }
  if (usesLimit(gate.policy) && !isFraction && value === 0) return `${name} has the limit 0, which nothing can reach`;
  if (usesLimit(gate.policy)) {
    return isFraction && value > 1 ? `${name} has the limit ${value}, but ${gate.metric} is at most 1` : undefined;
  }
  if (!marginKinds.includes(gate.margin_kind)) {
    return `${name}: a margin of ${gate.metric} is ${marginKinds.join(" or ")}, not ${gate.margin_kind}`;
  }
  if ((isFraction || (gate.policy === "equivalence" && gate.margin_kind === "relative")) && value >= 1)
    return `${name} has a margin of ${value}, which everything passes; 0.01 is one point`;
  if (gate.policy === "non-inferiority" && value === 0) {
    return `${name} has policy non-inferiority with a margin of 0, which nothing can pass; use any-regression or exact`;
  }
  return undefined;
}
