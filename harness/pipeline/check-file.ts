import { dirname } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { checkLines, isLines } from "./check-lines.ts";
import { SOURCE_CHECKS } from "./check-sources.ts";
import { schemaOf } from "./schema-of.ts";

/**
 * Checks one artifact: a file of lines, or the schema that `schema_version` names and, where the artifact says what it was made
 * from, that its sources give it. Returns what was checked; HarnessError with the first problem. `schema`: the only one allowed.
 */
export async function checkFile(path: string, schema?: string): Promise<string> {
  if (isLines(path) && schema === undefined) return checkLines(path);
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
