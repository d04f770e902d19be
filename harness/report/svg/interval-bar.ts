import type { EstimateDoc } from "../../domain/generated/summary-v1.ts";
import { isNumber } from "../numbers.ts";
import { clamp, px, type Scale } from "./scale.ts";

export interface IntervalBar {
  readonly estimate: EstimateDoc | null;
  readonly verdict: string;
  /** What the axis spans, in the unit of the estimate. */
  readonly domain: readonly [number, number];
  readonly scale: (domain: readonly [number, number], range: readonly [number, number]) => Scale;
  /** Where the good side ends; null where nothing is decided against a bound. */
  readonly margin: number | null;
  /** Whether values below the margin are the good ones. */
  readonly goodIsBelow: boolean;
  /** No difference: 0 for a drop, 1 for a ratio. */
  readonly neutral: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An interval as a bar against its margin: the bad side is shaded, the margin a dashed line, no difference a thin one. What lies outside of
 * the axis ends in an arrow. Decoration beside numbers that say the same, so it is hidden from screen readers.
 */
export function intervalBar(bar: IntervalBar): string {
  const { estimate, domain, margin, goodIsBelow, neutral, width, height } = bar;
  const at = bar.scale(domain, [6, width - 6]);
  const inside = (value: number) => at(clamp(value, domain));
  const mid = px(height / 2);
  const parts: string[] = [`<rect class="track" x="0" y="0" width="${width}" height="${height}" rx="3"/>`];
  if (isNumber(margin)) {
    const edge = inside(margin);
    const [from, to] = goodIsBelow ? [edge, width] : [0, edge];
    parts.push(`<rect class="bad" x="${px(from)}" y="0" width="${px(Math.max(0, to - from))}" height="${height}"/>`);
    parts.push(`<line class="margin" x1="${px(edge)}" x2="${px(edge)}" y1="0" y2="${height}"/>`);
  }
  parts.push(`<line class="neutral" x1="${px(inside(neutral))}" x2="${px(inside(neutral))}" y1="0" y2="${height}"/>`);
  if (estimate !== null && isNumber(estimate.value)) {
    const { value } = estimate;
    const [low, high] = [estimate.low ?? domain[0], estimate.high ?? domain[1]];
    const [x1, x2] = [inside(low), inside(high)];
    parts.push(
      `<line class="interval ${bar.verdict}" x1="${px(x1)}" x2="${px(Math.max(x2, x1 + 2))}" y1="${mid}" y2="${mid}"/>`,
    );
    if (high > domain[1] || estimate.high === null) parts.push(arrow(width - 1, height / 2, -1, bar.verdict));
    if (low < domain[0] || estimate.low === null) parts.push(arrow(1, height / 2, 1, bar.verdict));
    if (value >= domain[0] && value <= domain[1]) {
      parts.push(
        `<circle class="point ${bar.verdict}" cx="${px(at(value))}" cy="${mid}" r="${px(Math.min(4.5, height / 4))}"/>`,
      );
    }
  }
  return `<svg class="bar" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true" focusable="false">${parts.join("")}</svg>`;
}

function arrow(x: number, y: number, side: 1 | -1, verdict: string): string {
  return `<path class="point ${verdict}" d="M${px(x)} ${px(y)}l${7 * side} -4.5v9z"/>`;
}
