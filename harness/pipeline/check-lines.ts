import { basename } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { readLog } from "../store/baseline-log.ts";
import { readJournal } from "../store/journal.ts";
import { schemaOf } from "./schema-of.ts";

/** What ends so holds a document a line. */
export const isLines = (path: string): boolean => path.endsWith(".ndjson");

/**
 * Checks a file of lines: a journal and an audit log by their checksums and chain, a history, a probe's readings and a comparable history
 * by the schema of each line. Returns what was checked; HarnessError naming the first bad line. No line at all is STORE_EMPTY.
 */
export async function checkLines(path: string): Promise<string> {
  const name = basename(path);
  if (name === "journal.ndjson") {
    const journal = await readJournal(path);
    return `${journal.lines} lines, checksums match${tornText(journal.torn !== undefined)}`;
  }
  const text = await readText(path, { what: "artifact", code: "STORE_MISSING" });
  const lines = text.split("\n").slice(0, -1);
  if (lines.length === 0) {
    throw new HarnessError("STORE_EMPTY", `${path} holds no whole line`, { hint: "Nothing was recorded in it." });
  }
  const torn = tornText(!text.endsWith("\n"));
  if (name === "audit.ndjson") {
    await readLog(path);
    return `${lines.length} lines, sealed and chained${torn}`;
  }
  for (const [index, line] of lines.entries()) checkLine(line, `${path}, line ${index + 1}`, name);
  return `${lines.length} valid ${lines.length === 1 ? "line" : "lines"}${torn}`;
}

function tornText(isTorn: boolean): string {
  return isTorn ? "; a torn last line follows" : "";
}

/** A line by the version that it names; runs of a history are known by the file's name, a probe's lines name none. */
function checkLine(text: string, what: string, file: string): void {
  const as = { what, code: "STORE_SCHEMA" } as const;
  const value = parseJson(text, { what });
  if (file === "history.ndjson") {
    validator.validate("history.v1", [value], as);
    return;
  }
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  validator.validate(schemaOf(version) ?? "probe_reading.v1", value, as);
}
