import picocolors from "picocolors";
import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import { seconds } from "./durations.ts";
import { accuracyStyle, estimateText } from "./estimates.ts";
import { code, escapeMarkdown, markdownTable } from "./markdown-text.ts";
import { ABSENT, bytes, count, decimal } from "./numbers.ts";
import { tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible } from "./visible-text.ts";

/** A first look at variants beside the original; the first row is the original. */
export interface ComparedModels {
  readonly items: number;
  readonly noun: string;
  readonly rounds: number;
  /** Pairs that are no comparison of bits, a sentence each. */
  readonly confounded?: readonly string[];
  readonly variants: readonly {
    readonly id: string;
    readonly bytes: number;
    readonly accuracy: EstimateDoc | null;
    readonly b: number;
    readonly c: number;
    readonly latency_s: number;
    readonly speedup: number;
    readonly kernels: { readonly native: number; readonly emulated: number; readonly skipped: number } | null;
    readonly slower?: {
      readonly layers: readonly {
        readonly name: string;
        readonly kernel: string;
        readonly seconds: number;
        readonly original_s: number;
      }[];
      readonly conversions_s: number;
    } | null;
  }[];
}

const HEADERS = ["variant", "accuracy, %", "b / c", "latency", "speed", "size", "kernels n/e/f"];

/** A table of accuracy, latency, bytes and kernels. Ends without a line break. */
export function renderComparison(comparison: ComparedModels, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const rows = cells(comparison).map((row) => row.map(visible));
  const columns = HEADERS.map((header, i) => ({
    header,
    align: i === 0 ? ("left" as const) : ("right" as const),
    cells: rows.map((row) => ({ text: row[i] ?? "" })),
  }));
  return [...tableLines(columns, colors.dim), ...notes(comparison).map((line) => colors.dim(line))].join("\n");
}

export function comparisonMarkdown(comparison: ComparedModels): string[] {
  const rows = cells(comparison).map(([id = "", ...rest]) => [code(id), ...rest.map(escapeMarkdown)]);
  return [
    ...markdownTable(
      HEADERS,
      rows,
      HEADERS.map((_, i) => (i === 0 ? "left" : "right")),
    ),
    "",
    ...notes(comparison),
  ];
}

function cells({ variants, items }: ComparedModels): string[][] {
  return variants.map((variant, i) => [
    variant.id,
    estimateText(variant.accuracy, accuracyStyle(items)),
    i === 0 ? ABSENT : `${count(variant.b)} / ${count(variant.c)}`,
    seconds(variant.latency_s),
    `${decimal(variant.speedup, { digits: 2, significant: 2 })}x`,
    bytes(variant.bytes),
    variant.kernels === null
      ? ABSENT
      : `${variant.kernels.native}/${variant.kernels.emulated}/${variant.kernels.skipped}`,
  ]);
}

/** Layers named of a slow variant; the manifest has them all. */
const MOST_NAMED = 4;

/** Which layers make a variant slower than the original, as the profiler saw it. */
function slowNotes({ variants }: Pick<ComparedModels, "variants">): string[] {
  return variants.flatMap(({ id, speedup, slower }) => {
    if (slower === null || slower === undefined) return [];
    const named = slower.layers
      .slice(0, MOST_NAMED)
      .map((one) => `${one.name} (${one.kernel}) ${seconds(one.seconds)} for ${seconds(one.original_s)}`);
    const more = slower.layers.length - named.length;
    const conversions = slower.conversions_s > 0 ? [`conversions ${seconds(slower.conversions_s)}`] : [];
    const parts = [...named, ...(more > 0 ? [`${more} more layers`] : []), ...conversions];
    const why = parts.length === 0 ? "no layer of its own takes longer" : parts.join(", ");
    return [`${id} is slower than the original (${decimal(speedup, { digits: 2, significant: 2 })}x): ${why}.`];
  });
}

function notes({ items, noun, rounds, variants, confounded = [] }: ComparedModels): string[] {
  return [
    ...slowNotes({ variants }),
    ...confounded,
    `${count(items)} ${noun}; 95 % Wilson intervals. b: right before and wrong now; c: the reverse. Latency: batch 1, one thread, median of ${rounds} interleaved rounds.`,
    "Kernels: native, emulated, left in float32. A first look: `quantgate sweep` decides with error bars on every difference.",
  ];
}
