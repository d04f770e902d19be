import type { CiLine, CiReport } from "../domain/ci-report.ts";
import { code, escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";

/** Longest comment body: GitHub takes 65,536 characters, GitLab more. */
const LONGEST = 60_000;

/**
 * A comment for a pull or merge request: one verdict, the interval it rests on, and the command that gives it again; what else is red
 * below. The first line is a mark by which a later comment of the same config can replace this one.
 */
export function renderComment(report: CiReport): string {
  const { summary, verdict, exitCode, headline, reproduce } = report;
  const red = report.lines.filter((line) => line.scope !== "suite" && line.decides && line.verdict !== "pass");
  const basis = basisOf(report);
  const lines = [
    `<!-- quantgate:${summary.name.replaceAll(/[^A-Za-z0-9._ -]/g, "_")} -->`,
    `**${verdict.toUpperCase()}** · ${escapeMarkdown(summary.name)} · exit code ${exitCode}`,
    "",
    ...(summary.simulated ? ["> **SIMULATED.** No real model ran.", ""] : []),
    escapeMarkdownLine(headline),
    ...(basis === undefined ? [] : ["", `Rests on ${lineText(basis)}`]),
    ...redTable(basis === undefined ? red : red.filter((line) => line !== basis)),
    "",
    `Again: ${code(reproduce)}`,
  ];
  return `${shortened(lines.join("\n"))}\n`;
}

/** The step summary of a CI: the comment, every question that is not a pass, and how many are. */
export function renderStepSummary(report: CiReport): string {
  const questions = report.lines.filter((line) => line.scope !== "suite");
  const open = questions.filter((line) => line.verdict !== "pass" && !line.decides);
  const passed = questions.length - questions.filter((line) => line.verdict !== "pass").length;
  const advised =
    open.length === 0
      ? []
      : ["", "<details><summary>What only advises and is no pass</summary>", "", ...table(open), "", "</details>"];
  return `${[renderComment(report).trimEnd(), ...advised, "", `${passed} of ${questions.length} questions pass.`].join("\n")}\n`;
}

/** The question that the verdict rests on: what decides against the run, or the first gate of what may ship. */
function basisOf({ summary, verdict, lines }: CiReport): CiLine | undefined {
  const decided = lines.filter((line) => line.scope !== "suite" && line.verdict === verdict);
  const shipped = decided.filter((line) => line.cell === summary.suite.ship && line.cell !== null);
  const candidates = verdict === "pass" ? shipped : [...decided.filter((line) => line.decides), ...decided];
  return candidates.find((line) => line.text.includes("[")) ?? candidates[0];
}

function redTable(red: readonly CiLine[]): string[] {
  return red.length === 0 ? [] : ["", ...table(red)];
}

function table(lines: readonly CiLine[]): string[] {
  return markdownTable(
    ["", "cell", "question", "measured"],
    lines.map(({ verdict, cell, gate, scope, text }) => [
      verdict.toUpperCase(),
      escapeMarkdown(cell ?? "run"),
      escapeMarkdown(`${scope}: ${gate}`),
      escapeMarkdown(text),
    ]),
  );
}

function lineText({ cell, gate, text }: CiLine): string {
  return `${escapeMarkdown(cell ?? "the run")}, ${escapeMarkdown(gate)}: ${escapeMarkdown(text)}.`;
}

function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const kept = text.slice(0, text.lastIndexOf("\n", LONGEST));
  return `${kept}\n\nShortened; the step summary and the run's folder have it all.`;
}
