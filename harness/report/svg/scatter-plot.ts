import { esc, escLines } from "../html/markup.ts";
import { axisTicks } from "../plot-axis.ts";
import { displayWidth } from "../visible-text.ts";
import { clamp, linear, logarithmic, px, ratioTicks, type Scale } from "./scale.ts";

/** One point with its error bars, in the units of the axes. */
export interface PlotMark {
  /** Index of the row in the page; filters go by it. */
  readonly index: number;
  readonly name: string;
  readonly verdict: "pass" | "fail" | "inconclusive" | "reference";
  readonly onFront: boolean;
  /** Kept out of the front: drawn hollow, and no reason to stretch the axes. */
  readonly isKeptOut: boolean;
  /** Not shown until a filter asks for it. */
  readonly startsOff: boolean;
  readonly isRecommended: boolean;
  readonly x: { readonly value: number; readonly low: number; readonly high: number };
  readonly y: { readonly value: number; readonly low: number; readonly high: number };
  /** What hovering and screen readers say. */
  readonly lines: readonly string[];
}

export interface ScatterAxis {
  readonly label: string;
  readonly kind: "linear" | "ratio";
  readonly format: (value: number) => string;
  /** A line that decides, and what it is. */
  readonly bound?: { readonly at: number; readonly label: string } | undefined;
  /** A line of no difference. */
  readonly neutral?: number | undefined;
}

export interface ScatterPlot {
  readonly title: string;
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  readonly marks: readonly PlotMark[];
  readonly width: number;
  readonly height: number;
}

const LEFT = 58;
const RIGHT = 18;
const TOP = 16;
const BOTTOM = 44;
/** Least distance of a point from the frame. */
const EDGE = 9;

/**
 * A scatter with error bars. Points outside of the axes, which are laid by the rows that take part, sit on the edge with an arrow. Every
 * point can be reached by keyboard and says what it is; without a script its title does.
 */
export function scatterPlot(plot: ScatterPlot): string {
  const { x, y, width, height, marks } = plot;
  const near = marks.filter((mark) => !mark.isKeptOut);
  const xDomain = domainOf(x, near.length > 0 ? near.map((mark) => mark.x) : marks.map((mark) => mark.x));
  const yDomain = domainOf(y, near.length > 0 ? near.map((mark) => mark.y) : marks.map((mark) => mark.y));
  const scaleX = (x.kind === "ratio" ? logarithmic : linear)(xDomain, [LEFT, width - RIGHT]);
  const scaleY = (y.kind === "ratio" ? logarithmic : linear)(yDomain, [height - BOTTOM, TOP]);
  const frame = { scaleX, scaleY, xDomain, yDomain, width, height };
  const labels = placeLabels(near, frame);
  // The recommended point last, so that nothing covers it.
  const ordered = [...marks].sort((a, b) => Number(a.isRecommended) - Number(b.isRecommended) || a.index - b.index);
  return [
    `<svg class="scatter" viewBox="0 0 ${width} ${height}" role="group" aria-label="${esc(plot.title)}">`,
    ...gridLines(plot, frame),
    ...ordered.map((mark) => drawMark(mark, frame, labels.get(mark))),
    "</svg>",
  ].join("\n");
}

interface Frame {
  readonly scaleX: Scale;
  readonly scaleY: Scale;
  readonly xDomain: readonly [number, number];
  readonly yDomain: readonly [number, number];
  readonly width: number;
  readonly height: number;
}

/** Covers all values and the lines, and the error bars as far as they do not reach beyond twice the spread of the values. */
function domainOf(
  axis: ScatterAxis,
  values: readonly { readonly value: number; readonly low: number; readonly high: number }[],
): readonly [number, number] {
  const to = axis.kind === "ratio" ? (v: number) => Math.log(Math.max(v, 1e-6)) : (v: number) => v;
  const back = axis.kind === "ratio" ? Math.exp : (v: number) => v;
  const lines = [axis.bound?.at, axis.neutral].filter((one) => one !== undefined).map(to);
  const points = [...values.map(({ value }) => to(value)), ...lines];
  const [least, most] = [Math.min(...points), Math.max(...points)];
  const room = Math.max(most - least, axis.kind === "ratio" ? 0.1 : Math.abs(most) * 0.02 || 1e-3);
  const low = Math.max(least - room, Math.min(least, ...values.map((one) => to(one.low))));
  const high = Math.min(most + room, Math.max(most, ...values.map((one) => to(one.high))));
  const pad = (high - low) * 0.07 || room;
  return [back(low - pad), back(high + pad)];
}

