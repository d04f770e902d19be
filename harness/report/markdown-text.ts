import { visible } from "./visible-text.ts";

/**
 * Text of unknown origin as Markdown that shows it and does nothing else: no HTML, emphasis, code, link, definition or table cell of
 * its own, and one line.
 */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll(/[\\`*|~$]/g, "\\$&")
      // An underscore inside a word is an underscore; at its edge it would be emphasis.
      .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
      // What turns brackets into a link or a definition follows them.
      .replaceAll(/\](?=[([:])/g, "\\]")
  );
}

/** The same at the start of a line or list item, where it may be no heading, list or underline either. */
export function escapeMarkdownLine(text: string): string {
  return escapeMarkdown(text)
    .trimStart()
    .replace(/^[#+=-]/, "\\$&")
    .replace(/^(\d+)([.)])/, "$1\\$2");
}

/** A table of cells that are already Markdown; none where there is no row. */
export function markdownTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ("left" | "right")[] = [],
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(headers),
    line(headers.map((_, index) => (align[index] === "right" ? "---:" : "---"))),
    ...rows.map((cells) => line(cells)),
  ];
}

/** A digest or version in code style; backticks cannot occur in either, but a caller's reference may hold anything. */
export function code(text: string): string {
  const safe = visible(text).replaceAll("`", "'").replaceAll("|", "\\|");
  return safe === "" ? "" : `\`${safe}\``;
}
