import type { GateConfig } from "../domain/generated/config-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { METRICS } from "../domain/metric.ts";
import { type GatePreset, languagePresetGates, presetGates } from "./gate-presets.ts";
import { defaultMarginKind, gateProblem, usesLimit } from "./gate-problem.ts";
import { detectionGates } from "./plan-detection.ts";

/**
 * The preset's gates with the config's changes applied by id. A time gate advises on lane `ci` unless the config names its tier.
 * A new id needs `metric` and `policy`; the problems found are returned as sentences, never thrown, so that the caller can say where.
 */
export function resolveGates(options: {
  readonly changes: readonly GateConfig[];
  readonly alpha: number;
  readonly lane: "ci" | "lab";
  /** What the changes apply to, with tiers and alphas as they are; default: the gates every sweep has, on the given lane. */
  readonly base?: readonly GateSpecDoc[];
  /** Without a base: the gates to start from. */
  readonly preset?: GatePreset | undefined;
  /** Without a base: the items have boxes, so gates on average precision take the place of those on labels. */
  readonly isDetection?: boolean;
  /** The items are tasks for language models. */
  readonly isLanguage?: boolean | undefined;
}): { readonly gates: GateSpecDoc[]; readonly problems: string[] } {
  const problems: string[] = [];
  const gatesOf = options.isLanguage ? languagePresetGates : presetGates;
  const preset = gatesOf(options.preset ?? "default").map((gate) => ({ ...gate, alpha: options.alpha }));
  const base = options.base ?? (options.isDetection ? detectionGates(preset) : preset);
  const byId = new Map(base.map((gate) => [gate.id, gate]));
  const named = new Set<string>();
  const seen = new Set<string>();
  for (const change of options.changes) {
    if (seen.has(change.id)) problems.push(`gate "${change.id}" is given twice`);
    seen.add(change.id);
    if (change.enabled === false) {
      byId.delete(change.id);
      continue;
    }
    const gate = changedGate(byId.get(change.id), change, options.alpha);
    if (typeof gate === "string") {
      problems.push(gate);
      continue;
    }
    if (change.tier !== undefined) named.add(gate.id);
    byId.set(gate.id, gate);
  }
  const demotes = options.base === undefined && options.lane === "ci";
  const gates = [...byId.values()].map((gate) =>
    demotes && METRICS[gate.metric].isTime && !named.has(gate.id) ? { ...gate, tier: "advisory" as const } : gate,
  );
  return { gates, problems: [...problems, ...gates.flatMap((gate) => gateProblem(gate) ?? [])] };
}

/** The quantile goes with its policy; a given one is kept, so that it is refused where it has no meaning. */
function quantileOf(policy: string, change: GateConfig, base: GateSpecDoc | undefined): Pick<GateSpecDoc, "quantile"> {
  const quantile = change.quantile ?? (policy === "quantile-limit" ? base?.quantile : undefined);
  return quantile == null ? {} : { quantile };
}

/** The gate as changed, or why the change makes none. */
function changedGate(base: GateSpecDoc | undefined, change: GateConfig, alpha: number): GateSpecDoc | string {
  const { metric, policy } = { ...base, ...change };
  if (metric === undefined || policy === undefined) {
    return `gate "${change.id}" is new, so it needs "metric" and "policy"`;
  }
  const [used, unused] = usesLimit(policy) ? (["limit", "margin"] as const) : (["margin", "limit"] as const);
  if (change[unused] != null)
    return `gate "${change.id}" has policy ${policy}, which takes a "${used}", not a "${unused}"`;
  // The base's numbers hold for its own metric and kind of threshold; a share of something else is another number.
  const known = base?.metric === metric ? base : undefined;
  const given = change[used] === undefined ? (known?.[used] ?? null) : change[used];
  return {
    id: change.id,
    metric,
    policy,
    margin: null,
    limit: null,
    [used]: given,
    margin_kind: change.margin_kind ?? known?.margin_kind ?? defaultMarginKind(metric),
    tier: change.tier ?? base?.tier ?? "advisory",
    alpha: change.alpha ?? base?.alpha ?? alpha,
    ...quantileOf(policy, change, known),
  };
}
