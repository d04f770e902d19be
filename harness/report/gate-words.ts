import type { GateResultDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { estimateText, type NumberStyle, PERCENT, POINTS, SPEED, styled } from "./estimates.ts";
import { bytes, isNumber, percent } from "./numbers.ts";
import { baselineName } from "./rows.ts";
import { visible } from "./visible-text.ts";

/** Why a verdict is what it is, in a few words; `short` for narrow tables. */
export interface ShortReason {
  readonly long: string;
  readonly short: string;
}

/** Typed reasons that explain a verdict better than the metric does. */
const BY_REASON: { readonly [reason: string]: ShortReason } = {
  "variant-failed": { long: "could not be made", short: "not made" },
  "variant-unavailable": { long: "not available here", short: "unavailable" },
  "digest-mismatch": { long: "other weights ran", short: "weights" },
  "not-paired": { long: "items differ", short: "not paired" },
  "stopped-early": { long: "stopped early", short: "stopped early" },
  "invalid-values": { long: "NaN or Inf", short: "NaN" },
  "constant-where-it-cannot-be": { long: "clock not trusted", short: "clock" },
  "failed-trials": { long: "trials failed", short: "failed" },
  "missing-trials": { long: "trials missing", short: "missing" },
  "missing-metric": { long: "not measured", short: "missing" },
  "missing-baseline": { long: "no baseline", short: "baseline" },
  "hardware-mismatch": { long: "other hardware", short: "hardware" },
  "baseline-stale": { long: "baseline is stale", short: "stale" },
  noisy: { long: "too noisy", short: "noisy" },
  polluted: { long: "machine was busy", short: "polluted" },
  "fixed-sequence-stop": { long: "sequence stopped", short: "sequence" },
};
/** With these a measured effect says nothing, so they explain a FAIL too; the others explain an INCONCLUSIVE only. */
const OVERRIDES_FAIL: ReadonlySet<string> = new Set([
  "variant-failed",
  "digest-mismatch",
  "not-paired",
  "invalid-values",
]);
/** The most telling metric first; others follow. */
const TELLING = [
  "quality.accuracy",
  "quality.map",
  "quality.class_accuracy",
  "quality.category_ap",
  "determinism.rate",
  "latency.call",
  "throughput.items",
];

/** Primary gates that made the row's verdict, the most telling metric first. */
export function decidingGates(row: SummaryRow): readonly GateResultDoc[] {
  const rank = (gate: GateResultDoc) => {
    const index = TELLING.indexOf(gate.metric);
    return index < 0 ? TELLING.length : index;
  };
  return row.gates
    .filter((gate) => gate.tier === "primary" && gate.verdict === row.verdict)
    .sort((left, right) => rank(left) - rank(right));
}

/** Undefined for a pass, the baseline, and a verdict that no primary gate explains. */
export function shortReason(summary: Summary, row: SummaryRow): ShortReason | undefined {
  if (row.verdict !== "fail" && row.verdict !== "inconclusive") return undefined;
  const gate = decidingGates(row)[0];
  return gate && (typedReason(gate) ?? metricReason(summary, row, gate));
}

/** The typed reason that explains the gate better than its effect does. */
export function typedReason(gate: GateResultDoc): ShortReason | undefined {
  const usable = gate.reasons.filter((reason) => gate.verdict !== "fail" || OVERRIDES_FAIL.has(reason));
  // In the order of the table: what broke the measurement before what blurred it.
  const known = Object.keys(BY_REASON).find((reason) => usable.includes(reason));
  return known === undefined ? undefined : BY_REASON[known];
}

function metricReason(summary: Summary, row: SummaryRow, gate: GateResultDoc): ShortReason {
  const failed = gate.verdict === "fail";
  const words: { readonly [metric: string]: ShortReason } = {
    "quality.accuracy": isLimit(gate)
      ? { long: failed ? "below the floor" : "accuracy floor", short: "floor" }
      : { long: failed ? "accuracy drop" : "accuracy", short: "accuracy" },
    "quality.map": isLimit(gate)
      ? { long: failed ? "below the floor" : "mAP floor", short: "floor" }
      : { long: failed ? "mAP drop" : "mAP", short: "mAP" },
    "quality.category_ap": { long: `category ${visible(gate.detail ?? "")}`, short: "category" },
    "quality.class_accuracy": { long: `class ${className(row, gate)}`, short: "class" },
    "latency.call": isLimit(gate)
      ? { long: failed ? "latency limit broken" : "latency limit", short: "latency" }
      : failed
        ? { long: `slower than ${baselineName(summary, row)}`, short: "slower" }
        : { long: "speed", short: "speed" },
    "quality.adherence": { long: failed ? "adherence drop" : "adherence", short: "adherence" },
    "latency.ttft": { long: failed ? "slower to the first token" : "time to first token", short: "TTFT" },
    "throughput.decode": { long: failed ? "slower decoding" : "decode rate", short: "decode" },
    "throughput.prefill": { long: failed ? "slower prompt processing" : "prefill rate", short: "prefill" },
    "throughput.items": { long: "throughput", short: "throughput" },
    "size.bytes_on_disk": { long: failed ? "too large" : "size", short: "size" },
    "memory.peak_rss": { long: failed ? "too much memory" : "memory", short: "memory" },
    "determinism.rate": { long: failed ? "outputs vary" : "determinism", short: failed ? "varies" : "repeats" },
  };
  return words[gate.metric] ?? { long: visible(gate.gate_id), short: "gate" };
}

/** What was measured and what it was held against: `drop 0.5 points [-0.1, 1.1], margin 1 point`. */
export function gateFact(summary: Summary, row: SummaryRow, gate: GateResultDoc): string {
  const effect = estimateText(gate.effect, gateStyle(gate), gateLimits(gate));
  return measuredText(summary, row, gate, effect) + againstText(gate);
}

function measuredText(summary: Summary, row: SummaryRow, gate: GateResultDoc, effect: string): string {
  switch (gate.metric) {
    case "quality.accuracy":
      if (isLimit(gate)) return `accuracy ${effect}`;
      if (gate.margin_kind === "relative") return `drop ${effect} of the accuracy of ${baselineName(summary, row)}`;
      return `drop ${spelled(effect, "points")}`;
    case "quality.class_accuracy":
      if (gate.margin_kind === "relative") return `class ${className(row, gate)} drops ${effect} of its accuracy`;
      return `class ${className(row, gate)} drops ${spelled(effect, "points")}`;
    case "quality.map":
      return isLimit(gate) ? `mAP ${effect}` : `mAP drop ${spelled(effect, "points")}`;
    case "quality.category_ap":
      return `category ${visible(gate.detail ?? "")} drops ${spelled(effect, "points")} of AP`;
    case "latency.call":
      if (gate.policy === "quantile-limit") return `${quantileName(gate)} of latency ${effect}`;
      if (isLimit(gate)) return `latency ${effect}`;
      if (gate.margin_kind === "absolute") return `latency change ${effect}`;
      if (row.speedup === null) return `latency change ${effect}`;
      return `${speedText(row)} the speed of ${baselineName(summary, row)}`;
    case "size.bytes_on_disk":
      if (gate.limit !== null || row.bytes_ratio === null) return bytes(row.bytes_on_disk);
      return `${percent(row.bytes_ratio, { limits: [1] })} of the size of ${baselineName(summary, row)}`;
    case "memory.peak_rss":
      return `peak memory ${isLimit(gate) ? "" : "change "}${effect}`;
    case "quality.adherence":
      if (isLimit(gate)) return `adherence ${effect}`;
      if (gate.margin_kind === "relative") return `drop ${effect} of the adherence of ${baselineName(summary, row)}`;
      return `adherence drops ${spelled(effect, "points")}`;
    case "latency.ttft":
      return `time to first token ${isLimit(gate) ? "" : "change "}${effect}`;
    case "throughput.decode":
      return `decode rate ${isLimit(gate) ? "" : "loss "}${effect}`;
    case "throughput.prefill":
      return `prefill rate ${isLimit(gate) ? "" : "loss "}${effect}`;
    case "throughput.items":
      return `throughput ${isLimit(gate) ? "" : "loss "}${effect}`;
    case "determinism.rate":
      return `${percent(row.determinism_rate, { digits: 1, limits: [1] })} of repeated trials agree`;
    default:
      return `${visible(gate.metric)} ${effect}`;
  }
}

/** The speed of a row, never rounded onto or across what its gates decided by. */
export function speedText(row: SummaryRow): string {
  return estimateText(row.speedup, SPEED, speedLimits(row));
}

/** Speeds that decide: the margins of the latency gates, which bound the relative change of latency. */
export function speedLimits(row: SummaryRow): readonly number[] {
  const margins = row.gates
    .filter((gate) => gate.metric === "latency.call" && gate.margin_kind === "relative")
    .flatMap((gate) => gate.margin ?? []);
  return margins.map((margin) => 1 / (1 + margin));
}

/**
 * What may be said of a speed without a margin: `faster` or `slower` only where the whole interval is, as it is shown, so that no
 * sentence says "faster" beside a bound that reads 1.00.
 */
export function speedWord(row: SummaryRow): "faster" | "slower" | "equal" | undefined {
  const { speedup } = row;
  if (!isNumber(speedup?.value)) return undefined;
  const shown = (bound: number) => Number(styled(bound, SPEED).replaceAll(",", ""));
  if (isNumber(speedup.low) && shown(speedup.low) > 1) return "faster";
  if (isNumber(speedup.high) && shown(speedup.high) < 1) return "slower";
  return "equal";
}

/** What is judged over all items; mean average precision where those have boxes. */
export const OVERALL: ReadonlySet<string> = new Set(["quality.accuracy", "quality.map"]);

/** Drops that decide: the margins of the overall gates on quality. */
export function dropLimits(row: SummaryRow): readonly number[] {
  return row.gates
    .filter((gate) => OVERALL.has(gate.metric) && gate.margin_kind === "absolute")
    .flatMap((gate) => gate.margin ?? []);
}

/** `1 point`, `0.5 points`, from a fraction. */
export function pointsText(fraction: number): string {
  const value = Number((fraction * 100).toPrecision(9));
  return `${value} ${value === 1 ? "point" : "points"}`;
}

/** A relative change of size is far below this, an absolute one in bytes far above. */
const LARGEST_RELATIVE = 100;

const MEGABYTES: NumberStyle = { factor: 1e-6, digits: 2, significant: 3, suffix: " MB" };
const MILLISECONDS: NumberStyle = { factor: 1000, digits: 2, significant: 3, suffix: " ms" };
const PER_SECOND: NumberStyle = { factor: 1, digits: 1, significant: 3, suffix: "/s" };

/** Unit in which the effect of a gate is shown: points for quality, the metric's own for limits and absolute margins, else percent. */
export function gateStyle(gate: GateResultDoc): NumberStyle {
  if (gate.metric.startsWith("quality.")) {
    if (isLimit(gate)) return { ...POINTS, digits: 2 };
    return gate.margin_kind === "relative" ? PERCENT : POINTS;
  }
  const isPlain = isLimit(gate) || gate.margin_kind === "absolute";
  if (gate.metric.startsWith("latency.") && isPlain) return MILLISECONDS;
  if (gate.metric.startsWith("throughput.") && isPlain) return PER_SECOND;
  if (gate.metric === "memory.peak_rss" && isPlain) return MEGABYTES;
  return isInBytes(gate) ? MEGABYTES : PERCENT;
}

/** Numbers that the effect of a gate must not be rounded onto or across. */
export function gateLimits(gate: GateResultDoc): readonly number[] {
  return [gate.margin, gate.limit].filter(isNumber);
}

/** What the effect is held against, in its unit: `1 point`, `5 %`, `90`. Undefined when the gate states neither margin nor limit. */
export function boundText(gate: GateResultDoc): string | undefined {
  const bound = gate.margin ?? gate.limit;
  if (!isNumber(bound)) return undefined;
  if (gate.metric.startsWith("quality.") && !isLimit(gate) && gate.margin_kind === "absolute") return pointsText(bound);
  if (isInBytes(gate)) return bytes(bound);
  const { factor, suffix } = gateStyle(gate);
  // Nine digits: a bound is what a person wrote, and binary noise of the product is not part of it.
  return `${Number((bound * factor).toPrecision(9))}${suffix}`;
}

function againstText(gate: GateResultDoc): string {
  if (gate.margin !== null && gate.metric === "size.bytes_on_disk" && !isInBytes(gate)) {
    return `, limit ${percent(1 + gate.margin, { limits: [1 + gate.margin] })}`;
  }
  if (gate.metric === "determinism.rate" && gate.margin === 0) return ", all must";
  const bound = boundText(gate);
  if (bound === undefined) return "";
  const word = !isLimit(gate) ? "margin" : gate.policy === "floor" ? "floor" : "limit";
  return `, ${word} ${bound}`;
}

function isLimit(gate: GateResultDoc): boolean {
  return gate.policy === "floor" || gate.policy === "ceiling" || gate.policy === "quantile-limit";
}

function isInBytes(gate: GateResultDoc): boolean {
  if (gate.metric !== "size.bytes_on_disk") return false;
  return gate.limit !== null || Math.max(Math.abs(gate.effect?.value ?? 0), gate.margin ?? 0) > LARGEST_RELATIVE;
}

/** `p99`, `p99.9`. */
function quantileName({ quantile }: GateResultDoc): string {
  return isNumber(quantile) ? `p${Number((quantile * 100).toPrecision(6))}` : "the quantile";
}

/** Puts the unit between the point estimate and its interval. */
function spelled(estimate: string, unit: string): string {
  return estimate.includes(" [") ? estimate.replace(" [", ` ${unit} [`) : `${estimate} ${unit}`;
}

function className(row: SummaryRow, gate: GateResultDoc): string {
  return visible(gate.detail ?? row.worst_class ?? "");
}
