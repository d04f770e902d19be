import type { Downloads } from "../domain/generated/downloads-v1.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { bytes } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";

/** What can be fetched. Ends without a line break. */
export function renderCatalog({ downloads }: Downloads, options: TextOptions): string {
  return downloads
    .map((entry) => {
      const facts: Fact[] = [
        [entry.id, entry.about],
        ["from", `${entry.url} · ${bytes(entry.bytes)}`],
        ["sha256", entry.sha256],
        ["terms", entry.license],
        ["files", ...entry.files.map((file) => file.path)],
      ];
      return factLines(facts, options).join("\n");
    })
    .join("\n\n");
}

/** One line a file. Ends without a line break. */
export function renderFetched(
  files: readonly { readonly path: string; readonly bytes: number; readonly isCached: boolean }[],
): string {
  return files.map((file) => `${file.isCached ? "there" : "got"}  ${file.path} · ${bytes(file.bytes)}`).join("\n");
}
