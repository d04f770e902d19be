import type { ClassRowDoc, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { seconds } from "../durations.ts";
import { accuracyStyle, estimateText, levelText, POINTS, SPEED, styled } from "../estimates.ts";
import { rowMarks } from "../frontier-text.ts";
import { dropLimits, pointsText, speedLimits } from "../gate-words.ts";
import { ABSENT, bytes, count, counted, decimal, isNumber, percent } from "../numbers.ts";
import { settingName, variantName } from "../rows.ts";
import { intervalBar } from "../svg/interval-bar.ts";
import { type BlockLatency, latencyBlocks } from "../svg/latency-blocks.ts";
import { linear } from "../svg/scale.ts";
import { visible } from "../visible-text.ts";
import { gateTable } from "./gate-table.ts";
import { badge, chip, esc, facts, htmlTable, shortName } from "./markup.ts";
import type { Detail, PageInput } from "./page-input.ts";
import { type PageScales, pageScales } from "./scales.ts";

/** Classes of a card; the rest is in summary.json. */
const MOST_CLASSES = 12;

/** A card for every row: what was lost, how long calls took, which classes suffered, which kernels ran, every gate. */
export function variantCards(input: PageInput, detail: Detail): string {
  if (detail === "rows") return "";
  const { summary } = input;
  const scales = pageScales(summary);
  const cards = summary.rows.map((row, index) => card(input, { row, index, scales, detail }));
  return `<section aria-labelledby="variants"><div class="bar-head"><h2 id="variants">Variants</h2><button type="button" id="open-all" class="plain" hidden>Open all details</button></div><div class="cards">${cards.join("")}</div></section>`;
}

interface CardContext {
  readonly row: SummaryRow;
  readonly index: number;
  readonly scales: PageScales;
  readonly detail: Detail;
}

function card(input: PageInput, context: CardContext): string {
  const { summary, frontier } = input;
  const { row, index, detail } = context;
  const session = frontier.sessions.find(({ quant_rows }) => quant_rows.some((one) => one.cell_id === row.cell_id));
  const judged = session?.quant_rows.find((one) => one.cell_id === row.cell_id);
  const marks =
    session === undefined || judged === undefined
      ? []
      : rowMarks(session, judged).filter((mark) => mark !== "baseline");
  const status = row.run_quality_status === "ok" ? "" : chip(row.run_quality_status, "inconclusive");
  const out = judged !== undefined && !judged.eligible ? chip("kept out of the front", "fail") : "";
  const title = `<h3 id="v${index}">${shortName(variantName(summary, row), 60)}</h3>`;
  return [
    `<article class="card ${row.verdict}" data-row="${index}" aria-labelledby="v${index}">`,
    `<header>${title}<p>${badge(row.verdict)}${marks.map((mark) => chip(mark, "mark")).join("")}${row.role === "required" ? chip("required") : ""}${status}${out}</p></header>`,
    reasonLines(row),
    figures(row),
    dropChart(context),
    latencyChart(input, row),
    kernelBar(row),
    detail === "full" ? classDetails(row) : "",
    detail === "full" ? gateDetails(row) : "",
    detail === "full" ? fileDetails(row) : "",
    "</article>",
  ].join("");
}

function reasonLines(row: SummaryRow): string {
  if (row.reasons.length === 0) return "";
  return `<ul class="why">${row.reasons.map((reason) => `<li>${esc(reason)}</li>`).join("")}</ul>`;
}

function figures(row: SummaryRow): string {
  return facts([
    ["accuracy", `${styled(row.accuracy?.value, accuracyStyle(row.n))} %`],
    ["right", `${count(row.correct)} of ${count(row.n)}`],
    ...(row.b === null || row.role === "baseline"
      ? []
      : [["lost / won", `${count(row.b)} / ${count(row.c)}`] as const]),
    ["latency p50", seconds(row.latency.p50?.value)],
    ...(row.speedup === null ? [] : [["speed", esc(estimateText(row.speedup, SPEED, speedLimits(row)))] as const]),
    [
      "file",
      `${bytes(row.bytes_on_disk)}${row.bytes_ratio === null || row.role === "baseline" ? "" : ` (${percent(row.bytes_ratio)})`}`,
    ],
    ...languageFigures(row),
    ["peak memory", bytes(row.peak_memory?.value)],
    ...energyFigure(row),
    ["setting", esc(settingName(row))],
  ]);
}

/** What a reader of a language model waits for. */
function languageFigures({ token_metrics }: SummaryRow): (readonly [string, string])[] {
  if (token_metrics === undefined) return [];
  const { ttft, decode } = token_metrics.estimates;
  const rate = decode?.value;
  return [
    ["first token", seconds(ttft?.value)],
    ["decode rate", isNumber(rate) ? `${decimal(rate, { digits: 0, significant: 3 })} tokens/s` : ABSENT],
  ];
}

function energyFigure({ machine }: SummaryRow): (readonly [string, string])[] {
  const joules = machine?.energy_per_item?.value;
  return isNumber(joules) ? [["energy an item", `${decimal(joules, { digits: 0, significant: 3 })} J`]] : [];
}

function dropChart({ row, scales }: CardContext): string {
  if (row.role === "baseline" || row.drop === null) return "";
  const text = `${estimateText(row.drop, POINTS, dropLimits(row))} points at ${levelText(row.drop.level)}`;
  const margin = scales.dropMargin === null ? "" : `, margin ${pointsText(scales.dropMargin)}`;
  const bar = intervalBar({
    estimate: row.drop,
    verdict: row.verdict,
    domain: scales.drop,
    scale: linear,
    margin: scales.dropMargin,
    goodIsBelow: true,
    neutral: 0,
    width: 440,
    height: 30,
  });
  const end = (value: number) =>
    `${value > 0 ? "+" : value < 0 ? "−" : ""}${decimal(Math.abs(value) * 100, { digits: 1 })}`;
  return `<figure><figcaption>Drop in accuracy: ${esc(text + margin)}</figcaption>${bar}<p class="ends" aria-hidden="true"><span>${end(scales.drop[0])}</span><span>${end(scales.drop[1])} points</span></p></figure>`;
}

/** Every call where the journal is at hand; the block medians of the summary otherwise. */
function latencyChart({ summary, latencies }: PageInput, row: SummaryRow): string {
  const medians = row.latency.block_medians.map((value) => value ?? null);
  const blocks = latencies?.get(row.cell_id) ?? medians.map(medianOnly);
  const base = summary.rows.find(
    (one) =>
      one.role === "baseline" &&
      one.model_id === row.model_id &&
      one.threads === row.threads &&
      one.batch_size === row.batch_size,
  );
  const baseline = base === undefined || base === row ? [] : base.latency.block_medians;
  const plot = latencyBlocks({ blocks, baseline, verdict: row.verdict, width: 440, height: 140 });
  if (plot === undefined) return '<p class="empty">No latency was measured.</p>';
  const what = latencies === undefined ? "medians of the blocks" : "quartiles and 5th to 95th percentile of each block";
  const dash = baseline.length > 0 ? "; dashes: the baseline's medians" : "";
  return `<figure><figcaption>Latency of a call: ${what}${dash}</figcaption>${plot}</figure>`;
}

function medianOnly(value: number | null): BlockLatency | null {
  return value === null ? null : { p5: value, p25: value, p50: value, p75: value, p95: value, n: 1 };
}

function kernelBar(row: SummaryRow): string {
  const { kernels } = row;
  if (kernels === null) return "";
  const parts = (["native", "emulated", "skipped"] as const).filter((kind) => kernels[kind] > 0);
  const total = parts.reduce((sum, kind) => sum + kernels[kind], 0);
  if (total === 0) return "";
  let x = 0;
  const rects = parts.map((kind) => {
    const width = (kernels[kind] / total) * 440;
    const rect = `<rect class="${kind}" x="${x.toFixed(1)}" y="0" width="${Math.max(0, width - 1.5).toFixed(1)}" height="10" rx="2"/>`;
    x += width;
    return rect;
  });
  const words = { native: "native", emulated: "emulated in floating point", skipped: "left in full precision" };
  const said = parts.map((kind) => `${count(kernels[kind])} ${words[kind]}`).join(", ");
  const slow =
    row.slow_layers.length === 0 ? "" : `<p class="small dim">Emulated: ${esc(shownList(row.slow_layers, 6))}</p>`;
  return `<figure><figcaption>Kernels of ${esc(counted(total, "layers"))}: ${esc(said)}</figcaption><svg class="kernels" viewBox="0 0 440 10" aria-hidden="true" focusable="false">${rects.join("")}</svg>${slow}</figure>`;
}

function classDetails(row: SummaryRow): string {
  const known = row.per_class.filter((one) => one.n > 0);
  if (known.length === 0) return "";
  const worst = [...known].sort((a, b) => (b.drop?.value ?? 0) - (a.drop?.value ?? 0));
  const shown = worst.slice(0, MOST_CLASSES);
  const rest = worst.length - shown.length;
  const isBaseline = row.role === "baseline";
  const table = htmlTable(
    "Classes",
    [
      { header: "class" },
      { header: "right", align: "right" },
      ...(isBaseline
        ? []
        : [{ header: "lost / won", align: "right" } as const, { header: "drop, points", align: "right" } as const]),
    ],
    shown.map((one) => [
      `${shortName(one.class, 24)}${one.flagged ? ` ${chip("above the flag", "fail")}` : ""}`,
      `${count(one.correct)} of ${count(one.n)}`,
      ...(isBaseline ? [] : [`${count(one.b)} / ${count(one.c)}`, classDrop(one)]),
    ]),
  );
  const flagged = known.filter((one) => one.flagged).length;
  const note = flagged > 0 ? `, ${flagged} above the flag` : "";
  const more =
    rest > 0 ? `<p class="small dim">${count(rest)} more classes lost less; they are in summary.json.</p>` : "";
  return `<details><summary>Classes (${count(known.length)}${note})</summary>${table}${more}</details>`;
}

function classDrop(one: ClassRowDoc): string {
  return one.drop === null || !isNumber(one.drop.value) ? ABSENT : esc(estimateText(one.drop, POINTS));
}

function gateDetails(row: SummaryRow): string {
  const gates = row.gates.filter((gate) => gate.verdict !== "reference");
  if (gates.length === 0) return "";
  const bad = gates.filter((gate) => gate.verdict !== "pass").length;
  const note = bad === 0 ? "all hold" : `${bad} of ${gates.length} do not hold`;
  return `<details><summary>Gates (${note})</summary>${gateTable(gates)}</details>`;
}

function fileDetails(row: SummaryRow): string {
  const { parity, trials } = row;
  const pairs: (readonly [string, string])[] = [
    ["full name", `<span class="long">${esc(`${row.model_id}/${row.quant_tag}`)}</span>`],
    ["cell", `<code class="long">${esc(row.cell_id)}</code>`],
    ["bits per weight", String(Number(row.quant_rank.toFixed(3)))],
    ["SHA-256", row.model_sha256 === null ? ABSENT : `<code class="long">${esc(row.model_sha256)}</code>`],
    ["bytes packed", bytes(row.bytes_packed)],
    ["trials", `${trials.completed} of ${trials.planned}${trials.failed > 0 ? `, ${trials.failed} failed` : ""}`],
    ["latency p90 / p99", `${seconds(row.latency.p90?.value)} / ${seconds(row.latency.p99?.value)}`],
    ["load", seconds(row.load?.value)],
    ["repeated outputs agree", percent(row.determinism_rate, { digits: 1, limits: [1] })],
    ...(parity === null
      ? []
      : ([
          ["same argmax as the baseline", percent(parity.argmax_agreement, { digits: 2 })],
          ["cosine / SQNR", `${decimal(parity.cosine, { digits: 5 })} / ${decimal(parity.sqnr_db, { digits: 1 })} dB`],
        ] as const)),
  ];
  return `<details><summary>Numbers and file</summary>${facts(pairs)}</details>`;
}

function shownList(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map((name) => visible(name).slice(0, 60));
  return shown.join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");
}
