import type { GateResultDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { wait } from "./durations.ts";
import { estimateText, levelText } from "./estimates.ts";
import { boundText, gateLimits, gateStyle } from "./gate-words.ts";
import { escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";
import { ABSENT, count } from "./numbers.ts";
import { settingName, variantName } from "./rows.ts";

/** Every gate of every row: what was measured, what it was held against, and why the verdict is what it is. */
export function gateSection(summary: Summary): string[] {
  const blocks = summary.rows
    .filter((row) => row.gates.some((gate) => gate.verdict !== "reference"))
    .map((row) => ["", `### ${rowTitle(summary, row)}`, "", ...gateTable(row)]);
  if (blocks.length === 0) return [];
  const rule = escapeMarkdown(summary.suite.recommendation_rule);
  const reasons = summary.suite.reasons.map((reason) => `- ${escapeMarkdownLine(reason)}`);
  const note =
    "An effect is shown with the interval its gate used; + is worse where it is held against a margin. Primary gates decide, advisory gates are reported.";
  return [
    "## Gates",
    "",
    note,
    "",
    `Choice: ${rule}.`,
    ...(reasons.length === 0 ? [] : ["", ...reasons]),
    ...blocks.flat(),
  ];
}

/** `u8s8 · 1 thread, batch 1 · candidate · PASS`. */
function rowTitle(summary: Summary, row: SummaryRow): string {
  const parts = [variantName(summary, row), settingName(row), row.role, row.verdict.toUpperCase()];
  return parts.map(escapeMarkdown).join(" · ");
}

function gateTable(row: SummaryRow): string[] {
  const rows = row.gates
    .filter((gate) => gate.verdict !== "reference")
    .map((gate) => [
      escapeMarkdown(gate.gate_id),
      gate.tier,
      effectText(gate),
      against(gate),
      gate.verdict.toUpperCase(),
      escapeMarkdown(reasonText(gate)),
      escapeMarkdown(gate.effect === null ? ABSENT : `${gate.effect.method}, n = ${count(gate.effect.n)}`),
    ]);
  return markdownTable(["gate", "tier", "effect", "held against", "verdict", "why", "method"], rows);
}

function effectText(gate: GateResultDoc): string {
  const style = gateStyle(gate);
  const { effect } = gate;
  if (effect === null) return ABSENT;
  const unit =
    gate.metric.startsWith("quality.") && gate.margin !== null && gate.margin_kind === "absolute" ? " points" : "";
  const shown = estimateText(effect, style, gateLimits(gate));
  if (effect.level === 1) return shown.replace(/ \[.*\]$/, "");
  const kind = gate.metric === "quality.class_accuracy" ? "class" : "";
  const what = gate.detail === null ? "" : `${kind} ${escapeMarkdown(gate.detail)}: `;
  return `${what.trimStart()}${shown.replace(" [", `${unit} [`)} at ${levelText(effect.level)}`;
}

function against(gate: GateResultDoc): string {
  const bound = boundText(gate);
  if (bound === undefined) return ABSENT;
  const word =
    { floor: "at least", ceiling: "at most", "quantile-limit": "at most", exact: "at most" }[gate.policy] ?? "below";
  return `${escapeMarkdown(gate.policy)}, ${word} ${bound}`;
}

function reasonText(gate: GateResultDoc): string {
  const needed = gate.needed;
  const time = needed?.seconds === null || needed === null ? "" : ` (${wait(needed.seconds)})`;
  const what = needed === null ? [] : [`${count(needed.quantity)} more ${needed.unit}${time} would decide`];
  return [...gate.reasons, ...what].join("; ");
}
