import picocolors from "picocolors";
import type { TextOptions } from "./text-options.ts";
import { displayWidth, pad, visible, wrap } from "./visible-text.ts";

/** What, and its value or values, one a line. */
export type Fact = readonly [label: string, ...values: string[]];

/** Labels in a column, values beside it, wrapped under themselves. Names in either may be of unknown origin. */
export function factLines(facts: readonly Fact[], { color, width }: TextOptions): string[] {
  const colors = picocolors.createColors(color);
  const labelWidth = Math.max(0, ...facts.map(([label]) => displayWidth(visible(label))));
  const indent = " ".repeat(labelWidth + 4);
  return facts.flatMap(([label, ...values]) =>
    values.flatMap((value, index) => {
      const [first = "", ...rest] = wrap(visible(value).trimStart(), width - indent.length, "");
      const start = `  ${colors.dim(pad(index === 0 ? visible(label) : "", labelWidth, "right"))}  ${first}`;
      return [start.trimEnd(), ...rest.map((line) => indent + line)];
    }),
  );
}
