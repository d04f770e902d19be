import { join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { HistoryLine, HistoryLines } from "../domain/generated/history-v1.ts";
import { openAppender } from "../platform/appender.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { readBytes } from "../platform/files.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A history as read. */
export interface History {
  /** In the order of recording; a run stands once. */
  readonly runs: readonly HistoryLine[];
  /** Numbers of lines that cannot be read, from 1. They are left out, never guessed. */
  readonly unreadable: readonly number[];
}

/** Adds a run to the history in `root`; one that is in it already is left as it is. Returns whether it was added. */
export async function appendHistory(root: string, run: HistoryLine): Promise<boolean> {
  const path = historyPath(root);
  const lock = await lockFolder(join(root, ".history-lock"));
  try {
    const content = await historyBytes(path);
    if (readLines(content, path).runs.some((other) => other.run_id === run.run_id)) return false;
    // What a crash left behind the last whole line is cut off: its run can be recorded again.
    const appender = await openAppender(path, { keepBytes: content.lastIndexOf(10) + 1 });
    await appender.append(canonicalJson(run)).finally(() => appender.close());
    return true;
  } finally {
    await lock.release();
  }
}

/** Reads the history in `root`; none is an empty one. */
export async function readHistory(root: string): Promise<History> {
  const path = historyPath(root);
  return readLines(await historyBytes(path), path);
}

function historyPath(root: string): string {
  return join(root, "history.ndjson");
}

async function historyBytes(path: string): Promise<Uint8Array> {
  try {
    return await readBytes(path, { what: "history", code: "STORE_MISSING" });
  } catch (error) {
    if (error instanceof HarnessError && errnoOf(error.cause) === "ENOENT") return new Uint8Array(0);
    throw error;
  }
}

function readLines(content: Uint8Array, path: string): History {
  const whole = content.subarray(0, content.lastIndexOf(10) + 1);
  const texts = new TextDecoder().decode(whole).split("\n").slice(0, -1);
  const runs: HistoryLine[] = [];
  const unreadable: number[] = [];
  for (const [index, text] of texts.entries()) {
    try {
      const what = `${path}, line ${index + 1}`;
      const lines = [parseJson(text, { what })];
      runs.push(...validator.validate<HistoryLines>("history.v1", lines, { what, code: "STORE_CORRUPT" }));
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      unreadable.push(index + 1);
    }
  }
  return { runs, unreadable };
}
