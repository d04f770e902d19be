import picocolors from "picocolors";
import type { QuantizeAttempt, QuantizeReport } from "../domain/generated/quantize-report-v1.ts";
import { seconds } from "./durations.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";
import { ABSENT, bytes, count, counted, decimal, percent } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** Where the artifact and the report lie, as the user is told. */
export interface LadderPaths {
  readonly path: string | null;
  readonly reportPath: string;
}

/** Every attempt, and what was kept. Ends without a line break. */
export function renderLadder(report: QuantizeReport, paths: LadderPaths, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const paint = { pass: colors.green, fail: colors.red, error: colors.red };
  const { attempts } = report;
  const column = (
    header: string,
    pick: (attempt: QuantizeAttempt) => string,
    align: Column["align"] = "right",
  ): Column => ({
    header,
    align,
    cells: attempts.map((attempt) => ({ text: visible(pick(attempt)) })),
  });
  const table = tableLines(
    [
      column("  bits", ({ bits }) => `  ${bits}`),
      column(qualityHeader(report), qualityText),
      column("minimum", ({ minimum }) => String(minimum)),
      column("size", (attempt) => bytes(attempt.bytes)),
      column("worst layer, dB", ({ worst_layer: worst }) => decimal(worst?.sqnr_db, { digits: 1 })),
      column("time", (attempt) => seconds(attempt.seconds)),
      {
        header: "",
        align: "left",
        cells: attempts.map(({ status }) => ({ text: status.toUpperCase(), paint: paint[status] })),
      },
    ],
    colors.dim,
  );
  const reasons = attempts.flatMap(({ bits, reason }) =>
    reason === null ? [] : wrap(`  int${bits}: ${visible(reason)}.`, options.width, "    "),
  );
  return [
    colors.bold(visible(report.source.name)),
    ...factLines(headFacts(report), options),
    "",
    ...table,
    ...(reasons.length === 0 ? [] : ["", ...reasons]),
    ...gainLines(report, options),
    "",
    ...wrap(outcome(report), options.width, "  "),
    ...factLines(
      [...(paths.path === null ? [] : [["model", paths.path] as Fact]), ["report", paths.reportPath] as Fact],
      options,
    ),
  ].join("\n");
}

/** The same as Markdown, without paths. */
export function ladderMarkdown(report: QuantizeReport): string[] {
  const rows = report.attempts.map((attempt) => [
    String(attempt.bits),
    escapeMarkdown(attempt.recipe),
    qualityText(attempt),
    String(attempt.minimum),
    bytes(attempt.bytes),
    decimal(attempt.worst_layer?.sqnr_db, { digits: 1 }),
    attempt.status.toUpperCase(),
    attempt.reason === null ? "" : escapeMarkdown(attempt.reason),
  ]);
  const gains = report.gains.map((gain) => [
    gain.step,
    String(gain.layers),
    String(gain.measured),
    decimal(gain.median_gain_db, { digits: 2 }),
    bytes(gain.added_bytes),
  ]);
  return [
    `# ${escapeMarkdownLine(report.source.name)}: fallback ladder`,
    "",
    ...headFacts(report).map(([label, ...values]) => `* ${label}: ${values.map(escapeMarkdown).join(", ")}`),
    "",
    ...markdownTable(
      ["bits", "recipe", qualityHeader(report), "minimum", "size", "worst layer, dB", "", "reason"],
      rows,
      ["right", "left", "right", "right", "right", "right"],
    ),
    "",
    escapeMarkdownLine(outcome(report)),
    ...(gains.length === 0
      ? []
      : [
          "",
          ...markdownTable(
            ["part of the strategy", "applied, layers", "measured, layers", "median gain, dB", "added"],
            gains,
          ),
        ]),
  ];
}

function headFacts(report: QuantizeReport): Fact[] {
  const { profile, modality, calibration, strategy } = report;
  const off = strategy.disabled.length === 0 ? "" : `, without ${strategy.disabled.join(" and ")}`;
  const learnt = `${counted(calibration.items, "items")}, ${count(calibration.held_out)} kept apart for measuring`;
  return [
    ["profile", `${profile.name}, from ${profile.bits} bits`],
    ...(modality === null ? [] : [["modality", `${modality.value} (${modality.origin})`] as Fact]),
    ["strategy", `${strategy.name}${off}`],
    ["calibration", calibration.origin === "synthetic" ? `SYNTHETIC, seed ${calibration.seed}: ${learnt}` : learnt],
  ];
}

function qualityHeader({ profile }: QuantizeReport): string {
  return profile.quality_metric === "task" ? "accuracy kept" : "cosine";
}

function qualityText({ quality, minimum, quality_metric: metric }: QuantizeAttempt): string {
  if (quality === null) return ABSENT;
  return metric === "task"
    ? percent(quality, { digits: 1, limits: [minimum] })
    : decimal(quality, { digits: 4, limits: [minimum] });
}

function gainLines({ gains }: QuantizeReport, { width }: TextOptions): string[] {
  const lines = gains.flatMap((gain) => {
    const db =
      gain.median_gain_db === null ? "not measured" : `${decimal(gain.median_gain_db, { digits: 2 })} dB (median)`;
    const used = `applied to ${counted(gain.layers, "layers")}, measured on ${count(gain.measured)}`;
    return wrap(`  ${gain.step}: ${db}, ${used}, ${bytes(gain.added_bytes)} added`, width, "    ");
  });
  return lines.length === 0 ? [] : ["", ...lines];
}

function outcome({ status, result, fallbacks, source }: QuantizeReport): string {
  const size =
    result === null
      ? ""
      : ` (${bytes(source.bytes)} to ${bytes(result.bytes)}, ${decimal(result.compression_ratio, { digits: 1 })}x smaller)`;
  if (result === null) return "FAILED: no attempt could be made.";
  if (status === "pass") {
    const after = fallbacks === 0 ? "at the first attempt" : `after ${counted(fallbacks, "fallbacks")}`;
    return `Kept int${result.bits}${size} ${after}.`;
  }
  const why = status === "stopped" ? "stopped at the first attempt (--fail-fast)" : "no attempt keeps its minimum";
  return `FAILED: ${why}. The best is kept all the same: int${result.bits}${size}.`;
}
