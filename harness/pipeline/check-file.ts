import { basename, dirname } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { readJournal } from "../store/journal.ts";
import { SOURCE_CHECKS } from "./check-sources.ts";

/**
 * Checks one artifact: the journal's checksums, or the schema that `schema_version` names and, where the artifact says what it was made
 * from, that its sources give it. Returns what was checked; HarnessError with the first problem. `schema`: the only one allowed.
 */
export async function checkFile(path: string, schema?: string): Promise<string> {
  if (basename(path) === "journal.ndjson" && schema === undefined) {
    const journal = await readJournal(path);
    const torn = journal.torn === undefined ? "" : "; a torn last line follows";
    return `${journal.lines} lines, checksums match${torn}`;
  }
  const value = parseJson(await readText(path, { what: "artifact", code: "STORE_MISSING" }), { what: path });
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  const name = schemaOf(version);
  if (name === undefined) {
    throw new HarnessError("STORE_SCHEMA", `${path}: schema_version ${canonicalJson(version ?? null)} is not known`, {
      hint: `Known: ${validator.schemaNames().join(", ")}.`,
    });
  }
  if (schema !== undefined && name !== schema) {
    throw new HarnessError("STORE_SCHEMA", `${path} holds ${version}, where ${schema} was asked for`, {
      hint: "Name it without the option, or name another file.",
    });
  }
  validator.validate(name, value, { what: path, code: "STORE_SCHEMA" });
  const said = await SOURCE_CHECKS[name]?.(value as never, { path, folder: dirname(path) });
  return said === undefined ? `valid ${version}` : `valid ${version}; ${said}`;
}

/** Name of the schema of a version: `explorer.frontier.v1` → `frontier.v1`. */
export function schemaOf(version: unknown): string | undefined {
  return validator
    .schemaNames()
    .find((name) => [`quantgate.${name}`, `explorer.${name}`, name.replace("_", ".")].includes(String(version)));
}
