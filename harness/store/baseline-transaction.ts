import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { sha256 } from "../platform/digest.ts";
import { writeError } from "../platform/file-errors.ts";
import { atomicWrite, readBytes, syncFolder } from "../platform/files.ts";
import { type FolderLock, lockFolder } from "../platform/folder-lock.ts";
import type { BaselineLayout } from "./baseline-layout.ts";
import { type AuditBody, type AuditLine, appendLine, readLog } from "./baseline-log.ts";
import { applyLine, INDEX_EVERY, readState, type StoreState, saveIndex } from "./baseline-state.ts";

/** The store while its lock is held. */
export interface Transaction {
  readonly state: StoreState;
  /**
   * Does one operation: its line goes to the log first, and from there on it happens, also when this process is killed before the
   * files follow. `content`: the record's file, for a "record" line.
   */
  commit(body: AuditBody, content?: string): Promise<AuditLine>;
}

/**
 * Runs `use` with the store's lock held, after finishing what a killed process had begun. `onLocked`: called from then on, before the
 * state is read. Throws what `use` throws; STORE_WRITE
 * where the lock cannot be had.
 */
export async function transact<T>(
  layout: BaselineLayout,
  use: (transaction: Transaction) => Promise<T>,
  { onLocked }: { readonly onLocked?: () => void } = {},
): Promise<T> {
  const lock = await lockFolder(layout.locks);
  try {
    await prepareVolatile(layout);
    await finishBegun(layout);
    onLocked?.();
    const state = await readState(layout);
    const result = await use({ state, commit: (body, content) => commit({ layout, state, lock }, body, content) });
    if (state.unindexed >= INDEX_EVERY) await saveIndex(layout.index, state);
    return result;
  } finally {
    await lock.release();
  }
}

async function commit(
  { layout, state, lock }: { readonly layout: BaselineLayout; readonly state: StoreState; readonly lock: FolderLock },
  body: AuditBody,
  content: string | undefined,
): Promise<AuditLine> {
  const seq = state.place.lines;
  await atomicWrite(staged(layout, seq), content ?? "");
  await lock.assertHeld();
  const { line, end } = await appendLine(layout.log, { ...state.place, tornBytes: state.tornBytes }, body);
  await perform(layout, line);
  applyLine(state, line);
  state.place = end;
  state.tornBytes = 0;
  state.unindexed++;
  return line;
}

function staged(layout: BaselineLayout, seq: number): string {
  return join(layout.staging, `${seq}.json`);
}

/** The effect of a line on the files. Doing it twice does no harm. */
async function perform(layout: BaselineLayout, line: AuditLine): Promise<void> {
  const from = staged(layout, line.seq);
  try {
    switch (line.op) {
      case "record": {
        const to = layout.record(line.entry);
        await mkdir(dirname(to), { recursive: true });
        await rename(from, to);
        await syncFolder(dirname(to));
        // Staged content is gone with the rename: nothing is left to clear.
        return;
      }
      case "adopt":
        break;
      case "pin": {
        const { at, by, reason } = line;
        await atomicWrite(layout.pin(line.key), artifactJson({ at, by, reason }));
        break;
      }
      case "unpin":
        await rm(layout.pin(line.key), { force: true });
        break;
      case "prune":
        for (const key of line.keys) await rm(layout.record(key), { force: true });
        break;
      case "quarantine": {
        await mkdir(layout.quarantine, { recursive: true });
        const record = layout.record(line.key);
        if (await exists(record)) await rename(record, layout.quarantined(line.key, line.seq));
        await rm(layout.pin(line.key), { force: true });
      }
    }
    await rm(from, { force: true });
  } catch (error) {
    throw writeError(layout.root, error);
  }
}

/**
 * A staged file of the log's last line: the operation happened, its effect is done now. Any other never happened here, or the log is
 * another one than it was staged for (`.store/` was kept while the rest was restored from elsewhere).
 */
async function finishBegun(layout: BaselineLayout): Promise<void> {
  const names = await readdir(layout.staging);
  if (names.length === 0) return;
  if (names.some((name) => /^\d+\.json$/.test(name))) {
    const line = (await readLog(layout.log))?.lines.at(-1);
    if (line !== undefined && names.includes(`${line.seq}.json`) && (await isOf(layout, line)))
      await perform(layout, line);
  }
  for (const name of names) await rm(join(layout.staging, name), { force: true });
}

/** Whether what is staged under the line's number is what the line recorded; other lines stage nothing that could be wrong. */
async function isOf(layout: BaselineLayout, line: AuditLine): Promise<boolean> {
  if (line.op !== "record") return true;
  const as = { what: "staged record", code: "STORE_MISSING" } as const;
  return sha256(await readBytes(staged(layout, line.seq), as)) === line.entry.sha256;
}

async function prepareVolatile(layout: BaselineLayout): Promise<void> {
  try {
    await mkdir(layout.staging, { recursive: true });
    const ignore = join(layout.volatile, ".gitignore");
    if (!(await exists(ignore))) await atomicWrite(ignore, "*\n");
  } catch (error) {
    throw writeError(layout.volatile, error);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
