import type { ContextPoint, ContextThresholds, EstimateDoc } from "../domain/generated/context-ceiling-v1.ts";
import type { ContextProbe, ContextSummary } from "../domain/generated/context-summary-v1.ts";
import { type ClusteredShare, clusteredProportion, quantileInterval, quantileOfSorted } from "../stats/index.ts";
import { estimateDoc } from "./estimate-doc.ts";

/** A stored summary of one length, and where it lies. */
export interface ContextSource {
  readonly summary: ContextSummary;
  readonly path: string;
  readonly sha256: string;
}

export type PointReason = ContextPoint["reasons"][number];

/** Counts of server and tokenizer may differ by the marks of a text's start and end. */
const COUNT_TOLERANCE = 2;

/** Recall of one length: codes in their places by codes asked for. A request that broke recalls nothing. */
export function recallOf({ probes }: ContextSummary, level: number): ClusteredShare {
  return overSeeds(probes, level, ({ codes }) => codes.map(({ recalled }) => recalled));
}

/**
 * One length judged by the limits; `reference` is the recall at the shortest one. Four demands: it loads as asked, a prompt that fills it is
 * accepted whole, codes are recalled from all over it, and it is quick enough to use; and answers keep their form.
 */
export function judgeContext(
  { summary, path, sha256 }: ContextSource,
  { thresholds, reference }: { readonly thresholds: ContextThresholds; readonly reference: ClusteredShare },
): ContextPoint {
  const { level } = thresholds;
  const { probes } = summary;
  const recall = recallOf(summary, level);
  const adherence = overSeeds(probes, level, ({ adhered }) => (adhered === null ? [] : [adhered]));
  const done = probes.filter(({ status }) => status === "completed");
  const ttft = done.flatMap(({ ttft_s, cached_tokens }) =>
    ttft_s === null || (cached_tokens ?? 0) > 0 ? [] : [1000 * ttft_s],
  );
  const decode = done.flatMap(({ decode_tps }) => (decode_tps === null ? [] : [decode_tps]));
  const acceptance = acceptanceOf(probes);
  const isLoaded = loads(summary);
  const valid = isLoaded && done.length > 0;

  const limits = [
    limit(ttft, (x) => x > thresholds.ttft_ceiling_ms, { missing: "TTFT_MISSING", beyond: "TTFT_ABOVE_CEILING" }),
    limit(decode, (x) => x < thresholds.decode_floor_tps, {
      missing: "DECODE_TPS_MISSING",
      beyond: "DECODE_TPS_BELOW_FLOOR",
    }),
  ];
  const form = adherenceDemand(adherence, thresholds);
  const memory = recallDemand(recall, reference, thresholds);
  const reasons: PointReason[] = [];
  if (!isLoaded) reasons.push("NOT_LOADED");
  if ((summary.load.offloaded_bytes ?? 0) > 0) reasons.push("OFFLOADED");
  if (isLoaded && done.length === 0 && acceptance !== "refused") reasons.push("INVALID_ROW");
  if (acceptance === "truncated" || acceptance === "refused") reasons.push("TRUNCATED");
  if (valid) reasons.push(...[memory, form, ...limits].flatMap(({ reason }) => (reason === undefined ? [] : [reason])));
  // What a length that could not be loaded or filled would have recalled is not known, and its other limits say nothing.
  const isUndecided = valid && [memory, form, ...limits].some(({ undecided }) => undecided);
  const isHard = reasons.some((one) => HARD.includes(one));
  return {
    context: summary.context,
    adherence_score: valid ? (adherence.value ?? null) : null,
    degradation_from_baseline:
      valid && recall.value !== undefined && reference.value !== undefined ? reference.value - recall.value : null,
    ttft_ms: median(ttft),
    decode_tps: median(decode),
    valid,
    passed: reasons.length === 0,
    reasons,
    summary_path: path,
    summary_sha256: sha256,
    undecided: isUndecided && !isHard,
    acceptance,
    prompt_tokens: most(
      probes.map(
        ({ prompt_tokens_counted, prompt_tokens_reported }) => prompt_tokens_counted ?? prompt_tokens_reported,
      ),
    ),
    adherence: valid && adherence.n > 0 ? estimateDoc(adherence) : null,
    recall: valid && recall.n > 0 ? estimateDoc(recall) : null,
    recall_by_depth: byDepth(probes),
    ttft: intervalOf(ttft, level),
    decode: intervalOf(decode, level),
  };
}