function gridLines({ x, y }: ScatterPlot, { scaleX, scaleY, xDomain, yDomain, width, height }: Frame): string[] {
  const ticks = (axis: ScatterAxis, domain: readonly [number, number], most: number) =>
    (axis.kind === "ratio" ? ratioTicks(domain) : axisTicks(domain[0], domain[1], most)).filter(
      (tick) => tick >= domain[0] && tick <= domain[1],
    );
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const parts = ticks(x, xDomain, 6).flatMap((tick) => [
    `<line class="grid" x1="${px(scaleX(tick))}" x2="${px(scaleX(tick))}" y1="${TOP}" y2="${bottom}"/>`,
    `<text class="tick" x="${px(scaleX(tick))}" y="${bottom + 16}" text-anchor="middle">${esc(x.format(tick))}</text>`,
  ]);
  parts.push(
    ...ticks(y, yDomain, 6).flatMap((tick) => [
      `<line class="grid" x1="${LEFT}" x2="${right}" y1="${px(scaleY(tick))}" y2="${px(scaleY(tick))}"/>`,
      `<text class="tick" x="${LEFT - 8}" y="${px(scaleY(tick) + 4)}" text-anchor="end">${esc(y.format(tick))}</text>`,
    ]),
  );
  if (y.neutral !== undefined) parts.push(line("neutral", LEFT, right, scaleY(y.neutral), scaleY(y.neutral)));
  if (x.neutral !== undefined) parts.push(line("neutral", scaleX(x.neutral), scaleX(x.neutral), TOP, bottom));
  if (y.bound !== undefined) {
    const at = scaleY(y.bound.at);
    parts.push(
      `<rect class="bad" x="${LEFT}" y="${px(at)}" width="${right - LEFT}" height="${px(Math.max(0, bottom - at))}"/>`,
    );
    parts.push(line("margin", LEFT, right, at, at));
    parts.push(`<text class="tick" x="${right - 4}" y="${px(at + 13)}" text-anchor="end">${esc(y.bound.label)}</text>`);
  }
  parts.push(
    `<text class="axis" x="${px((LEFT + right) / 2)}" y="${height - 6}" text-anchor="middle">${esc(x.label)}</text>`,
    `<text class="axis" transform="translate(13 ${px((TOP + bottom) / 2)}) rotate(-90)" text-anchor="middle">${esc(y.label)}</text>`,
  );
  return parts;
}

function line(kind: string, x1: number, x2: number, y1: number, y2: number): string {
  return `<line class="${kind}" x1="${px(x1)}" x2="${px(x2)}" y1="${px(y1)}" y2="${px(y2)}"/>`;
}

function drawMark(mark: PlotMark, frame: Frame, label: string | undefined): string {
  const { scaleX, scaleY, xDomain, yDomain } = frame;
  const at = (value: number) => scaleX(clamp(value, xDomain));
  const up = (value: number) => scaleY(clamp(value, yDomain));
  // What lies outside sits within the frame, clear of the words below it.
  const cx = clamp(at(mark.x.value), [LEFT + EDGE, frame.width - RIGHT - EDGE]);
  const cy = clamp(up(mark.y.value), [TOP + EDGE, frame.height - BOTTOM - EDGE]);
  const isOut =
    mark.y.value < yDomain[0] || mark.y.value > yDomain[1] || mark.x.value < xDomain[0] || mark.x.value > xDomain[1];
  const classes = [
    "mark",
    mark.verdict,
    ...(mark.isKeptOut ? ["kept-out"] : []),
    ...(mark.isRecommended ? ["chosen"] : []),
    ...(mark.startsOff ? ["off"] : []),
  ];
  return [
    `<g class="${classes.join(" ")}" data-row="${mark.index}" data-tip="${escLines(mark.lines)}" tabindex="0" role="img" aria-label="${esc(mark.lines.join("; "))}">`,
    `<title>${escLines(mark.lines)}</title>`,
    `<circle class="hit" cx="${px(cx)}" cy="${px(cy)}" r="14"/>`,
    `<line class="error" x1="${px(at(mark.x.low))}" x2="${px(at(mark.x.high))}" y1="${px(cy)}" y2="${px(cy)}"/>`,
    `<line class="error" x1="${px(cx)}" x2="${px(cx)}" y1="${px(up(mark.y.low))}" y2="${px(up(mark.y.high))}"/>`,
    ...(mark.onFront ? [`<circle class="ring" cx="${px(cx)}" cy="${px(cy)}" r="10"/>`] : []),
    symbol(mark.verdict, cx, cy),
    ...(isOut ? [outArrow(mark, frame, cx, cy)] : []),
    ...(label === undefined ? [] : [label]),
    "</g>",
  ].join("");
}

