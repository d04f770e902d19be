import type { Explanation } from "./explain.ts";
import type { TextOptions } from "./text-options.ts";
import { wrap } from "./visible-text.ts";

/** A code in a paragraph: what it is, what it means, what to do. */
export function renderExplanations(found: readonly Explanation[], options: TextOptions): string {
  return found
    .map(({ code, kind, meaning, advice }) =>
      [`${code} (${kind})`, ...wrap(`${meaning} ${advice}`, options.width, "")].join("\n"),
    )
    .join("\n\n");
}

/** All codes by kind, for somebody who does not know which to ask for. */
export function renderCodeList(all: readonly Explanation[], options: TextOptions): string {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  return kinds
    .map((kind) => {
      const codes = all.filter((one) => one.kind === kind).map(({ code }) => code);
      return [`${kind}s`, ...wrap(`  ${codes.join(" ")}`, options.width, "  ")].join("\n");
    })
    .join("\n\n");
}
