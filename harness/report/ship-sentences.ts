import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { estimateText, POINTS } from "./estimates.ts";
import { decidingGates, dropLimits, gateFact, pointsText, shortReason, speedText } from "./gate-words.ts";
import { decimal, percent } from "./numbers.ts";
import { baselineName, variantName } from "./rows.ts";
import { visible } from "./visible-text.ts";

/** What to ship and why; or that nothing can ship, with the nearest miss. */
export function shipSentences(summary: Summary): string[] {
  if (summary.state === "canary-abort") return [];
  const blocking = summary.rows.filter((row) => row.role === "required" && row.verdict !== "pass");
  const shipped = summary.rows.filter((row) => row.variant_id === summary.suite.ship);
  return [
    ...(shipped.length > 0 && summary.suite.verdict === "pass" ? [shipSentence(summary, shipped)] : []),
    ...requiredSentences(summary, blocking),
    ...nothingSentences(summary, blocking.length > 0),
    ...alsoSentences(summary),
  ];
}

function shipSentence(summary: Summary, rows: readonly SummaryRow[]): string {
  const first = rows[0] as SummaryRow;
  if (first.role === "baseline") return `Ship ${variantName(summary, first)}, the baseline: no variant passes.`;
  const claims = [speedClaim(summary, rows), sizeClaim(first), dropClaim(first)].filter((claim) => claim !== undefined);
  return claims.length === 0
    ? `Ship ${variantName(summary, first)}.`
    : `Ship ${variantName(summary, first)}: ${claims.join(", ")}.`;
}

/** "Faster" is said only where the whole interval is above parity, at every setting. */
function speedClaim(summary: Summary, rows: readonly SummaryRow[]): string | undefined {
  const speeds = rows.map((row) => row.speedup);
  const values = speeds.flatMap((speed) => speed?.value ?? []);
  if (values.length < rows.length) return undefined;
  const [slowest, fastest] = [Math.min(...values), Math.max(...values)].map((value) =>
    decimal(value, { digits: 1, limits: [1] }),
  );
  if (speeds.every((speed) => (speed?.low ?? 0) > 1)) {
    return slowest === fastest ? `${slowest}x faster` : `${slowest}x to ${fastest}x faster`;
  }
  if (speeds.every((speed) => (speed?.high ?? Number.POSITIVE_INFINITY) < 1)) {
    return `but slower than ${baselineName(summary, rows[0] as SummaryRow)} (${rows.map(speedText).join("; ")})`;
  }
  return `speed ${rows.map(speedText).join("; ")}`;
}

function sizeClaim(row: SummaryRow): string | undefined {
  if (row.bytes_ratio === null) return undefined;
  const smaller = 1 - row.bytes_ratio;
  if (Math.abs(smaller) < 0.005) return "same size";
  return smaller > 0 ? `${percent(smaller)} smaller` : `${percent(-smaller)} larger`;
}

/** What the non-inferiority gate proved; the estimate itself where no such gate passed. */
function dropClaim(row: SummaryRow): string | undefined {
  const proof = row.gates.find(
    (gate) => gate.metric === "quality.accuracy" && gate.policy === "non-inferiority" && gate.verdict === "pass",
  );
  if (proof && proof.margin !== null) return `drop below ${pointsText(proof.margin)}`;
  return row.drop === null ? undefined : `drop ${estimateText(row.drop, POINTS, dropLimits(row))} points`;
}

function requiredSentences(summary: Summary, blocking: readonly SummaryRow[]): string[] {
  const word = { fail: "failed", inconclusive: "is undecided", pass: "passes", reference: "is the reference" };
  const names = blocking.map((row) => `${variantName(summary, row)} ${word[row.verdict]}${reasonText(summary, row)}`);
  if (names.length === 0) return [];
  const one = names.length === 1;
  return [
    `Do not ship: ${one ? "a required variant" : "required variants"} must pass, and ${[...new Set(names)].join(", ")}.`,
  ];
}

function nothingSentences(summary: Summary, isBlocked: boolean): string[] {
  const suite = summary.suite;
  if (suite.verdict === "pass" && suite.ship === null) return ["Every required variant passes."];
  if (suite.ship !== null && suite.verdict === "pass") return [];
  const contenders = summary.rows.filter((row) => row.role !== "baseline");
  if (isBlocked || contenders.some((row) => row.verdict === "pass")) {
    const why = suite.reasons.map(visible).join(" ");
    return isBlocked || why === "" ? [] : [`Nothing is cleared to ship: ${why}`];
  }
  const nearest = [...contenders].sort((left, right) => distance(left) - distance(right))[0];
  const start = suite.verdict === "inconclusive" ? "Nothing can ship yet" : "Nothing can ship";
  if (nearest === undefined) return [`${start}: the run has no candidate.`];
  return [`${start}: no variant passes. Nearest is ${variantName(summary, nearest)}${missText(summary, nearest)}.`];
}

function alsoSentences(summary: Summary): string[] {
  const others = summary.rows.filter((row) => row.role !== "baseline" && row.variant_id !== summary.suite.ship);
  const names = new Set(others.map((row) => row.variant_id));
  const passing = [...names].filter((id) =>
    others.filter((row) => row.variant_id === id).every((row) => row.verdict === "pass"),
  );
  if (passing.length === 0) return [];
  const text = passing.map((id) => variantName(summary, others.find((row) => row.variant_id === id) as SummaryRow));
  return [`${summary.suite.ship === null ? "Passing" : "Also passing"}: ${text.join(", ")}.`];
}

function reasonText(summary: Summary, row: SummaryRow): string {
  const reason = shortReason(summary, row);
  return reason === undefined ? "" : ` (${reason.long})`;
}

function missText(summary: Summary, row: SummaryRow): string {
  const gate = decidingGates(row)[0];
  const verdict = row.verdict === "fail" ? "which fails" : "which is inconclusive";
  return gate === undefined ? `, ${verdict}` : `, ${verdict}: ${gateFact(summary, row, gate)}`;
}

/** Undecided before failed, then fewer gates missed, then the smaller excess over the margin. */
function distance(row: SummaryRow): number {
  const missed = row.gates.filter((gate) => gate.tier === "primary" && gate.verdict !== "pass");
  const excess = missed.map((gate) => {
    const high = gate.effect?.high ?? null;
    if (high === null || gate.margin === null) return 1;
    return Math.min(1, Math.max(0, high - gate.margin) / Math.max(Math.abs(gate.margin), 1e-3) / 100);
  });
  const verdict = row.verdict === "fail" ? 1e6 : 0;
  return verdict + missed.length * 1e3 + excess.reduce((sum, value) => sum + value, 0);
}
