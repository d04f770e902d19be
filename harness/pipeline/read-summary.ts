import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A summary as stored. */
export interface StoredSummary {
  readonly path: string;
  readonly summary: Summary;
  /** Of the file's bytes. */
  readonly sha256: string;
}

/**
 * Reads a summary: its file, the folder of its run, or the run's id under `outDir`. STORE_MISSING where there is none, STORE_CORRUPT
 * where it is cut off or no summary. One that is empty or has no rows says nothing that was measured: STORE_EMPTY, a failure.
 */
export async function readSummary(
  given: string,
  { outDir = "results", cwd = process.cwd() } = {},
): Promise<StoredSummary> {
  const path = await summaryPath(resolve(cwd, given), resolve(cwd, outDir, given));
  const text = await readText(path, { what: "summary", code: "STORE_MISSING" });
  if (text.trim() === "") throw nothing(path, "it is empty");
  // What writers that do not check leave where a value is missing; no JSON.
  const outsideTexts = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  if (/[:[,]\s*-?(NaN|Infinity)\b/.test(outsideTexts)) throw nothing(path, "it holds NaN or Infinity");
  const value = parseJson(text, { what: path });
  if (typeof value === "object" && value !== null && Object.keys(value).length === 0)
    throw nothing(path, "it is empty");
  const rows = (value as { rows?: unknown } | null)?.rows;
  if (Array.isArray(rows) && rows.length === 0) throw nothing(path, "it has 0 rows");
  const summary = validator.validate<Summary>("summary.v1", value, { what: path, code: "STORE_CORRUPT" });
  return { path, summary, sha256: sha256(text) };
}

async function summaryPath(given: string, underOutDir: string): Promise<string> {
  for (const path of [given, underOutDir]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
    if (found?.isDirectory()) return join(path, "summary.json");
  }
  return given;
}

function nothing(path: string, why: string): HarnessError {
  return new HarnessError("STORE_EMPTY", `${path} says nothing that was measured: ${why}`, {
    hint: "A decision about nothing is a failure. Run the sweep again.",
  });
}
