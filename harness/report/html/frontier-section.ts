import type { FrontierSession } from "../../domain/generated/frontier-v1.ts";
import type { Summary } from "../../domain/generated/summary-v1.ts";
import { choicesOf, frontText } from "../frontier-text.ts";
import { count, counted } from "../numbers.ts";
import { truncate, visible } from "../visible-text.ts";
import { plotsOf } from "./frontier-plots.ts";
import { esc, shortName } from "./markup.ts";
import type { PageInput } from "./page-input.ts";

/** The front of every session: quality against speed and against size, and the choices with their reasons. */
export function frontierSection({ summary, frontier, includeInvalid }: PageInput): string {
  const many = frontier.sessions.length > 1;
  const parts = frontier.sessions.map((session) =>
    sessionPart(summary, session, { many, includeInvalid: includeInvalid === true }),
  );
  return `<section aria-labelledby="front"><h2 id="front">Which is worth having</h2>${parts.join("")}${legend()}</section>`;
}

function sessionPart(
  summary: Summary,
  session: FrontierSession,
  { many, includeInvalid }: { many: boolean; includeInvalid: boolean },
): string {
  const title = many
    ? `<h3>${shortName(session.model_id)} · ${esc(`${counted(session.threads, "threads")}, batch ${session.batch_size}`)}</h3>`
    : "";
  const kept = session.quant_rows.filter((row) => !row.eligible);
  const names = kept.map((row) => `${truncate(visible(row.quant_tag), 24)} (${frontText(row)})`);
  const shown = names.slice(0, 6).join(", ") + (names.length > 6 ? ` and ${count(names.length - 6)} more` : "");
  const note =
    kept.length === 0
      ? ""
      : `<p class="small dim">Kept out of the front: ${esc(shown)}. ${includeInvalid ? "Drawn hollow; never recommended." : "Show them with the switch above."}</p>`;
  const plots = plotsOf(summary, session, { includeInvalid, size: [550, 380] }).map(({ title: name, svg }) =>
    svg === undefined
      ? '<p class="empty">Nothing was measured for this plot.</p>'
      : `<figure><figcaption>${esc(name)}</figcaption>${svg}</figure>`,
  );
  return `${title}${choices(session)}<div class="plots">${plots.join("")}</div>${note}`;
}

function choices(session: FrontierSession): string {
  const texts = choicesOf(session).map(
    ({ name, tag, reason }) =>
      `<div><dt>${esc(name)}</dt><dd><strong>${tag === null ? "none" : shortName(tag)}</strong><span>${esc(truncate(visible(reason), 220))}</span></dd></div>`,
  );
  return `<dl class="choices">${texts.join("")}</dl>`;
}

function legend(): string {
  const item = (verdict: string, shape: string, text: string) =>
    `<li><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><g class="mark ${verdict}">${shape}</g></svg>${text}</li>`;
  return `<ul class="legend">${[
    item("pass", '<circle class="dot" cx="8" cy="8" r="5.5"/>', "passes"),
    item("inconclusive", '<path class="dot" d="M8 1.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z"/>', "undecided"),
    item("fail", '<path class="dot" d="M8 2l6 11h-12z"/>', "fails"),
    item("reference", '<rect class="dot" x="3" y="3" width="10" height="10"/>', "baseline"),
    item("pass", '<circle class="ring" cx="8" cy="8" r="6.5"/>', "on the front"),
  ].join("")}<li>bars: intervals</li></ul>`;
}
