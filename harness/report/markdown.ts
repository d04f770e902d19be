import type { Frontier } from "../domain/generated/frontier-v1.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { findingText } from "./finding-sentences.ts";
import { languageTables } from "./language-tables.ts";
import { frameworkSection } from "./markdown-frameworks.ts";
import { frontierMarkdown } from "./markdown-frontier.ts";
import { gateSection } from "./markdown-gates.ts";
import { preparationSection } from "./markdown-preparation.ts";
import {
  classSection,
  digestSection,
  measuredSection,
  noiseSection,
  paritySection,
  reproduceSection,
} from "./markdown-sections.ts";
import { escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";
import { count } from "./numbers.ts";
import { groupRows } from "./rows.ts";
import { sentences } from "./sentences.ts";
import { allColumns } from "./summary-table.ts";
import { hostText } from "./terminal.ts";

/** summary.md: the verdict in the first line, the table, what it means, every gate, the doubts, and how to get the same again. */
export function renderMarkdown(
  summary: Summary,
  options: { readonly frontier?: Frontier | undefined; readonly includeInvalid?: boolean | undefined } = {},
): string {
  const noun = summary.dataset.item_noun ?? "items";
  const sections: readonly (readonly string[])[] = [
    [`# ${headline(summary)}`],
    summary.simulated
      ? ["> **SIMULATED.** No real model ran. Every number below is invented by the simulated runtime."]
      : [],
    [facts(summary, noun)],
    ...groupRows(summary).map((group) => [
      ...(group.title === undefined ? [] : [`**${escapeMarkdown(group.title)}**`, ""]),
      ...resultTable(summary, group.rows),
    ]),
    sentences(summary).map((text) => `- ${escapeMarkdownLine(text)}`),
    options.frontier === undefined
      ? []
      : frontierMarkdown(options.frontier, { includeInvalid: options.includeInvalid === true }),
    frameworkSection(summary),
    gateSection(summary),
    classSection(summary),
    measuredSection(summary),
    ...languageSections(summary),
    paritySection(summary),
    noiseSection(summary),
    findingSection(summary),
    preparationSection(summary),
    reproduceSection(summary),
    digestSection(summary),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headline(summary: Summary): string {
  const { verdict, exit_code } = summary.suite;
  const ended = { complete: "", partial: " · partial run", "canary-abort": " · canary abort" }[summary.state];
  return `${verdict.toUpperCase()} · ${escapeMarkdown(summary.name)} · exit code ${exit_code}${ended}`;
}

function facts(summary: Summary, noun: string): string {
  const host = [hostText(summary.host), summary.host.cpu ?? ""].filter((text) => text !== "").join(", ");
  const parts = [
    `${count(summary.dataset.count)} ${noun} of ${summary.dataset.id}`,
    host,
    `lane ${summary.execution_lane}`,
    `run ${summary.run_id}`,
    summary.generated_at,
  ];
  return parts
    .filter((part) => part !== "")
    .map(escapeMarkdown)
    .join(" · ");
}

function resultTable(summary: Summary, rows: readonly SummaryRow[]): string[] {
  const columns = allColumns(summary, rows);
  const cells = rows.map((row, index) => [
    ...columns.map((column) => escapeMarkdown(unpadded(column.cells[index]?.text ?? ""))),
    row.role,
  ]);
  return markdownTable([...columns.map((column) => column.header), "role"], cells);
}

/** Without the spaces that align numbers in a terminal. */
function unpadded(text: string): string {
  return text.trim().replaceAll(/ {2,}/g, " ").replaceAll("[ ", "[");
}

/** Figures of language models. */
function languageSections(summary: Summary): string[][] {
  return languageTables(summary).map(({ title, note, headers, rows }) => [
    `## ${escapeMarkdown(title)}`,
    "",
    note,
    "",
    ...markdownTable(
      headers,
      rows.map((cells) => cells.map(escapeMarkdown)),
    ),
  ]);
}

function findingSection(summary: Summary): string[] {
  if (summary.findings.length === 0) return [];
  const lines = summary.findings.map((finding) => `- ${escapeMarkdown(`${finding.code}: ${findingText(finding)}`)}`);
  return ["## Findings", "", "Doubts that stop nothing.", "", ...lines];
}
