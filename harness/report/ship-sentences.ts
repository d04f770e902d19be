import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { estimateText, POINTS } from "./estimates.ts";
import {
  decidingGates,
  dropLimits,
  gateFact,
  OVERALL,
  pointsText,
  shortReason,
  speedText,
  speedWord,
} from "./gate-words.ts";
import { counted, decimal, isNumber, percent } from "./numbers.ts";
import { baselineName, settingName, variantName } from "./rows.ts";
import { visible } from "./visible-text.ts";

/** The gates passed, and no row may be chosen among: the one case of a pass without a recommendation. */
const POLLUTED =
  "Nothing is recommended: what passes was measured while something else used the machine. Run it again on a quiet machine, or add --allow-polluted-frontier.";

/** What to ship and why; or that nothing can ship, with the nearest miss. */
export function shipSentences(summary: Summary): string[] {
  const shipped = shippedRow(summary);
  const cleared = shipped !== undefined && summary.suite.verdict === "pass";
  return [
    ...(cleared ? [shipSentence(summary, shipped)] : refusalSentences(summary)),
    ...alsoSentences(summary, cleared ? shipped : undefined),
    ...(cleared ? uncorrectedSentences(summary) : []),
  ];
}

/** The row the suite recommends; undefined when there is none. */
export function shippedRow(summary: Summary): SummaryRow | undefined {
  const { ship } = summary.suite;
  return summary.rows.find((row) => row.cell_id === ship) ?? summary.rows.find((row) => row.variant_id === ship);
}

function shipSentence(summary: Summary, row: SummaryRow): string {
  const isSlower = speedWord(row) === "slower";
  const cost = isSlower ? `but slower than ${baselineName(summary, row)} (${speedText(row)})` : undefined;
  const gains = [isSlower ? undefined : speedClaim(row), sizeClaim(row), dropClaim(summary, row)];
  const claims = [...gains, cost].filter((claim) => claim !== undefined);
  return `Ship ${cellName(summary, row)}${claims.length === 0 ? "" : `: ${claims.join(", ")}`}.`;
}

function speedClaim(row: SummaryRow): string | undefined {
  const word = speedWord(row);
  if (word === undefined) return undefined;
  if (word !== "faster") return `about as fast (${speedText(row)})`;
  return `${decimal(row.speedup?.value, { digits: 1, limits: [1] })}x faster`;
}

function sizeClaim(row: SummaryRow): string | undefined {
  if (row.bytes_ratio === null) return undefined;
  const smaller = 1 - row.bytes_ratio;
  if (Math.abs(smaller) < 0.005) return "same size";
  return smaller > 0 ? `${percent(smaller, { limits: [1] })} smaller` : `${percent(-smaller)} larger`;
}

/** What the non-inferiority gate proved; the estimate itself where no such gate passed. */
function dropClaim(summary: Summary, row: SummaryRow): string | undefined {
  const proof = row.gates.find(
    (gate) =>
      OVERALL.has(gate.metric) &&
      gate.policy === "non-inferiority" &&
      gate.margin_kind === "absolute" &&
      gate.verdict === "pass",
  );
  if (proof && proof.margin !== null) {
    const where = summary.stop?.claim === "finite-set" ? " on these items" : "";
    return `drop below ${pointsText(proof.margin)}${where}`;
  }
  return row.drop === null ? undefined : `drop ${estimateText(row.drop, POINTS, dropLimits(row))} points`;
}

