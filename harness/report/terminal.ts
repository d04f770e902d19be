import picocolors from "picocolors";
import type { HostDoc, Summary } from "../domain/generated/summary-v1.ts";
import { count, counted } from "./numbers.ts";
import { groupRows } from "./rows.ts";
import { sentences } from "./sentences.ts";
import { fittedColumns } from "./summary-table.ts";
import { tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { displayWidth, visible, wrap } from "./visible-text.ts";

export interface TerminalOptions extends TextOptions {
  /** False where the caller printed {@link headerLine} before the run. */
  readonly header?: boolean;
  /** Where to look next, e.g. `{ label: "summary", target: "results/latest/summary.md" }`. */
  readonly pointers?: readonly Pointer[];
}

export interface Pointer {
  readonly label: string;
  readonly target: string;
}

/** What a header says about a run; a summary has all of it, a plan all but the host. */
export interface HeaderFacts {
  readonly name: string;
  readonly simulated: boolean;
  readonly items: number;
  /** What an item is called, in the plural; `items` by default. */
  readonly itemNoun?: string | undefined;
  readonly host?: HostDoc;
}

/** The table of a run, the sentences that explain it, and where to look next. Ends without a line break. */
export function renderTerminal(summary: Summary, options: TerminalOptions): string {
  const colors = picocolors.createColors(options.color);
  const facts = {
    name: summary.name,
    simulated: summary.simulated,
    items: summary.dataset.count,
    itemNoun: summary.dataset.item_noun,
    host: summary.host,
  };
  const header = options.header === false ? [] : [headerLine(facts, options), ""];
  const groups = groupRows(summary).flatMap((group, index) => [
    ...(index > 0 ? [""] : []),
    ...(group.title === undefined ? [] : [colors.bold(group.title)]),
    ...tableLines(fittedColumns(summary, group.rows, options), colors.dim),
  ]);
  const told = sentences(summary).flatMap((text) => wrap(text, options.width));
  const blocks = [groups, told, pointerLines(options)].filter((lines) => lines.length > 0);
  return [...header, ...blocks.flatMap((lines, index) => (index > 0 ? ["", ...lines] : lines))].join("\n");
}

/** `quantgate · digits · 2,000 images · 2 cores, VNNI`; a simulated run says so in capitals. */
export function headerLine(facts: HeaderFacts, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const parts = [
    colors.bold("quantgate"),
    visible(facts.name),
    `${count(facts.items)} ${facts.itemNoun ?? "items"}`,
    ...(facts.host === undefined ? [] : [hostText(facts.host)]).filter((text) => text !== ""),
    ...(facts.simulated ? [colors.inverse(colors.magenta(" SIMULATED "))] : []),
  ];
  return parts.join(" · ");
}

/** `2 cores, VNNI`: the widest integer instruction set only, as it is what decides whether 8 bits pay. */
export function hostText(host: HostDoc): string {
  const features = host.features.map((feature) => feature.toLowerCase());
  const known: readonly (readonly [string, RegExp])[] = [
    ["AMX", /amx.?int8/],
    ["VNNI", /vnni/],
    ["I8MM", /i8mm/],
    ["dot product", /dotprod|asimddp/],
    ["AVX-512, no VNNI", /avx512/],
    ["AVX2, no VNNI", /avx2/],
  ];
  const best = known.find(([, pattern]) => features.some((feature) => pattern.test(feature)))?.[0];
  return [host.cores === null ? undefined : counted(host.cores, "cores"), best]
    .filter((part) => part !== undefined)
    .join(", ");
}

/** Two pointers a line where they fit, else one. */
function pointerLines(options: TerminalOptions): string[] {
  const colors = picocolors.createColors(options.color);
  const pointers = (options.pointers ?? []).map((pointer) => ({
    label: visible(pointer.label),
    target: visible(pointer.target),
  }));
  const width = Math.max(0, ...pointers.map((pointer) => pointer.label.length));
  const text = ({ label, target }: Pointer, labelWidth: number) => `${colors.dim(label.padEnd(labelWidth))}  ${target}`;
  const lines: string[] = [];
  for (let index = 0; index < pointers.length; ) {
    const [first, second] = [pointers[index] as Pointer, pointers[index + 1]];
    const pairWidth = width + displayWidth(`    ${first.target}     ${second?.label}${second?.target}`);
    const isPair = second !== undefined && pairWidth <= options.width;
    lines.push(isPair ? `${text(first, width)}     ${text(second, 0)}` : text(first, width));
    index += isPair ? 2 : 1;
  }
  return lines;
}