/** A shape for each verdict, so that color is not needed. */
function symbol(verdict: PlotMark["verdict"], x: number, y: number): string {
  const [at, to] = [px(x), px(y)];
  switch (verdict) {
    case "reference":
      return `<rect class="dot" x="${px(x - 6.5)}" y="${px(y - 6.5)}" width="13" height="13"/>`;
    case "inconclusive":
      return `<path class="dot" d="M${at} ${px(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5z"/>`;
    case "fail":
      return `<path class="dot" d="M${at} ${px(y - 6.5)}l6 11h-12z"/>`;
    default:
      return `<circle class="dot" cx="${at}" cy="${to}" r="5.5"/>`;
  }
}

function outArrow({ y }: PlotMark, { yDomain }: Frame, cx: number, cy: number): string {
  if (y.value < yDomain[0]) return `<path class="out" d="M${px(cx - 4)} ${px(cy + 6)}h8l-4 5z"/>`;
  if (y.value > yDomain[1]) return `<path class="out" d="M${px(cx - 4)} ${px(cy - 6)}h8l-4 -5z"/>`;
  return `<path class="out" d="M${px(cx + 7)} ${px(cy - 4)}v8l5 -4z"/>`;
}

type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Names beside their points where they cover neither a point nor another name; the others are told by hovering. */
function placeLabels(
  marks: readonly PlotMark[],
  { scaleX, scaleY, xDomain, yDomain, width }: Frame,
): Map<PlotMark, string> {
  const places = marks.map(
    (mark) => [scaleX(clamp(mark.x.value, xDomain)), scaleY(clamp(mark.y.value, yDomain))] as const,
  );
  const taken: Box[] = places.map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
  const labels = new Map<PlotMark, string>();
  const order = marks.map((mark, i) => ({ mark, i })).sort((a, b) => rank(b.mark) - rank(a.mark));
  for (const { mark, i } of order) {
    const [x, y] = places[i] as readonly [number, number];
    const size = displayWidth(mark.name) * 6.7 + 2;
    const choices: readonly (readonly [number, number, "start" | "end" | "middle"])[] = [
      [x + 12, y + 4, "start"],
      [x - 12, y + 4, "end"],
      [x, y - 14, "middle"],
      [x, y + 22, "middle"],
      [x + 9, y - 10, "start"],
      [x + 9, y + 18, "start"],
      [x - 9, y - 10, "end"],
      [x - 9, y + 18, "end"],
    ];
    for (const [tx, ty, anchor] of choices) {
      const left = anchor === "start" ? tx : anchor === "end" ? tx - size : tx - size / 2;
      const box: Box = [left, ty - 10, left + size, ty + 3];
      const isInside = left > LEFT && left + size < width - 2 && box[1] > 2;
      if (!isInside || taken.some((other, k) => k !== i && overlaps(box, other))) continue;
      taken.push(box);
      labels.set(
        mark,
        `<text class="name" x="${px(tx)}" y="${px(ty)}" text-anchor="${anchor}">${esc(mark.name)}</text>`,
      );
      break;
    }
  }
  return labels;
}

function rank(mark: PlotMark): number {
  return (mark.isRecommended ? 4 : 0) + (mark.verdict === "reference" ? 2 : 0) + (mark.onFront ? 1 : 0);
}

function overlaps(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
