import { factLines } from "./fact-lines.ts";
import { escapeMarkdown, markdownTable } from "./markdown-text.ts";
import { bytes, count, decimal, percent } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";
import { wrap } from "./visible-text.ts";

/** What a search to a target found. */
export interface TargetFacts {
  readonly met: boolean;
  readonly targetBytes: number | undefined;
  readonly maxDrop: number | undefined;
  readonly bytesPacked: number;
  /** Shares of the tuning items right: the original and the result. */
  readonly reference: number;
  readonly accuracy: number;
  readonly tuningItems: number;
  readonly steps: readonly {
    readonly promoted: string | null;
    readonly bits: number | null;
    readonly bytes_packed: number;
    readonly quality: number;
  }[];
}

/** The outcome in a sentence or two. */
export function targetText(facts: TargetFacts, { width }: TextOptions): string {
  return wrap(sentence(facts), width, "").join("\n");
}

export function targetMarkdown(facts: TargetFacts): string[] {
  const rows = facts.steps.map(({ promoted, bits, bytes_packed, quality }) => [
    promoted === null ? "all at the fewest bits" : `${escapeMarkdown(promoted)} to ${bits} bits`,
    bytes(bytes_packed),
    percent(quality, { digits: 2 }),
  ]);
  return [
    "# Mixed precision",
    "",
    sentence(facts),
    "",
    ...markdownTable(["step", "packed", "accuracy on the tuning items"], rows, ["left", "right", "right"]),
  ];
}

function sentence({
  met,
  targetBytes,
  maxDrop,
  bytesPacked,
  reference,
  accuracy,
  tuningItems,
  steps,
}: TargetFacts): string {
  const drop = decimal((reference - accuracy) * 100, {
    digits: 2,
    limits: maxDrop === undefined ? [] : [maxDrop * 100],
  });
  const targets = [
    ...(targetBytes === undefined ? [] : [`at most ${count(targetBytes)} B packed (it has ${count(bytesPacked)})`]),
    ...(maxDrop === undefined
      ? []
      : [`a drop of at most ${decimal(maxDrop * 100, { digits: 2 })} points (it drops ${drop})`]),
  ];
  const asked = `${met ? "Target met" : "TARGET MISSED"}: ${targets.join(" and ")}.`;
  return `${asked} Accuracy on ${count(tuningItems)} tuning items: ${percent(accuracy, { digits: 2 })}, the original ${percent(reference, { digits: 2 })}; ${count(steps.length - 1)} layers were given more bits.`;
}

/** A cleaned file. */
export interface CleanedModel {
  readonly path: string;
  readonly source_bytes: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly clean: {
    readonly nodes_before: number;
    readonly nodes_after: number;
    readonly opset_before: number;
    readonly opset_after: number;
  };
}

export function cleanText(made: CleanedModel, options: TextOptions): string {
  const { nodes_before, nodes_after, opset_before, opset_after, ...passes } = made.clean as CleanedModel["clean"] &
    Record<string, unknown>;
  const done = Object.entries(passes)
    .filter(([, value]) => typeof value === "number" && value > 0)
    .map(([name, value]) => `${value} ${name.replaceAll("_", " ")}`);
  return factLines(
    [
      ["model", made.path],
      ["nodes", `${count(nodes_before)} to ${count(nodes_after)}`],
      ["opset", opset_before === opset_after ? String(opset_after) : `${opset_before} to ${opset_after}`],
      ["size", `${bytes(made.source_bytes)} to ${bytes(made.bytes)}`],
      ["removed", done.length === 0 ? "nothing" : done.join(", ")],
      ["sha256", made.sha256],
    ],
    options,
  ).join("\n");
}
