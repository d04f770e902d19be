import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { readText } from "../platform/files.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { type BaselineLayout, type RecordKey, testSlug } from "./baseline-layout.ts";
import { checkChain } from "./baseline-log.ts";
import { saveIndex } from "./baseline-state.ts";
import { entryOf, isDamage, parseRecord, readRecord } from "./baseline-store.ts";
import { type Transaction, transact } from "./baseline-transaction.ts";

/** Something that is not as the log says. */
export interface HealthProblem {
  readonly code: "LOG_DAMAGED" | "RECORD_CORRUPT" | "RECORD_MISSING" | "RECORD_UNKNOWN" | "PIN_MISSING" | "PIN_UNKNOWN";
  /** File or record. */
  readonly subject: string;
  readonly message: string;
  /** True when this call put it right (a corrupt record is always set aside). */
  readonly repaired: boolean;
}

export interface HealthReport {
  /** Nothing was found that the log does not say; records in quarantine are named but do not count. */
  readonly sound: boolean;
  readonly records: number;
  readonly pinned: number;
  /** Records whose digest was checked; of the others the file's size and time are those of the last check. */
  readonly read: number;
  readonly log_lines: number;
  readonly quarantined: readonly { readonly test_id: string; readonly ref: string; readonly why: string }[];
  readonly problems: readonly HealthProblem[];
}

export interface HealthOptions {
  readonly actor: string;
  /** Reads every record, not only those that changed since they were last read. */
  readonly deep?: boolean;
  /** Takes in whole records that the log does not know, restores pins, and starts a new log where the old one is damaged. */
  readonly repair?: boolean;
  readonly clock?: Clock;
}

/** Compares the store's files with its log, under its lock. What is corrupt is set aside and named. */
export async function checkHealth(layout: BaselineLayout, options: HealthOptions): Promise<HealthReport> {
  const problems: HealthProblem[] = [];
  const logProblem = await checkChain(layout.log).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof HarnessError) return error.message;
      throw error;
    },
  );
  if (logProblem !== undefined) {
    problems.push({
      code: "LOG_DAMAGED",
      subject: "audit.ndjson",
      message: logProblem,
      repaired: options.repair === true,
    });
    if (!options.repair) return unreadable(problems);
    await setLogAside(layout, options.clock ?? systemClock);
  }
  return transact(layout, async (transaction) => {
    const { state } = transaction;
    const files = recordFiles(layout);
    const check: Check = { layout, transaction, options, problems, files, now: () => stamp(options) };
    const read = await checkRecords(check);
    await checkUnknown(check);
    await checkPins(check);
    if (read > 0 || state.unindexed > 0) await saveIndex(layout.index, state);
    const entries = [...state.entries.values()];
    return {
      sound: problems.every((problem) => problem.repaired),
      records: entries.length,
      pinned: entries.filter((entry) => entry.pinned).length,
      read,
      log_lines: state.place.lines,
      quarantined: state.quarantined,
      problems,
    };
  });
}

interface Folder {
  readonly records: Set<string>;
  readonly pins: Set<string>;
}

interface Check {
  readonly layout: BaselineLayout;
  readonly transaction: Transaction;
  readonly options: HealthOptions;
  readonly problems: HealthProblem[];
  /** Names that exist, by folder under records/. */
  readonly files: Map<string, Folder>;
  readonly now: () => { at: string; by: string };
}

async function checkRecords({ layout, transaction, options, problems, files, now }: Check): Promise<number> {
  const { state, commit } = transaction;
  let read = 0;
  for (const entry of [...state.entries.values()]) {
    const slug = testSlug(entry.test_id);
    const isThere = files.get(slug)?.records.delete(`${entry.ref}.json`) === true;
    // Not path.join: this runs once a record.
    const found = isThere ? statSync(`${layout.records}${sep}${slug}${sep}${entry.ref}.json`) : undefined;
    const isUnchanged = found?.size === entry.bytes && found.mtimeMs === entry.mtime_ms;
    if (isUnchanged && options.deep !== true) continue;
    read++;
    try {
      await readRecord(layout, entry);
      entry.mtime_ms = found?.mtimeMs ?? null;
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { test_id, ref } = entry;
      await commit({ op: "quarantine", ...now(), key: { test_id, ref }, why: error.message });
      const code = isThere ? "RECORD_CORRUPT" : "RECORD_MISSING";
      const message = `${ref} of ${test_id} was set aside: ${error.message}`;
      problems.push({ code, subject: ref, message, repaired: false });
      files.get(slug)?.pins.delete(`${ref}.pin`);
    }
  }
  return read;
}

