import type { ClassRowDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { seconds } from "./durations.ts";
import { estimateText, levelText, PERCENT, POINTS } from "./estimates.ts";
import { code, escapeMarkdown, markdownTable } from "./markdown-text.ts";
import { ABSENT, bytes, count, decimal, isNumber, percent } from "./numbers.ts";
import { settingName, variantName } from "./rows.ts";

/** Classes shown for each variant. */
const WORST = 3;

/** The classes that lost most, a few for each variant, and every flagged one; none for a variant that lost nowhere. */
export function classSection(summary: Summary): string[] {
  const rows = firstSettings(summary)
    .filter((row) => row.role !== "baseline")
    .flatMap((row) => worstClasses(row).map((item) => classCells(variantName(summary, row), item)));
  const table = markdownTable(["variant", "class", "items", "right", "lost / won", "drop, points", "flag"], rows, [
    "left",
    "left",
    "right",
    "right",
    "right",
    "left",
    "left",
  ]);
  if (table.length === 0) return [];
  const note = `The ${WORST} classes that lost most in each variant, and every class above the flag. Lost: the baseline alone was right; won: the variant alone.`;
  return ["## Worst classes", "", note, "", ...table];
}

function worstClasses(row: SummaryRow): ClassRowDoc[] {
  const known = row.per_class.filter((item) => isNumber(item.drop?.value));
  const sorted = known.sort((left, right) => (right.drop?.value ?? 0) - (left.drop?.value ?? 0));
  return sorted.filter((item, index) => (index < WORST && (item.drop?.value ?? 0) > 0) || item.flagged);
}

function classCells(variant: string, item: ClassRowDoc): string[] {
  const level = item.drop === null ? "" : ` at ${levelText(item.drop.level)}`;
  return [
    escapeMarkdown(variant),
    escapeMarkdown(item.class),
    count(item.n),
    count(item.correct),
    `${count(item.b)} / ${count(item.c)}`,
    estimateText(item.drop, POINTS) + level,
    item.flagged ? "above the flag" : "",
  ];
}

/** Times, memory and bytes of every row. */
export function measuredSection(summary: Summary): string[] {
  const rows = summary.rows.map((row) => [
    escapeMarkdown(variantName(summary, row)),
    settingName(row),
    timeText(row.latency.p50),
    timeText(row.latency.p90),
    timeText(row.latency.p99),
    isNumber(row.throughput?.value) ? `${decimal(row.throughput.value, { digits: 0, significant: 3 })} /s` : ABSENT,
    seconds(row.load?.value),
    bytes(row.peak_memory?.value),
    bytes(row.bytes_on_disk),
    trialText(row),
  ]);
  const headers = ["variant", "setting", "p50", "p90", "p99", "items", "load", "peak memory", "file", "trials"];
  const right = headers.map((_, index) => (index < 2 ? "left" : "right") as "left" | "right");
  const note =
    "Latency of one call at the batch size of the setting, with its interval; items a second in the evaluation loop.";
  return ["## Measured", "", note, "", ...markdownTable(headers, rows, right)];
}

function timeText(estimate: SummaryRow["latency"]["p50"]): string {
  if (estimate === null || !isNumber(estimate.value)) return ABSENT;
  return `${seconds(estimate.value)} [${seconds(estimate.low)}, ${seconds(estimate.high)}]`;
}

function trialText({ trials }: SummaryRow): string {
  const lost = [
    trials.failed > 0 ? `${trials.failed} failed` : "",
    trials.missing > 0 ? `${trials.missing} missing` : "",
  ];
  return [`${trials.completed} of ${trials.planned}`, ...lost.filter((text) => text !== "")].join(", ");
}

/** How far the outputs are from the baseline's: a diagnostic that decides nothing. */
export function paritySection(summary: Summary): string[] {
  const rows = firstSettings(summary).flatMap((row) => {
    const parity = row.parity;
    if (parity === null) return [];
    const small = (value: number | null) => decimal(value, { digits: 0, significant: 3 });
    return [
      [
        escapeMarkdown(variantName(summary, row)),
        small(parity.max_abs),
        small(parity.mean_abs),
        small(parity.p99_abs),
        decimal(parity.cosine, { digits: 5 }),
        decimal(parity.sqnr_db, { digits: 1 }),
        percent(parity.argmax_agreement, { digits: 2 }),
        count(parity.invalid),
      ],
    ];
  });
  const headers = [
    "variant",
    "max error",
    "mean error",
    "p99 error",
    "cosine",
    "SQNR, dB",
    "same argmax",
    "NaN or Inf",
  ];
  const table = markdownTable(headers, rows, ["left", ...headers.slice(1).map(() => "right" as const)]);
  if (table.length === 0) return [];
  return [
    "## Outputs against the baseline",
    "",
    "A diagnostic: the task decides, not the likeness of outputs.",
    "",
    ...table,
  ];
}

/** How quiet the machine was, and which rows are doubtful. */
export function noiseSection(summary: Summary): string[] {
  const { latency_cv, split_half } = summary.noise;
  const cv = latency_cv === null ? ABSENT : `${estimateText(latency_cv, PERCENT)} at ${levelText(latency_cv.level)}`;
  const split = split_half === null ? ABSENT : `${estimateText(split_half, PERCENT)} at ${levelText(split_half.level)}`;
  const doubtful = summary.rows.filter((row) => row.run_quality_status !== "ok");
  const rows = doubtful.map((row) => [
    escapeMarkdown(variantName(summary, row)),
    settingName(row),
    row.run_quality_status,
    escapeMarkdown(row.run_quality_reasons.join("; ")),
  ]);
  return [
    "## Run quality",
    "",
    `- Spread of the baseline's block medians (CV): ${cv}`,
    `- Change between even and odd blocks of the baseline, which is the same code twice: ${split}`,
    ...(rows.length === 0
      ? ["- Every row is fit to be judged."]
      : ["", ...markdownTable(["variant", "setting", "status", "why"], rows)]),
  ];
}

/** What somebody else needs to get the same verdicts. */
export function reproduceSection(summary: Summary): string[] {
  const commit = summary.provenance.commit_sha;
  const tools = Object.entries(summary.provenance.tool_versions).map(([name, version]) => `${name} ${version}`);
  return [
    "## Reproduce",
    "",
    `- The same measurements: ${code(summary.plan.path)}, ${code(summary.journal.path)} and the arrays it names hold all that the verdicts are made of. ${code("quantgate check .")} in this folder checks every artifact.`,
    `- New measurements: the field ${code("config")} of ${code(summary.plan.path)} is the whole config with every default and the seed. Saved beside the original config it is run by ${code("quantgate sweep FILE")}.`,
    `- Commit: ${commit === null ? "not a checkout" : code(commit)}`,
    `- Tools: ${tools.length === 0 ? ABSENT : escapeMarkdown(tools.sort().join(", "))}`,
  ];
}

/** What was run, to the byte. */
export function digestSection(summary: Summary): string[] {
  const models = firstSettings(summary).map((row) => [
    `model ${escapeMarkdown(`${row.model_id}/${row.quant_tag}`)}`,
    row.model_sha256 === null ? ABSENT : code(row.model_sha256),
  ]);
  const rows = [
    ["plan", code(summary.plan.digest)],
    ["config", code(summary.provenance.config_digest)],
    [`journal (${count(summary.journal.lines)} lines)`, code(summary.journal.sha256)],
    [`dataset ${escapeMarkdown(summary.dataset.id)}`, code(summary.dataset.digest)],
    ["hardware fingerprint", code(summary.hardware_fingerprint)],
    ...models,
  ];
  return ["## Digests", "", ...markdownTable(["what", "digest"], rows)];
}

/** One row a variant: its weights, classes and outputs do not depend on the setting. */
function firstSettings(summary: Summary): SummaryRow[] {
  const seen = new Set<string>();
  return summary.rows.filter((row) => !seen.has(row.variant_id) && seen.add(row.variant_id));
}
