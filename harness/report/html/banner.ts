import type { Summary, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { estimateText, levelText, POINTS, SPEED } from "../estimates.ts";
import { dropLimits, speedLimits } from "../gate-words.ts";
import { bytes, count, counted, percent } from "../numbers.ts";
import { sentences } from "../sentences.ts";
import { shippedRow } from "../ship-sentences.ts";
import { hostText } from "../terminal.ts";
import { truncate } from "../visible-text.ts";
import { esc, shortName, VERDICT_MARKS } from "./markup.ts";

/** Sentences under the verdict; the others open on demand. */
const MOST_SENTENCES = 6;
/** Longer ones are cut: a name may hold anything. */
const SENTENCE_COLUMNS = 320;

/** Name of the run, where and on what it was made. */
export function headerSection(summary: Summary): string {
  const noun = summary.dataset.item_noun ?? "items";
  const parts = [
    `${count(summary.dataset.count)} ${noun} of ${summary.dataset.id}`,
    [hostText(summary.host), summary.host.cpu ?? ""].filter((text) => text !== "").join(", "),
    `lane ${summary.execution_lane}`,
    summary.generated_at.replace(/\.\d+Z$/, "Z").replace("T", " "),
  ];
  const simulated = summary.simulated ? '<span class="chip simulated">SIMULATED</span>' : "";
  return `<header class="top"><div><p class="brand">quantgate</p><h1>${shortName(summary.name, 80)} ${simulated}</h1><p class="dim">${parts
    .filter((part) => part !== "")
    .map((part) => esc(part))
    .join(" · ")}</p></div><button type="button" id="theme" class="plain" hidden>Theme: auto</button></header>`;
}

/** The verdict in one look: the word, what to ship, the three figures that matter, and why. */
export function bannerSection(summary: Summary): string {
  const { verdict, exit_code } = summary.suite;
  const [first = "", ...rest] = sentences(summary);
  const isNote = summary.simulated && rest.length > 0;
  const lead = isNote ? (rest[0] as string) : first;
  const others = isNote ? [first, ...rest.slice(1)] : rest;
  const shipped = summary.suite.verdict === "pass" ? shippedRow(summary) : undefined;
  const ended = { complete: "", partial: " · partial run", "canary-abort": " · stopped by the canary" }[summary.state];
  const items = others.map((text) => `<li>${esc(truncate(text, SENTENCE_COLUMNS))}</li>`);
  const [shown, folded] = [items.slice(0, MOST_SENTENCES), items.slice(MOST_SENTENCES)];
  return [
    `<section class="banner ${verdict}" aria-labelledby="verdict">`,
    `<p class="stamp"><span aria-hidden="true">${VERDICT_MARKS[verdict]}</span> ${verdict.toUpperCase()}</p>`,
    `<h2 id="verdict">${esc(truncate(lead, SENTENCE_COLUMNS))}</h2>`,
    shipped === undefined ? "" : tiles(summary, shipped),
    shown.length === 0 ? "" : `<ul class="said">${shown.join("")}</ul>`,
    folded.length === 0
      ? ""
      : `<details><summary>${counted(folded.length, "more sentences")}</summary><ul class="said">${folded.join("")}</ul></details>`,
    `<p class="dim small">Exit code ${exit_code}${ended} · chosen by: ${esc(summary.suite.recommendation_rule)}</p>`,
    "</section>",
  ].join("");
}

function tiles(summary: Summary, row: SummaryRow): string {
  const base = summary.rows.find((one) => one.role === "baseline" && one.model_id === row.model_id);
  const level = (estimate: SummaryRow["drop"]) => (estimate === null ? "" : ` at ${levelText(estimate.level)}`);
  const all: readonly (readonly [string, string, string])[] = [
    ...(row.speedup === null
      ? []
      : [split("speed", estimateText(row.speedup, SPEED, speedLimits(row)), level(row.speedup))]),
    ...(row.drop === null
      ? []
      : [split("drop, points", estimateText(row.drop, POINTS, dropLimits(row)), level(row.drop))]),
    ...(row.bytes_ratio === null
      ? []
      : [["size", percent(row.bytes_ratio), `${bytes(base?.bytes_on_disk)} → ${bytes(row.bytes_on_disk)}`] as const]),
  ];
  return `<dl class="tiles">${all
    .map(([name, value, note]) => `<div><dt>${esc(name)}</dt><dd>${esc(value)}<span>${esc(note)}</span></dd></div>`)
    .join("")}</dl>`;
}

/** `1.47x [1.23, 1.88]` → the point large, the interval small. */
function split(name: string, text: string, level: string): readonly [string, string, string] {
  const at = text.indexOf(" [");
  return at < 0 ? [name, text, ""] : [name, text.slice(0, at), text.slice(at + 1) + level];
}
