import { REASONS } from "../domain/codes.ts";
import type { GateResultDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { wait } from "./durations.ts";
import { decidingGates, gateFact, speedText, speedWord, typedReason } from "./gate-words.ts";
import { aboutCount, count, counted } from "./numbers.ts";
import { baselineName, settingName, variantName } from "./rows.ts";
import { visible } from "./visible-text.ts";

/** A speed that reads 1.00x or less is no gain. */
const NO_GAIN = 1.005;

interface RowStatement {
  readonly row: SummaryRow;
  /** Sentence without its subject. */
  readonly body: string;
}

/** One sentence for each thing a row still needs or lacks: what would decide it, why it failed, why it is slow, which trials are gone. */
export function rowSentences(summary: Summary, itemNoun: string): string[] {
  const rows = summary.rows;
  const statements = [
    ...rows.flatMap((row) => undecided(summary, row, itemNoun).map((body) => ({ row, body }))),
    ...rows.flatMap((row) => failed(summary, row).map((body) => ({ row, body }))),
    ...rows.flatMap((row) => slow(summary, row).map((body) => ({ row, body }))),
    ...rows.flatMap((row) => advised(summary, row).map((body) => ({ row, body }))),
    ...rows.flatMap((row) => lostTrials(row).map((body) => ({ row, body }))),
  ];
  return merged(summary, statements);
}

function undecided(summary: Summary, row: SummaryRow, itemNoun: string): string[] {
  if (row.absence !== undefined) return [`is ${row.absence.state}: ${visible(row.absence.reason)}.`];
  if (row.verdict !== "inconclusive") return [];
  const gates = decidingGates(row);
  if (gates.length === 0) return [ownWords(row) ?? "undecided, and no primary gate says why."];
  const needs = gates.filter((gate) => gate.needed !== null);
  const others = gates.filter((gate) => gate.needed === null);
  const doubted = new Set(others.filter((gate) => typedReason(gate) !== undefined).map(whyText));
  const open = others.filter((gate) => typedReason(gate) === undefined).map((gate) => gateFact(summary, row, gate));
  return [
    ...doubted,
    ...(open.length === 0 ? [] : [`is undecided: ${open.join("; ")}.`]),
    ...(needs.length === 0 ? [] : [neededText(needs, itemNoun, others.length > 0)]),
  ];
}

/** The largest need of each unit decides all of them, because every gate sees the same items and trials. */
function neededText(gates: readonly GateResultDoc[], itemNoun: string, isPart: boolean): string {
  const units = (["items", "trials", "calls"] as const).flatMap((unit) => {
    const needs = gates.flatMap((gate) => (gate.needed?.unit === unit ? [gate.needed] : []));
    return needs.length === 0 ? [] : [needs.reduce((most, need) => (need.quantity > most.quantity ? need : most))];
  });
  const amounts = units.map(({ quantity, unit }) => {
    const noun = unit === "items" ? itemNoun : unit;
    return `${aboutCount(quantity)} more ${quantity === 1 ? noun.replace(/s$/, "") : noun}`;
  });
  const times = units.map((need) => need.seconds);
  const total = times.every((time) => time !== null) ? times.reduce((sum, time) => sum + time, 0) : undefined;
  const time = total === undefined ? "" : ` (${wait(total)})`;
  return `about ${amounts.join(" and ")} would decide${isPart ? " the rest" : ""}${time}.`;
}

function failed(summary: Summary, row: SummaryRow): string[] {
  if (row.verdict !== "fail") return [];
  const gates = decidingGates(row);
  if (gates.length === 0) return [ownWords(row) ?? "failed, and no primary gate says why."];
  const typed = gates.find((gate) => typedReason(gate) !== undefined);
  if (typed !== undefined) return [makingFailure(summary, row, typed) ?? whyText(typed)];
  // A latency failure that emulation explains is told once, by slow().
  const told = gates.filter((gate) => !(gate.metric === "latency.call" && slow(summary, row).length > 0));
  return told.length === 0 ? [] : [`fails: ${told.map((gate) => gateFact(summary, row, gate)).join("; ")}.`];
}

function slow(summary: Summary, row: SummaryRow): string[] {
  const kernels = row.kernels;
  if (kernels === null || kernels.emulated === 0 || row.speedup === null) return [];
  const word = speedWord(row);
  const lost = word === "slower" || row.gates.some((gate) => gate.metric === "latency.call" && gate.verdict === "fail");
  if (!lost && (word !== "equal" || (row.speedup.value ?? 0) >= NO_GAIN)) return [];
  const layers = row.layers ?? kernels.native + kernels.emulated + kernels.skipped;
  const fact = `${count(kernels.emulated)} of ${counted(layers, "layers")} ${kernels.emulated === 1 ? "is" : "are"} emulated`;
  const cost = lost ? "slower" : "no faster";
  return [`${fact}; that is why it is ${cost} than ${baselineName(summary, row)} (${speedText(row)}).`];
}

/** A variant that passes although an advisory gate fails; a latency gate that emulation explains is told by slow(). */
function advised(summary: Summary, row: SummaryRow): string[] {
  if (row.verdict !== "pass") return [];
  const isTold = slow(summary, row).length > 0;
  const gates = row.gates.filter((gate) => gate.tier === "advisory" && gate.verdict === "fail");
  const facts = gates.filter((gate) => !(isTold && gate.metric === "latency.call"));
  const plural = facts.length === 1 ? "an advisory gate fails" : "advisory gates fail";
  return facts.length === 0
    ? []
    : [`passes, but ${plural}: ${facts.map((gate) => gateFact(summary, row, gate)).join("; ")}.`];
}

function lostTrials(row: SummaryRow): string[] {
  if (row.absence !== undefined) return [];
  const { planned, failed: broken, missing } = row.trials;
  const of = counted(planned, "trials");
  if (broken === 0) return missing === 0 ? [] : [`${count(missing)} of ${of} did not run.`];
  return [`${count(broken)} of ${of} failed${missing === 0 ? "" : `, ${count(missing)} did not run`}.`];
}

function whyText(gate: GateResultDoc): string {
  const texts = gate.reasons.map((reason) =>
    reason in REASONS ? REASONS[reason as keyof typeof REASONS] : visible(reason),
  );
  return lowerFirst(texts.join(" ")) || "no reason was recorded.";
}

function ownWords(row: SummaryRow): string | undefined {
  const text = row.reasons.map(visible).join(" ");
  return text === "" ? undefined : lowerFirst(text);
}

/** Keeps names such as `NaN` and `HTTP`. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) && !text.startsWith("NaN") ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** Why the variant could not be made, where a finding says more than the typed reason. */
function makingFailure(summary: Summary, row: SummaryRow, gate: GateResultDoc): string | undefined {
  if (!gate.reasons.includes("variant-failed")) return undefined;
  const about = (subject: string) => subject === row.cell_id || subject === row.variant_id;
  const finding = summary.findings.find(({ code, subject }) => code === "VARIANT_FAILED" && about(subject));
  return finding === undefined ? undefined : `could not be made: ${visible(finding.message)}`;
}

/** One line for settings that say the same; the settings are named where only some do. */
function merged(summary: Summary, statements: readonly RowStatement[]): string[] {
  const groups = new Map<string, RowStatement[]>();
  for (const statement of statements) {
    const key = JSON.stringify([statement.row.variant_id, statement.body]);
    groups.set(key, [...(groups.get(key) ?? []), statement]);
  }
  return [...groups.values()].map((same) => {
    const { row, body } = same[0] as RowStatement;
    const settings = summary.rows.filter((other) => other.variant_id === row.variant_id).length;
    const where = same.length === settings ? "" : ` (${same.map((one) => settingName(one.row)).join("; ")})`;
    // A body that starts with its own verb follows its subject directly.
    const link = /^(?:is|fails|passes|could)\b/.test(body) ? " " : ": ";
    return `${variantName(summary, row)}${where}${link}${body}`;
  });
}
