import { truncate, visible } from "../visible-text.ts";
import { bannerSection, headerSection } from "./banner.ts";
import { findingsSection, provenanceSection, timeLineSection } from "./closing-sections.ts";
import { frontierSection } from "./frontier-section.ts";
import { languageSections } from "./language-sections.ts";
import { esc } from "./markup.ts";
import type { Detail, PageInput } from "./page-input.ts";
import { qualityStrip } from "./quality-strip.ts";
import { resultsSection } from "./results-section.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { variantCards } from "./variant-cards.ts";

/** SHA-256 of a text in base 64: what a content security policy names style and script by. */
export type HashText = (text: string) => string;

/** Opens everywhere, and goes through most mail servers and chats. */
export const PAGE_BYTES = 1_000_000;

/**
 * A run as one file that needs nothing else: no request can leave it (the policy forbids all), style and script are named by digest, and
 * what comes from outside is escaped. At most {@link PAGE_BYTES}: with very many rows cards lose details, then go, and the page says so.
 */
export function renderHtml(input: PageInput, hash: HashText): string {
  const details: readonly Detail[] = ["full", "short", "rows"];
  let page = "";
  for (const detail of details) {
    page = document(`quantgate · ${input.summary.name}`, runBody(input, detail), hash);
    if (new TextEncoder().encode(page).length <= PAGE_BYTES) break;
  }
  return page;
}

function runBody(input: PageInput, detail: Detail): string {
  const note = {
    full: "",
    short:
      '<p class="small dim">Classes, gates and files of each row are left out here, as there are very many; summary.md and summary.json have them.</p>',
    rows: '<p class="small dim">Cards are left out, as there are very many rows; summary.md and summary.json have everything.</p>',
  }[detail];
  return [
    headerSection(input.summary),
    "<main>",
    bannerSection(input.summary),
    qualityStrip(input),
    filterForm(input),
    frontierSection(input),
    resultsSection(input),
    variantCards(input, detail),
    detail === "rows" ? "" : languageSections(input),
    note,
    timeLineSection(input),
    findingsSection(input),
    provenanceSection(input),
    "</main>",
  ].join("\n");
}

/** Works by script alone, so it is hidden until the script shows it. The list holds what the filters look at. */
function filterForm({ summary, frontier, includeInvalid }: PageInput): string {
  const words = { reference: "baseline", pass: "pass", inconclusive: "undecided", fail: "fail" } as const;
  const present = (Object.keys(words) as (keyof typeof words)[]).filter((verdict) =>
    summary.rows.some((row) => row.verdict === verdict),
  );
  const boxes = present.map(
    (verdict) => `<label><input type="checkbox" name="verdict" value="${verdict}" checked>${words[verdict]}</label>`,
  );
  const kept = new Set(
    frontier.sessions.flatMap(({ quant_rows }) => quant_rows.filter((row) => !row.eligible).map((row) => row.cell_id)),
  );
  const keptBox =
    kept.size === 0
      ? ""
      : `<label><input type="checkbox" id="kept"${includeInvalid ? " checked" : ""}>plot rows kept out (${kept.size})</label>`;
  const rows = summary.rows.map(
    (row, index) =>
      `<li data-row="${index}" data-verdict="${row.verdict}" data-kept="${kept.has(row.cell_id) ? 1 : 0}">${esc(truncate(visible(`${row.model_id}/${row.quant_tag}`), 200))}</li>`,
  );
  return `<form id="filters" class="filters" role="search" aria-label="Filter variants" hidden><fieldset><legend>Show</legend>${boxes.join("")}</fieldset>${keptBox}<label><span class="sr">Name contains</span><input id="search" type="search" placeholder="name contains" autocomplete="off"></label><output id="shown" aria-live="polite"></output></form><ul id="rows" hidden>${rows.join("")}</ul>`;
}

/** Document around a body, with the policy that names its style and script. */
export function document(title: string, body: string, hash: HashText): string {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${hash(STYLE)}'`,
    `script-src 'sha256-${hash(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${esc(truncate(visible(title), 120))}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    '<a class="skip" href="#verdict">Skip to the verdict</a>',
    body,
    `<script>${SCRIPT}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
