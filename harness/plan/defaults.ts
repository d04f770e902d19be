import type {
  CanaryConfig,
  GateConfig,
  LatencyConfig,
  RuntimeConfig,
  WarmupConfig,
} from "../domain/generated/config-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { METRICS } from "../domain/metric.ts";

/** Values that apply where the config says nothing. docs/configs.md is generated from here. */
export const DEFAULTS = {
  runs_per_quant: 10,
  evaluate_runs: 2,
  evaluate_batch_size: 32,
  batch_sizes: [1],
  seed: 1,
  alpha: 0.05,
  drop_flag: 0.05,
  execution_lane: "lab",
  vram_profile: "safe",
  task_revision: "1",
  runtime: {
    kind: "onnxruntime",
    threads: [1],
    optimization_level: "all",
    cpu_mem_arena: true,
    mem_pattern: true,
    session_config: {},
    timeout_sec: 120,
  },
  warmup: { iterations: 10, min_ms: 50 },
  latency: { min_samples: 20, max_samples: 1000, time_budget_ms: 200 },
  canary: { runs: 3, items: 200, latency_cv_threshold: 0.25, min_samples: 5, min_accuracy: null },
  calibration: { count: 1000, method: "minmax", percentile: 99.99 },
  sidecar: { profile: "none" },
} as const satisfies {
  runtime: Required<RuntimeConfig>;
  warmup: Required<WarmupConfig>;
  latency: Required<LatencyConfig>;
  canary: Required<CanaryConfig>;
  [key: string]: unknown;
};

/** Gates that every sweep has unless its config changes or removes them by id. */
const DEFAULT_GATES: readonly GateSpecDoc[] = [
  {
    id: "accuracy_drop",
    metric: "quality.accuracy",
    policy: "non-inferiority",
    margin: 0.01,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "worst_class_drop",
    metric: "quality.class_accuracy",
    policy: "non-inferiority",
    margin: 0.05,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "latency_ratio",
    metric: "latency.call",
    policy: "non-inferiority",
    margin: 0.05,
    margin_kind: "relative",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "bytes",
    metric: "size.bytes_on_disk",
    policy: "exact",
    margin: 0,
    margin_kind: "relative",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "determinism",
    metric: "determinism.rate",
    policy: "exact",
    margin: 0,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: DEFAULTS.alpha,
  },
  {
    id: "peak_memory",
    metric: "memory.peak_rss",
    policy: "non-inferiority",
    margin: 0.1,
    margin_kind: "relative",
    limit: null,
    tier: "advisory",
    alpha: DEFAULTS.alpha,
  },
];

const NEW_GATE: Omit<GateSpecDoc, "id" | "metric" | "policy"> = {
  margin: null,
  margin_kind: "absolute",
  limit: null,
  tier: "advisory",
  alpha: DEFAULTS.alpha,
};

/**
 * Default gates with the config's changes applied by id. A time gate advises on lane `ci` unless the config names its tier.
 * A new id needs `metric` and `policy`; the problems found are returned as sentences, never thrown, so that the caller can say where.
 */
export function resolveGates(options: {
  readonly changes: readonly GateConfig[];
  readonly alpha: number;
  readonly lane: "ci" | "lab";
  /** What the changes apply to, with tiers and alphas as they are; default: the gates every sweep has, on the given lane. */
  readonly base?: readonly GateSpecDoc[];
}): { readonly gates: GateSpecDoc[]; readonly problems: string[] } {
  const problems: string[] = [];
  const base = options.base ?? DEFAULT_GATES.map((gate) => ({ ...gate, alpha: options.alpha }));
  const byId = new Map<string, GateSpecDoc>(base.map((gate) => [gate.id, { ...gate }]));
  if (options.base === undefined && options.lane === "ci") {
    for (const gate of byId.values()) if (METRICS[gate.metric].isTime) gate.tier = "advisory";
  }
  const seen = new Set<string>();
  for (const { enabled, ...change } of options.changes) {
    if (seen.has(change.id)) problems.push(`gate "${change.id}" is given twice`);
    seen.add(change.id);
    if (enabled === false) {
      byId.delete(change.id);
      continue;
    }
    const current = byId.get(change.id);
    const { metric, policy } = { ...current, ...change };
    if (metric === undefined || policy === undefined) {
      problems.push(`gate "${change.id}" is new, so it needs "metric" and "policy"`);
      continue;
    }
    const gate: GateSpecDoc = { ...NEW_GATE, alpha: options.alpha, ...current, ...change, metric, policy };
    const problem = gateProblem(gate);
    if (problem !== undefined) problems.push(problem);
    byId.set(gate.id, gate);
  }
  return { gates: [...byId.values()], problems };
}

function gateProblem(gate: GateSpecDoc): string | undefined {
  const usesLimit = gate.policy === "floor" || gate.policy === "ceiling";
  if (usesLimit && gate.limit === null) return `gate "${gate.id}" has policy ${gate.policy}, so it needs a "limit"`;
  if (!usesLimit && gate.margin === null) return `gate "${gate.id}" has policy ${gate.policy}, so it needs a "margin"`;
  if (gate.policy === "non-inferiority" && gate.margin === 0) {
    return `gate "${gate.id}" has policy non-inferiority with a margin of 0, which nothing can pass; use any-regression or exact`;
  }
  return undefined;
}
