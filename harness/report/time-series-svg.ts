import { ABSENT, decimal } from "./numbers.ts";
import { axisTicks } from "./plot-axis.ts";
import { type PlotPoint, plotStretches } from "./plot-points.ts";
import { visible } from "./visible-text.ts";

export interface PlotLine {
  readonly name: string;
  /** In time order. */
  readonly points: readonly PlotPoint[];
}

/** One quantity over time, with its own axis. */
export interface PlotPanel {
  /** E.g. "temperature". */
  readonly label: string;
  /** E.g. "°C"; values are shown in it as they are. */
  readonly unit: string;
  readonly lines: readonly PlotLine[];
}

/** A stretch of time to shade in all panels, e.g. a polluted trial. */
export interface PlotBand {
  readonly fromS: number;
  readonly toS: number;
  readonly label: string;
}

export interface TimeSeriesPlot {
  readonly title: string;
  readonly panels: readonly PlotPanel[];
  readonly bands?: readonly PlotBand[];
  /** Pixels; 720 and 120 by default. */
  readonly width?: number;
  readonly panelHeight?: number;
}

/** Okabe-Ito: told apart by people who see colors differently, and on light and dark paper. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const LEFT = 64;
const RIGHT = 16;
const TOP = 28;
const PANEL_TOP = 20;
const BOTTOM = 34;
const TICKS = 4;

type Scale = (value: number) => number;

/**
 * Readings over time as one SVG text: a panel a quantity, one shared axis of seconds, gaps where a value is missing, bands for stretches
 * to point out. Needs no script, no style sheet and no font; equal input gives equal bytes.
 */
export function timeSeriesSvg(plot: TimeSeriesPlot): string {
  const { title, panels, bands = [], width = 720, panelHeight = 120 } = plot;
  const moments = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([atS]) => atS)));
  const times = [...moments, ...bands.flatMap(({ fromS, toS }) => [fromS, toS])].filter(Number.isFinite);
  const [fromS, toS] = extent(times) ?? [0, 1];
  const ticks = axisTicks(fromS, toS, 8).filter((tick) => tick >= fromS && tick <= toS);
  const plotWidth = width - LEFT - RIGHT;
  const x: Scale = (atS) => LEFT + (toS > fromS ? (atS - fromS) / (toS - fromS) : 0) * plotWidth;
  const step = panelHeight + PANEL_TOP;
  const height = TOP + panels.length * step + BOTTOM;
  const drawn = panels.map((panel, i) => {
    const top = TOP + i * step + PANEL_TOP;
    return drawPanel(panel, { top, height: panelHeight, x, fromS, toS, width, bands });
  });
  const axisY = TOP + panels.length * step;
  const labels = ticks.map((tick) => text(x(tick), axisY + 14, number(tick), "middle"));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">`,
    `<title>${xmlText(title)}</title>`,
    text(LEFT, 16, title, "start", ' font-size="13" font-weight="600"'),
    ...drawn,
    ...labels,
    text(LEFT + plotWidth / 2, axisY + 29, "seconds", "middle"),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(
  { label, unit, lines }: PlotPanel,
  box: {
    readonly top: number;
    readonly height: number;
    readonly x: Scale;
    readonly fromS: number;
    readonly toS: number;
    readonly width: number;
    readonly bands: readonly PlotBand[];
  },
): string {
  const { top, height, x, fromS, toS, width, bands } = box;
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const range = extent(values.filter((value) => value !== null && Number.isFinite(value)) as number[]);
  const shades = bands.map(({ fromS: from, toS: to, label: what }) => {
    const size = `x="${px(x(from))}" y="${top}" width="${px(Math.max(1, x(to) - x(from)))}" height="${height}"`;
    return `<rect ${size} fill="#d55e00" fill-opacity="0.15"><title>${xmlText(what)}</title></rect>`;
  });
  const heading = unit === "" ? label : `${label}, ${unit}`;
  const frame = `<rect x="${LEFT}" y="${top}" width="${width - LEFT - RIGHT}" height="${height}" fill="none" stroke="currentColor" stroke-opacity="0.3"/>`;
  const parts = [text(LEFT, top - 6, heading, "start"), ...shades, frame];
  if (range === undefined)
    return [...parts, text(width / 2, top + height / 2, `${ABSENT} no readings`, "middle")].join("\n");
  const ticks = axisTicks(range[0], range[1], TICKS);
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const y: Scale = (value) => top + height - ((value - low) / (high - low)) * height;
  for (const tick of ticks) {
    const at = px(y(tick));
    parts.push(
      `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${at}" y2="${at}" stroke="currentColor" stroke-opacity="0.12"/>`,
      text(LEFT - 6, y(tick) + 4, number(tick), "end"),
    );
  }
  for (const [i, { name, points }] of lines.entries()) {
    const color = COLORS[i % COLORS.length] as string;
    for (const stretch of plotStretches(points, { fromS, toS, columns: width - LEFT - RIGHT })) {
      parts.push(drawStretch(stretch, { x, y, color, name }));
    }
    if (lines.length > 1)
      parts.push(text(width - RIGHT - 110 * (lines.length - 1 - i), top - 6, name, "end", ` fill="${color}"`));
  }
  return parts.join("\n");
}

function drawStretch(
  stretch: readonly (readonly [number, number])[],
  { x, y, color, name }: { readonly x: Scale; readonly y: Scale; readonly color: string; readonly name: string },
): string {
  const [only] = stretch;
  const label = `<title>${xmlText(name)}</title>`;
  if (stretch.length === 1 && only !== undefined) {
    return `<circle cx="${px(x(only[0]))}" cy="${px(y(only[1]))}" r="1.5" fill="${color}">${label}</circle>`;
  }
  const points = stretch.map(([atS, value]) => `${px(x(atS))},${px(y(value))}`).join(" ");
  return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="1.2" stroke-linejoin="round">${label}</polyline>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end", more = ""): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${more}>${xmlText(content)}</text>`;
}

function extent(values: readonly number[]): readonly [number, number] | undefined {
  if (values.length === 0) return undefined;
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function number(value: number): string {
  return decimal(value, { digits: String(value).split(".")[1]?.length ?? 0 });
}

function xmlText(content: string): string {
  return visible(content)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
