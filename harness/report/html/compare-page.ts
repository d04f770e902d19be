import type { Summary, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { seconds } from "../durations.ts";
import { accuracyStyle, estimateText, POINTS, styled } from "../estimates.ts";
import { dropLimits } from "../gate-words.ts";
import { ABSENT, bytes, decimal, isNumber } from "../numbers.ts";
import { settingName } from "../rows.ts";
import { truncate, visible } from "../visible-text.ts";
import { bannerSection } from "./banner.ts";
import { plotsOf } from "./frontier-plots.ts";
import { badge, esc, htmlTable, shortName } from "./markup.ts";
import { document, type HashText } from "./page.ts";
import type { PageInput } from "./page-input.ts";
import { qualityStrip } from "./quality-strip.ts";

/** One cell in two runs; either may lack it. */
export interface ComparedRow {
  readonly name: string;
  readonly a: SummaryRow | undefined;
  readonly b: SummaryRow | undefined;
}

/** Rows of two runs by model, quantization and setting, in the order of the first run, then what only the second has. */
export function matchRows(a: Summary, b: Summary): ComparedRow[] {
  const key = (row: SummaryRow) => JSON.stringify([row.model_id, row.quant_tag, row.threads, row.batch_size]);
  const name = (row: SummaryRow) => `${row.model_id}/${row.quant_tag} · ${settingName(row)}`;
  const inB = new Map(b.rows.map((row) => [key(row), row]));
  const inA = new Set(a.rows.map(key));
  return [
    ...a.rows.map((row) => ({ name: name(row), a: row, b: inB.get(key(row)) })),
    ...b.rows.filter((row) => !inA.has(key(row))).map((row) => ({ name: name(row), a: undefined, b: row })),
  ];
}

/** What makes two runs hard to hold against each other, a sentence each. */
export function compareNotes(a: Summary, b: Summary): string[] {
  const differ: readonly (readonly [boolean, string])[] = [
    [
      a.hardware_fingerprint !== b.hardware_fingerprint,
      "The runs are from different hardware: their times and memory cannot be compared.",
    ],
    [
      a.dataset.digest !== b.dataset.digest,
      "The runs saw different items: their accuracies cannot be compared item by item.",
    ],
    [a.execution_lane !== b.execution_lane, `The lanes differ: ${a.execution_lane} and ${b.execution_lane}.`],
    [a.simulated !== b.simulated, "One of the runs is simulated."],
  ];
  return [
    ...differ.filter(([isSo]) => isSo).map(([, text]) => text),
    "Two runs are two sessions: a change of time between them is no finding by itself. quantgate baselines compare tests it.",
  ];
}

/** Two runs side by side: verdicts, what changed in each row, plots, and how fit each session was. */
export function renderCompareHtml(a: PageInput, b: PageInput, hash: HashText): string {
  const notes = compareNotes(a.summary, b.summary).map((text) => `<li>${esc(text)}</li>`);
  const both = (part: (input: PageInput, mark: "A" | "B") => string) =>
    `<div class="pair"><div>${part(a, "A")}</div><div>${part(b, "B")}</div></div>`;
  const heading = (input: PageInput, mark: string) =>
    `<h3>${mark} · ${shortName(input.summary.name, 60)}</h3><p class="dim small"><code class="long">${esc(truncate(visible(input.summary.run_id), 120))}</code> · ${esc(input.summary.generated_at)}</p>`;
  const body = [
    `<header class="top"><div><p class="brand">quantgate</p><h1>Two runs, side by side</h1></div><button type="button" id="theme" class="plain" hidden>Theme: auto</button></header>`,
    "<main>",
    `<section aria-label="Verdicts">${both((input, mark) => heading(input, mark) + uniqueIds(bannerSection(input.summary), mark))}</section>`,
    `<section aria-labelledby="changes"><h2 id="changes">What changed</h2><ul class="said">${notes.join("")}</ul>${changeTable(a.summary, b.summary)}</section>`,
    `<section aria-labelledby="fronts"><h2 id="fronts">Fronts</h2>${both((input, mark) => plots(input, mark))}</section>`,
    both((input, mark) => uniqueIds(qualityStrip(input), mark)),
    "</main>",
  ].join("\n");
  return document(`quantgate · ${a.summary.name} · two runs`, body, hash);
}

/** Sections are made for pages of one run; here their ids would stand twice. */
function uniqueIds(html: string, mark: string): string {
  const named = html.replaceAll(/(id|aria-labelledby)="([a-z]+)"/g, `$1="$2-${mark}"`);
  return mark === "A" ? named.replaceAll('"verdict-A"', '"verdict"') : named;
}

function plots({ summary, frontier }: PageInput, mark: string): string {
  return frontier.sessions
    .flatMap((session) => plotsOf(summary, session, { includeInvalid: false, size: [520, 340] }).slice(0, 1))
    .map(({ title, svg }) =>
      svg === undefined
        ? '<p class="empty">Nothing was measured for this plot.</p>'
        : // Rows of two runs are not the same rows: no shared index, so that hovering marks one point alone.
          `<figure><figcaption>${mark} · ${esc(title)}</figcaption>${svg.replaceAll('data-row="', `data-row="${mark}`)}</figure>`,
    )
    .join("");
}

function changeTable(a: Summary, b: Summary): string {
  const rows = matchRows(a, b).map(({ name, a: x, b: y }) => [
    shortName(name, 60),
    cell(x, y, (row) => `${styled(row.accuracy?.value, accuracyStyle(row.n))}`),
    change(x?.accuracy?.value, y?.accuracy?.value, {
      isMoreBetter: true,
      text: (p, q) => `${signed((q - p) * 100, 2)} points`,
    }),
    cell(x, y, (row) => (row.role === "baseline" ? "baseline" : estimateText(row.drop, POINTS, dropLimits(row)))),
    cell(x, y, (row) => seconds(row.latency.p50?.value)),
    change(x?.latency.p50?.value, y?.latency.p50?.value, {
      isMoreBetter: false,
      text: (p, q) => `${signed((q / p - 1) * 100, 1)} %`,
    }),
    cell(x, y, (row) => bytes(row.bytes_on_disk)),
    verdicts(x, y),
  ]);
  return htmlTable(
    "What changed from A to B",
    [
      { header: "variant" },
      { header: "accuracy, A → B", align: "right" },
      { header: "change", align: "right" },
      { header: "drop, points", align: "right" },
      { header: "latency p50", align: "right" },
      { header: "change", align: "right" },
      { header: "size", align: "right" },
      { header: "verdict" },
    ],
    rows,
  );
}

function cell(x: SummaryRow | undefined, y: SummaryRow | undefined, text: (row: SummaryRow) => string): string {
  const [p, q] = [x === undefined ? ABSENT : text(x), y === undefined ? ABSENT : text(y)];
  return p === q ? esc(p) : `${esc(p)} → ${esc(q)}`;
}

function change(
  x: number | null | undefined,
  y: number | null | undefined,
  { isMoreBetter, text }: { isMoreBetter: boolean; text: (x: number, y: number) => string },
): string {
  if (!isNumber(x) || !isNumber(y)) return ABSENT;
  if (x === y) return "same";
  const isBetter = y > x === isMoreBetter;
  return `<span class="${isBetter ? "better" : "worse"}">${esc(text(x, y))}</span>`;
}

function verdicts(x: SummaryRow | undefined, y: SummaryRow | undefined): string {
  const own = (row: SummaryRow | undefined) =>
    row === undefined ? '<span class="dim">not in this run</span>' : badge(row.verdict);
  return x !== undefined && y !== undefined && x.verdict === y.verdict ? own(x) : `${own(x)} → ${own(y)}`;
}

function signed(value: number, digits: number): string {
  const text = decimal(Math.abs(value), { digits });
  return `${value < 0 ? "−" : "+"}${text}`;
}
