import type { Frontier, FrontierSession, QuantRow } from "../domain/generated/frontier-v1.ts";
import {
  choicesOf,
  frontText,
  objectiveText,
  objectiveTitle,
  rowMarks,
  sessionTitle,
  vibeText,
} from "./frontier-text.ts";
import { escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";
import { counted } from "./numbers.ts";

/** The frontier in Markdown: a table a session, the choices with their reasons. Rows kept out are counted, or shown and marked. */
export function frontierMarkdown(frontier: Frontier, { includeInvalid = false } = {}): string[] {
  const parts = frontier.sessions.flatMap((session) => [
    "",
    ...(frontier.sessions.length > 1 ? [`### ${escapeMarkdown(sessionTitle(session))}`, ""] : []),
    ...sessionTable(frontier, session, includeInvalid),
    "",
    ...choicesOf(session).map(
      ({ name, tag, reason }) =>
        `- **${name}**: ${tag === null ? "none" : escapeMarkdown(tag)} (${escapeMarkdownLine(reason)})`,
    ),
  ]);
  const dropped = frontier.dropped_objectives.map(({ metric, reason }) => `- ${metric} is left out: ${reason}`);
  return ["## Frontier", ...parts, ...(dropped.length > 0 ? ["", ...dropped] : [])];
}

function sessionTable(frontier: Frontier, session: FrontierSession, includeInvalid: boolean): string[] {
  const rows = session.quant_rows.filter((row) => includeInvalid || row.eligible);
  const hidden = session.quant_rows.length - rows.length;
  const cells = rows.map((row) => [
    escapeMarkdown(row.quant_tag),
    String(Number(row.bits_per_weight.toFixed(2))),
    ...frontier.objectives.map(({ metric }) => objectiveText(row.objectives.find((one) => one.metric === metric))),
    vibeText(row),
    frontCell(row),
    escapeMarkdown(rowMarks(session, row).join(", ")),
  ]);
  const headers = [
    "variant",
    "bits",
    ...frontier.objectives.map(({ metric }) => objectiveTitle(metric)),
    "lost per saved",
    "on the front",
    "",
  ];
  const right = headers.map((_, i) => (i > 0 && i < headers.length - 2 ? "right" : "left") as "left" | "right");
  const table = markdownTable(headers, cells, right);
  if (hidden === 0) return table;
  const verb = hidden === 1 ? "is" : "are";
  const note = `${counted(hidden, "rows")} ${verb} kept out of the front and not shown (\`--include-invalid\` shows them).`;
  return table.length === 0 ? [note] : [...table, "", note];
}

function frontCell(row: QuantRow): string {
  return escapeMarkdown(row.eligible ? frontText(row) : `kept out: ${frontText(row)}`);
}
