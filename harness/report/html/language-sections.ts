import { languageTables } from "../language-tables.ts";
import { esc, htmlTable } from "./markup.ts";
import type { PageInput } from "./page-input.ts";

/** Figures of language models, a table each; nothing for other models. */
export function languageSections({ summary }: PageInput): string {
  return languageTables(summary)
    .map(({ title, note, headers, rows }, index) => {
      const columns = headers.map((header, i) => (i === 0 ? { header } : { header, align: "right" as const }));
      const table = htmlTable(
        title,
        columns,
        rows.map((cells) => cells.map(esc)),
      );
      const id = `language-${index}`;
      return `<section aria-labelledby="${id}"><h2 id="${id}">${esc(title)}</h2>${table}<p class="small dim">${esc(note)}</p></section>`;
    })
    .join("\n");
}
