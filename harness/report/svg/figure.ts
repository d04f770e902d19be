import { estimateText, POINTS, SPEED } from "../estimates.ts";
import { dropLimits, speedLimits } from "../gate-words.ts";
import { plotsOf } from "../html/frontier-plots.ts";
import { esc } from "../html/markup.ts";
import type { PageInput } from "../html/page-input.ts";
import { pageScales } from "../html/scales.ts";
import { sentences } from "../sentences.ts";
import { displayWidth, truncate, visible } from "../visible-text.ts";
import { intervalBar } from "./interval-bar.ts";
import { linear } from "./scale.ts";

export type FigureTheme = "light" | "dark";

const WIDTH = 1200;
const HEIGHT = 630;
/** Rows of the interval list; the worst and the rest are in the report. */
const MOST_ROWS = 14;

const PALETTES = {
  light: {
    bg: "#ffffff",
    panel: "#f0f3f6",
    ink: "#161a20",
    dim: "#57606c",
    grid: "#e7ebef",
    pass: "#0b7a4b",
    fail: "#b3261e",
    open: "#855400",
    ref: "#48525e",
  },
  dark: {
    bg: "#0f1317",
    panel: "#1c232b",
    ink: "#e7ebf0",
    dim: "#9aa5b3",
    grid: "#222931",
    pass: "#55cb92",
    fail: "#ff8f86",
    open: "#f0b954",
    ref: "#aab4c0",
  },
} as const;

/**
 * The main plots of a run as one picture for a README or a chat: the verdict, accuracy against speed, and every drop against the margin.
 * Colors are literal and nothing is referred to, so that any viewer and converter shows it.
 */
export function runFigure(input: PageInput, theme: FigureTheme = "light"): string {
  const { summary, frontier } = input;
  const session = frontier.sessions[0];
  const lead = sentences(summary).find((text) => !text.startsWith("Simulated")) ?? "";
  const simulated = summary.simulated ? " · SIMULATED" : "";
  const title = `${summary.suite.verdict.toUpperCase()} · ${truncate(visible(summary.name), 60)}${simulated}`;
  const plot =
    session === undefined ? "" : (plotsOf(summary, session, { includeInvalid: false, size: [610, 470] })[0]?.svg ?? "");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${esc(`${title}. ${lead}`)}">`,
    `<style>${figureStyle(theme)}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<rect class="stripe ${summary.suite.verdict}" x="0" y="0" width="10" height="${HEIGHT}"/>`,
    `<text class="title ${summary.suite.verdict}" x="40" y="44">${esc(title)}</text>`,
    `<text class="lead" x="40" y="80">${esc(fitted(lead, 1120, 11.6))}</text>`,
    `<text class="head" x="40" y="120">Accuracy against speed</text>`,
    plot.replace("<svg ", `<svg x="30" y="132" width="610" height="470" `),
    `<text class="head" x="680" y="120">Drop against the margin, points</text>`,
    ...dropList(input),
    `<text class="foot" x="40" y="${HEIGHT - 12}">quantgate · intervals as the gates used them</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function dropList({ summary }: PageInput): string[] {
  const scales = pageScales(summary);
  const rows = summary.rows.filter((row) => row.role !== "baseline" && row.drop !== null);
  const shown = rows.slice(0, MOST_ROWS);
  const step = Math.min(46, 440 / Math.max(1, shown.length));
  const lines = shown.flatMap((row, i) => {
    const y = 140 + i * step;
    const bar = intervalBar({
      estimate: row.drop,
      verdict: row.verdict,
      domain: scales.drop,
      scale: linear,
      margin: scales.dropMargin,
      goodIsBelow: true,
      neutral: 0,
      width: 210,
      height: Math.min(24, step - 6),
    });
    const speed = row.speedup === null ? "" : estimateText(row.speedup, SPEED, speedLimits(row)).replace(/ \[.*/, "");
    return [
      `<text class="row" x="680" y="${(y + 16).toFixed(1)}">${esc(fitted(visible(row.quant_tag), 110, 7.6))}</text>`,
      bar.replace("<svg ", `<svg x="800" y="${y.toFixed(1)}" `),
      `<text class="value" x="1022" y="${(y + 16).toFixed(1)}">${esc(estimateText(row.drop, POINTS, dropLimits(row)))}</text>`,
      `<text class="value" x="1172" y="${(y + 16).toFixed(1)}" text-anchor="end">${esc(speed)}</text>`,
    ];
  });
  const rest = rows.length - shown.length;
  return rest > 0 ? [...lines, `<text class="value" x="680" y="600">and ${rest} more in the report</text>`] : lines;
}

/** Cut to about so many pixels. */
function fitted(text: string, width: number, perColumn: number): string {
  const columns = Math.floor(width / perColumn);
  return displayWidth(text) <= columns ? text : truncate(text, columns);
}

function figureStyle(theme: FigureTheme): string {
  const { bg, panel, ink, dim, grid, pass, fail, open, ref } = PALETTES[theme];
  const colors = { pass, fail, inconclusive: open, reference: ref };
  const each = Object.entries(colors).map(
    ([verdict, color]) =>
      `.mark.${verdict} .dot,.mark.${verdict} .out,.point.${verdict},.stripe.${verdict},.title.${verdict}{fill:${color}}` +
      `.mark.${verdict} .error,.mark.${verdict} .ring,.interval.${verdict}{stroke:${color}}`,
  );
  return [
    ...each,
    `text{font-family:"Inter","Segoe UI","Helvetica Neue",Arial,"DejaVu Sans",sans-serif;font-size:13px;fill:${dim}}`,
    `.paper{fill:${bg}}.title{font-size:17px;font-weight:700;letter-spacing:.04em}.lead{font-size:23px;font-weight:600;fill:${ink}}`,
    `.head{font-size:15px;fill:${dim}}.row{font-size:15px;font-weight:600;fill:${ink}}.value{font-size:14px;fill:${ink}}.foot{font-size:12px}`,
    `.grid{stroke:${grid}}.neutral{stroke:${dim};stroke-opacity:.5}.margin{stroke:${fail};stroke-width:1.4;stroke-dasharray:4 3}.bad{fill:${fail};fill-opacity:.1}`,
    `.track{fill:${panel}}.hit{fill:none}.off{display:none}.error{stroke-width:1.4;stroke-opacity:.5}.ring{fill:none;stroke-width:1.6}.dot{stroke:${bg};stroke-width:1.2}`,
    `.name{fill:${ink};font-weight:600;paint-order:stroke;stroke:${bg};stroke-width:4px;stroke-linejoin:round}.mark.reference .dot{fill:${bg};stroke:${ref};stroke-width:2}.chosen .dot{stroke:${ink};stroke-width:2}.interval{stroke-width:6;stroke-linecap:round;stroke-opacity:.45}`,
  ].join("");
}