/** Files that no line of the log accounts for. */
async function checkUnknown({ layout, transaction, options, problems, files, now }: Check): Promise<void> {
  for (const path of pathsOf(layout, files, "records")) {
    const subject = basename(path);
    try {
      const text = await readText(path, { what: "baseline", code: "STORE_MISSING" });
      const entry = entryOf(parseRecord(text, path), text);
      if (layout.record(entry) !== path) throw wrongPlace(path, layout.record(entry));
      const repaired = options.repair === true;
      if (repaired) await transaction.commit({ op: "adopt", ...now(), entry });
      const message = `${path} is a whole record, but the log does not know it`;
      problems.push({ code: "RECORD_UNKNOWN", subject, message, repaired });
    } catch (error) {
      if (!isDamage(error)) throw error;
      await mkdir(layout.quarantine, { recursive: true });
      await rename(path, join(layout.quarantine, `unknown--${subject}`));
      problems.push({ code: "RECORD_CORRUPT", subject, message: `set aside: ${error.message}`, repaired: false });
    }
  }
}

async function checkPins({ layout, transaction, options, problems, files, now }: Check): Promise<void> {
  const { state, commit } = transaction;
  const repaired = options.repair === true;
  for (const entry of state.entries.values()) {
    const isThere = files.get(testSlug(entry.test_id))?.pins.delete(`${entry.ref}.pin`) === true;
    if (isThere === entry.pinned) continue;
    const { test_id, ref }: RecordKey = entry;
    const key = { test_id, ref };
    // Protecting too much is the safe side: repair makes both say "pinned".
    if (repaired) await commit({ op: "pin", ...now(), key, reason: "repair" });
    const code = isThere ? "PIN_UNKNOWN" : "PIN_MISSING";
    const message = isThere
      ? `${ref} has a pin file, but the log has no pin`
      : `${ref} is pinned, but its pin file is gone`;
    problems.push({ code, subject: ref, message, repaired });
  }
  for (const path of pathsOf(layout, files, "pins")) {
    if (repaired) await rm(path, { force: true });
    problems.push({ code: "PIN_UNKNOWN", subject: basename(path), message: `${path} belongs to no record`, repaired });
  }
}

/** Names of all records and pins; what an interrupted atomic write left is removed (its writer would hold the lock). */
function recordFiles(layout: BaselineLayout): Map<string, Folder> {
  const files = new Map<string, Folder>();
  if (!existsSync(layout.records)) return files;
  for (const folder of readdirSync(layout.records)) {
    const [records, pins] = [new Set<string>(), new Set<string>()];
    files.set(folder, { records, pins });
    for (const name of readdirSync(join(layout.records, folder))) {
      if (name.endsWith(".json")) records.add(name);
      else if (name.endsWith(".pin")) pins.add(name);
      else if (!name.startsWith(".")) records.add(name);
      else if (name.endsWith(".tmp")) rmSync(join(layout.records, folder, name), { force: true });
    }
  }
  return files;
}

function pathsOf(layout: BaselineLayout, files: ReadonlyMap<string, Folder>, kind: keyof Folder): string[] {
  return [...files].flatMap(([folder, names]) => [...names[kind]].map((name) => join(layout.records, folder, name)));
}

async function setLogAside(layout: BaselineLayout, clock: Clock): Promise<void> {
  const lock = await lockFolder(layout.locks);
  try {
    await moveLog(layout, clock);
  } finally {
    await lock.release();
  }
}

async function moveLog(layout: BaselineLayout, clock: Clock): Promise<void> {
  await mkdir(layout.quarantine, { recursive: true });
  const time = isoTime(clock).replaceAll(/[-:.]/g, "");
  await rename(layout.log, join(layout.quarantine, `audit-${time}.ndjson`));
  await rm(layout.index, { force: true });
  for (const name of await readdir(layout.staging).catch(() => []))
    await rm(join(layout.staging, name), { force: true });
}

function unreadable(problems: readonly HealthProblem[]): HealthReport {
  return { sound: false, records: 0, pinned: 0, read: 0, log_lines: 0, quarantined: [], problems };
}

function stamp({ actor, clock = systemClock }: HealthOptions): { at: string; by: string } {
  return { at: isoTime(clock), by: actor };
}

function wrongPlace(path: string, right: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", `${path} belongs at ${right}`, { hint: "Move it there." });
}
