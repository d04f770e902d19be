import type {
  CeilingInterval,
  ContextCeiling,
  ContextPoint,
  ContextThresholds,
} from "../domain/generated/context-ceiling-v1.ts";
import type { ContextSummary } from "../domain/generated/context-summary-v1.ts";
import { clusteredProportion } from "../stats/index.ts";
import { type ContextSource, judgeContext, type PointReason, recallOf } from "./context-point.ts";
import { kvMemory } from "./kv-memory.ts";

export type ContextLabels = Pick<ContextCeiling, "execution_lane" | "vram_profile"> & {
  readonly ref?: string | undefined;
};

/** Lengths and limits of a memory profile. */
export interface ContextProfile {
  readonly contexts: readonly number[];
  readonly adherenceMin: number;
  readonly ttftCeilingMs: number;
  readonly decodeFloorTps: number;
}

export const CONTEXT_PROFILES: { readonly [profile in ContextCeiling["vram_profile"]]: ContextProfile } = {
  safe: { contexts: [4096, 8192, 16384], adherenceMin: 0.95, ttftCeilingMs: 250, decodeFloorTps: 20 },
  balanced: { contexts: [8192, 16384, 32768], adherenceMin: 0.93, ttftCeilingMs: 350, decodeFloorTps: 15 },
  stress: { contexts: [16384, 32768, 65536], adherenceMin: 0.9, ttftCeilingMs: 500, decodeFloorTps: 10 },
};

/** Beside the profile's limits. Four fifths of the short-context score: 30 codes without a miss have a lower limit of .90. */
export const RECALL_DEFAULTS = { recall_relative_min: 0.8, recall_floor: 0.5, level: 0.9 } as const;

/**
 * The artifact `explorer.context_ceiling.v1` out of stored summaries of one model, one a length. The ceiling is monotone: the first length
 * that does not pass caps it, whatever longer ones do. RangeError for no summary, or two of one length.
 */
export function buildContextCeiling(
  sources: readonly ContextSource[],
  { thresholds, labels }: { readonly thresholds: ContextThresholds; readonly labels: ContextLabels },
): ContextCeiling {
  const ordered = sources.toSorted((a, b) => a.summary.context - b.summary.context);
  const shortest = ordered[0]?.summary;
  if (shortest === undefined) throw new RangeError("no summary was given");
  for (const [i, { summary }] of ordered.entries()) {
    if (i > 0 && ordered[i - 1]?.summary.context === summary.context)
      throw new RangeError(`two summaries are of ${summary.context} tokens`);
  }
  const points = judgeContexts(ordered, thresholds);
  const summaries = ordered.map(({ summary }) => summary);
  const interval = ceilingOf(points);
  const newest = summaries.toSorted((a, b) => (a.generated_at < b.generated_at ? 1 : -1))[0] as ContextSummary;
  const safe = safeCeiling(points);
  return {
    schema_version: "explorer.context_ceiling.v1",
    generated_at: newest.generated_at,
    hardware_fingerprint: shortest.hardware_fingerprint,
    execution_lane: labels.execution_lane,
    vram_profile: labels.vram_profile,
    model_id: shortest.model_id,
    quant_tag: shortest.quant_tag,
    provenance: { ...newest.provenance, ref: labels.ref ?? newest.provenance.ref },
    simulated: summaries.some(({ simulated }) => simulated),
    runtime: shortest.runtime,
    thresholds: { ...thresholds },
    safe_context_ceiling: safe ?? null,
    ceiling: interval,
    recommendation: recommend(points, safe, interval),
    kv_memory: kvMemory(summaries, thresholds.level),
    points,
  };
}

/** Lengths judged, ascending; recall is measured against the shortest one's. */
export function judgeContexts(ordered: readonly ContextSource[], thresholds: ContextThresholds): ContextPoint[] {
  const shortest = ordered[0]?.summary;
  const reference = shortest === undefined ? clusteredProportion([]) : recallOf(shortest, thresholds.level);
  return ordered.map((source) => judgeContext(source, { thresholds, reference }));
}

function safeCeiling(points: readonly ContextPoint[]): number | undefined {
  const failing = points.findIndex(({ passed }) => !passed);
  return points[(failing < 0 ? points.length : failing) - 1]?.context;
}

function ceilingOf(points: readonly ContextPoint[]): CeilingInterval {
  const open = points.findIndex(({ passed, undecided }) => !passed || undecided);
  const sure = points[(open < 0 ? points.length : open) - 1];
  const failing = points.find(({ passed }) => !passed);
  const decided = points.find(({ passed, undecided }) => !passed && !undecided);
  return {
    low: sure?.context ?? null,
    high: decided?.context ?? null,
    limited_by: failing === undefined ? null : demandOf(failing.reasons),
  };
}

/** The demand that fails first, in the order in which they build on each other. */
function demandOf(reasons: readonly PointReason[]): NonNullable<CeilingInterval["limited_by"]> {
  const has = (...wanted: PointReason[]) => reasons.some((one) => wanted.includes(one));
  if (has("NOT_LOADED", "OFFLOADED", "INVALID_ROW")) return "load";
  if (has("TRUNCATED")) return "acceptance";
  if (has("RECALL_BELOW_MIN")) return "recall";
  return has("ADHERENCE_BELOW_MIN") ? "form" : "usability";
}

function recommend(points: readonly ContextPoint[], safe: number | undefined, ceiling: CeilingInterval): string {
  const failing = points.find(({ passed }) => !passed);
  const said =
    safe === undefined
      ? `No length passes; ${failing === undefined ? "none was tried" : `${failing.context} tokens fail: ${words(failing)}`}.`
      : `Use up to ${safe} tokens.`;
  const next = safe === undefined || failing === undefined ? "" : ` ${failing.context} tokens fail: ${words(failing)}.`;
  const none =
    failing === undefined && safe !== undefined ? " No length that was tried fails: a longer one may do too." : "";
  const open = points.filter(({ undecided }) => undecided).map(({ context }) => context);
  const doubt = open.length === 0 ? "" : ` More seeds would settle ${open.join(", ")}.`;
  const gap = ceiling.low !== null && ceiling.low !== safe ? ` Up to ${ceiling.low} it is beyond doubt.` : "";
  return `${said}${next}${none}${gap}${doubt}`;
}

const WORDS: { readonly [reason in PointReason]: string } = {
  INVALID_ROW: "no request was answered",
  ADHERENCE_BELOW_MIN: "answers do not keep to the form",
  TTFT_MISSING: "the time to the first token was not measured",
  TTFT_ABOVE_CEILING: "the first token takes too long",
  DECODE_TPS_MISSING: "the decode rate was not measured",
  DECODE_TPS_BELOW_FLOOR: "tokens come too slowly",
  TRUNCATED: "the prompt was cut",
  RECALL_BELOW_MIN: "codes in the text are not recalled well enough",
  NOT_LOADED: "the length could not be allocated",
  OFFLOADED: "it does not fit the accelerator",
};

function words({ reasons, acceptance }: ContextPoint): string {
  return reasons
    .map((one) => (one === "TRUNCATED" && acceptance === "refused" ? "the prompt is refused as too long" : WORDS[one]))
    .join(", ");
}