function refusalSentences(summary: Summary): string[] {
  const { suite, rows } = summary;
  if (suite.verdict === "pass") return [POLLUTED];
  const isOpen = suite.verdict === "inconclusive";
  const start = isOpen ? "Nothing can ship yet" : "Nothing can ship";
  const brokenBaseline = rows.find((row) => row.role === "baseline" && failedGates(row).length > 0);
  if (brokenBaseline !== undefined) {
    const facts = failedGates(brokenBaseline).map((gate) => gateFact(summary, brokenBaseline, gate));
    return [`${start}: the baseline ${cellName(summary, brokenBaseline)} fails its own gates (${facts.join("; ")}).`];
  }
  const blocking = rows.filter((row) => row.role === "required" && row.verdict !== "pass");
  if (blocking.length > 0) return [`${start}: ${requiredText(summary, blocking)}.`];
  const contenders = rows.filter((row) => row.role !== "baseline" && row.absence === undefined);
  if (contenders.length === 0) return [`${start}: the run has no variant to judge.`];
  if (contenders.some((row) => row.verdict === "pass")) {
    return uncorrectedSentences(summary).map((text) => `${start}: ${text}`);
  }
  const nearest = [...contenders].sort((left, right) => distance(left) - distance(right))[0] as SummaryRow;
  return [`${start}: no variant passes. Nearest is ${cellName(summary, nearest)}${missText(summary, nearest)}.`];
}

function requiredText(summary: Summary, blocking: readonly SummaryRow[]): string {
  const texts = blocking.map((row) => {
    const reason = shortReason(summary, row);
    return `${cellName(summary, row)} ${row.verdict === "fail" ? "fails" : "is undecided"}${reason ? ` (${reason.long})` : ""}`;
  });
  return `required ${texts.join(", required ")}`;
}

/** Passes that count as claims: required variants, and candidates that survive the correction for their number. */
function alsoSentences(summary: Summary, shipped: SummaryRow | undefined): string[] {
  const counts = (row: SummaryRow) => row.role === "required" || summary.suite.certified.includes(row.cell_id);
  const names = summary.rows
    .filter((row) => row !== shipped && row.verdict === "pass" && counts(row))
    .map((row) => cellName(summary, row));
  if (names.length === 0) return [];
  return [`${shipped === undefined ? "Passing" : "Also passing"}: ${names.join(", ")}.`];
}

function uncorrectedSentences(summary: Summary): string[] {
  const all = candidates(summary);
  const names = all
    .filter((row) => row.verdict === "pass" && !summary.suite.certified.includes(row.cell_id))
    .map((row) => cellName(summary, row));
  if (names.length === 0) return [];
  const verb = names.length === 1 ? "passes" : "pass";
  return [`${names.join(", ")} ${verb} alone, but not after correcting for ${counted(all.length, "candidates")}.`];
}

/** The variant, with its setting where it ran at several. */
function cellName(summary: Summary, row: SummaryRow): string {
  const settings = summary.rows.filter((other) => other.variant_id === row.variant_id);
  return settings.length > 1 ? `${variantName(summary, row)} (${settingName(row)})` : variantName(summary, row);
}

function candidates(summary: Summary): SummaryRow[] {
  return summary.rows.filter((row) => row.role === "candidate");
}

function failedGates(row: SummaryRow): SummaryRow["gates"] {
  return row.gates.filter((gate) => gate.tier === "primary" && gate.verdict === "fail");
}

function missText(summary: Summary, row: SummaryRow): string {
  const gate = decidingGates(row)[0];
  const verdict = row.verdict === "fail" ? "fails" : "is inconclusive";
  if (gate?.effect) return `, which ${verdict}: ${gateFact(summary, row, gate)}`;
  const words = row.reasons.map(visible).join(" ").replace(/\.$/, "");
  return `, which ${verdict}${words === "" ? "" : ` (${words})`}`;
}

/** Undecided before failed, then fewer gates missed, then the smaller excess over the margin in margins. */
function distance(row: SummaryRow): number {
  const missed = row.gates.filter((gate) => gate.tier === "primary" && gate.verdict !== "pass");
  const excess = missed.map(({ effect, margin }) => {
    if (!isNumber(effect?.high) || margin === null) return 1;
    const margins = Math.max(0, effect.high - margin) / Math.max(margin, 1e-3);
    return margins / (1 + margins);
  });
  const verdict = row.verdict === "fail" ? 1e6 : 0;
  return verdict + missed.length * 1e3 + excess.reduce((sum, value) => sum + value, 0);
}
