import type { QuarantinedEntry } from "../domain/generated/baseline-index-v1.ts";
import { type IndexEntry, readIndex, writeIndex } from "./baseline-index.ts";
import { keyText, type RecordKey } from "./baseline-layout.ts";
import { type AuditLine, LOG_START, type LogPlace, readLog } from "./baseline-log.ts";

/** What the store holds: the sum of its log up to `place`. */
export interface StoreState {
  /** By {@link keyText}, in the order of their lines in the log. */
  readonly entries: Map<string, IndexEntry>;
  readonly quarantined: QuarantinedEntry[];
  place: LogPlace;
  /** Bytes behind the last whole line, left by a crash. */
  tornBytes: number;
  /** Lines that the stored index does not hold yet. */
  unindexed: number;
}

/** Lines after which the index is worth writing again. */
export const INDEX_EVERY = 512;

/** Reads the state: the stored index as far as it goes, then the log. Without or with a stale index, the whole log. */
export async function readState(paths: { readonly log: string; readonly index: string }): Promise<StoreState> {
  const index = await readIndex(paths.index);
  if (index !== undefined) {
    const { place } = index;
    const part = await readLog(paths.log, place);
    if (part !== undefined) {
      const entries = new Map<string, IndexEntry>();
      for (const entry of index.entries) entries.set(keyText(entry), entry);
      return follow({ entries, quarantined: [...index.quarantined], place, tornBytes: 0, unindexed: 0 }, part);
    }
  }
  const part = await readLog(paths.log);
  if (part === undefined) throw new Error("every log holds its start");
  return follow({ entries: new Map(), quarantined: [], place: LOG_START, tornBytes: 0, unindexed: 0 }, part);
}

function follow(
  state: StoreState,
  { lines, end, tornBytes }: NonNullable<Awaited<ReturnType<typeof readLog>>>,
): StoreState {
  for (const line of lines) applyLine(state, line);
  state.place = end;
  state.tornBytes = tornBytes;
  state.unindexed = lines.length;
  return state;
}

/** Adds one line to the state; its place is the caller's to set. */
export function applyLine(state: StoreState, line: AuditLine): void {
  const { entries } = state;
  switch (line.op) {
    case "record":
    case "adopt": {
      const key = keyText(line.entry);
      // A record that was set aside and recorded again is the newest now.
      entries.delete(key);
      entries.set(key, { seq: line.seq, pinned: false, ...line.entry, mtime_ms: null });
      removeQuarantined(state, line.entry);
      return;
    }
    case "pin":
    case "unpin": {
      const entry = entries.get(keyText(line.key));
      if (entry !== undefined) entry.pinned = line.op === "pin";
      return;
    }
    case "prune":
      for (const key of line.keys) entries.delete(keyText(key));
      return;
    case "quarantine":
      entries.delete(keyText(line.key));
      removeQuarantined(state, line.key);
      state.quarantined.push({ ...line.key, why: line.why });
  }
}

function removeQuarantined(state: StoreState, { test_id, ref }: RecordKey): void {
  const at = state.quarantined.findIndex((other) => other.test_id === test_id && other.ref === ref);
  if (at >= 0) state.quarantined.splice(at, 1);
}

/** Stores the index of this state. */
export async function saveIndex(path: string, state: StoreState): Promise<void> {
  await writeIndex(path, { ...state, entries: [...state.entries.values()] });
  state.unindexed = 0;
}
