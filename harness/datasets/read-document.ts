import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A JSON file as T, checked against its schema: CONFIG_DATA_MISSING, or CONFIG_DATA_INVALID naming the place. */
export async function readJsonAs<T>(schemaName: string, path: string, what: string): Promise<T> {
  return validator.validate<T>(schemaName, await readJson(path, what), {
    what: `${what} ${path}`,
    code: "CONFIG_DATA_INVALID",
  });
}

/** A JSON file, not yet checked. */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readText(path, { what, code: "CONFIG_DATA_MISSING", hint: MISSING_HINT });
  return parseJson(text, { what: `${what} ${path}`, code: "CONFIG_DATA_INVALID" });
}

/** What to do about a path that is not there. */
export const MISSING_HINT =
  "Paths are relative to the config; those that begin with data: are under --data-dir (or QUANTGATE_DATA_DIR, data_dir, ./data).";
