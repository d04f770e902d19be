import { truncate, visible } from "../visible-text.ts";

/** Columns that a name may take where it stands among others; the whole name is in its card. */
const NAME_COLUMNS = 40;

/** Text of unknown origin as HTML or XML that shows it and does nothing else. Control characters are spelled out. */
export function esc(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The same with line breaks kept, for an attribute that a script shows as several lines. */
export function escLines(lines: readonly string[]): string {
  return lines.map(esc).join("&#10;");
}

/** A name short enough for a table or a plot, as HTML. */
export function shortName(name: string, columns = NAME_COLUMNS): string {
  return esc(truncate(visible(name), columns));
}

/** A definition list of pairs that are HTML already. */
export function facts(pairs: readonly (readonly [name: string, html: string])[]): string {
  return `<dl class="facts">${pairs.map(([name, html]) => `<div><dt>${esc(name)}</dt><dd>${html}</dd></div>`).join("")}</dl>`;
}

export interface HtmlColumn {
  readonly header: string;
  readonly align?: "right";
}

/** A table of cells that are HTML already, in a box that scrolls by itself where it is too wide. */
export function htmlTable(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const cls = (column: HtmlColumn | undefined) => (column?.align === "right" ? ' class="num"' : "");
  const head = columns.map((column) => `<th scope="col"${cls(column)}>${esc(column.header)}</th>`).join("");
  const body = rows.map((cells) => {
    const [first = "", ...rest] = cells;
    return `<tr><th scope="row"${cls(columns[0])}>${first}</th>${rest.map((cell, i) => `<td${cls(columns[i + 1])}>${cell}</td>`).join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${esc(caption)}"><table><caption class="sr">${esc(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

export const VERDICT_MARKS = { pass: "✓", fail: "✗", inconclusive: "?", reference: "◆" } as const;
export type VerdictWord = keyof typeof VERDICT_MARKS;

/** A verdict with a sign and a color, so that neither alone has to be seen. */
export function badge(verdict: VerdictWord): string {
  const word = verdict === "reference" ? "baseline" : verdict;
  return `<span class="badge ${verdict}"><span aria-hidden="true">${VERDICT_MARKS[verdict]}</span> ${word}</span>`;
}

export function chip(text: string, kind: "" | "pass" | "fail" | "inconclusive" | "mark" = ""): string {
  return `<span class="chip ${kind}">${esc(text)}</span>`;
}