/** No number of further requests turns these. */
const HARD: readonly PointReason[] = ["NOT_LOADED", "OFFLOADED", "TRUNCATED", "INVALID_ROW"];

interface Demand {
  readonly reason: PointReason | undefined;
  /** Both verdicts are still possible. */
  readonly undecided: boolean;
}

/** The allocated context is confirmed where the runtime says it; less than asked for is not loaded. */
function loads({ load, context }: ContextSummary): boolean {
  return load.status === "loaded" && (load.context_tokens === null || load.context_tokens >= context);
}

function acceptanceOf(probes: readonly ContextProbe[]): ContextPoint["acceptance"] {
  if (probes.some((probe) => probe.is_truncated || isShort(probe))) return "truncated";
  if (probes.some(({ status }) => status === "refused")) return "refused";
  const isKnown = probes.some(({ prompt_tokens_reported }) => prompt_tokens_reported !== null);
  return isKnown ? "whole" : "unknown";
}

function isShort({ prompt_tokens_counted: counted, prompt_tokens_reported: reported }: ContextProbe): boolean {
  return counted !== null && reported !== null && reported < counted - COUNT_TOLERANCE;
}

/** The lower limit must reach the share of the reference; where the reference itself recalls too little, nothing can be said. */
function recallDemand(recall: ClusteredShare, reference: ClusteredShare, thresholds: ContextThresholds): Demand {
  const { recall_relative_min: share, recall_floor: floor } = thresholds;
  if (recall.value === undefined || reference.value === undefined || reference.value < floor)
    return { reason: "RECALL_BELOW_MIN", undecided: false };
  const least = share * reference.value;
  if (recall.low >= least) return { reason: undefined, undecided: false };
  return { reason: "RECALL_BELOW_MIN", undecided: recall.high >= least };
}

/** The share decides: to prove .95 takes 58 answers without a miss. Answers of both kinds, and limits on both sides, leave it open. */
function adherenceDemand(adherence: ClusteredShare, { adherence_min: least }: ContextThresholds): Demand {
  const isBelow = adherence.value === undefined || adherence.value < least;
  const isMixed = adherence.count > 0 && adherence.count < adherence.n;
  return {
    reason: isBelow ? "ADHERENCE_BELOW_MIN" : undefined,
    undecided: isMixed && adherence.low < least && adherence.high >= least,
  };
}

/** The median decides; values on both sides of the limit leave it open. */
function limit(
  values: readonly number[],
  isBeyond: (value: number) => boolean,
  reasons: { readonly missing: PointReason; readonly beyond: PointReason },
): Demand {
  const middle = median(values);
  if (middle === null) return { reason: reasons.missing, undecided: false };
  const beyond = values.filter(isBeyond).length;
  return { reason: isBeyond(middle) ? reasons.beyond : undefined, undecided: beyond > 0 && beyond < values.length };
}

function overSeeds(
  probes: readonly ContextProbe[],
  level: number,
  eventsOf: (probe: ContextProbe) => readonly boolean[],
): ClusteredShare {
  const seeds = [...new Set(probes.map(({ seed }) => seed))];
  const clusters = seeds.map((seed) => {
    const events = probes.filter((probe) => probe.seed === seed).flatMap(eventsOf);
    return { n: events.length, count: events.filter(Boolean).length };
  });
  return clusteredProportion(clusters, { level });
}

function byDepth(probes: readonly ContextProbe[]): ContextPoint["recall_by_depth"] {
  const all = probes.flatMap(({ codes }) => codes);
  const depths = [...new Set(all.map(({ depth }) => depth))].sort((a, b) => a - b);
  return depths.map((depth) => {
    const here = all.filter((code) => code.depth === depth);
    return { depth, recalled: here.filter(({ recalled }) => recalled).length, asked: here.length };
  });
}

function intervalOf(values: readonly number[], level: number): EstimateDoc | null {
  return values.length === 0 ? null : estimateDoc(quantileInterval(values, { quantile: 0.5, level }));
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
