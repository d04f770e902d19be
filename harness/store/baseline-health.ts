import { rmSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { readText } from "../platform/files.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { type BaselineLayout, type RecordKey, testSlug } from "./baseline-layout.ts";
import type { FolderScan } from "./baseline-scan.ts";
import { scanApart } from "./baseline-scan-apart.ts";
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
  const first = await compareWithLog(layout, options);
  if (first.kind === "compared") return first.report;
  const message = first.logProblem;
  const damage = { code: "LOG_DAMAGED", subject: "audit.ndjson", message } as const;
  if (!options.repair) return unreadable([{ ...damage, repaired: false }]);
  await setLogAside(layout, options.clock ?? systemClock);
  const second = await compareWithLog(layout, options);
  if (second.kind === "compared")
    return { ...second.report, problems: [{ ...damage, repaired: true }, ...second.report.problems] };
  return unreadable([{ ...damage, message: second.logProblem, repaired: false }]);
}

type Comparison =
  | { readonly kind: "compared"; readonly report: HealthReport }
  | { readonly kind: "log-damaged"; readonly logProblem: string };

/** A thread checks the whole log and looks at every file, while this one takes the lock and reads the index. */
async function compareWithLog(layout: BaselineLayout, options: HealthOptions): Promise<Comparison> {
  const apart = scanApart(layout);
  const use = async (transaction: Transaction): Promise<Comparison> => {
    const logProblem = await apart.logProblem;
    if (logProblem !== undefined) return { kind: "log-damaged", logProblem };
    const report = await compareFiles({ layout, transaction, options, files: namesOf(layout, await apart.folders) });
    return { kind: "compared", report };
  };
  try {
    return await transact(layout, use, { onLocked: apart.startRecords });
  } catch (error) {
    const logProblem = await apart.logProblem;
    if (logProblem !== undefined) return { kind: "log-damaged", logProblem };
    throw error;
  } finally {
    apart.stop();
  }
}

async function compareFiles(given: Pick<Check, "layout" | "transaction" | "options" | "files">): Promise<HealthReport> {
  const { layout, options } = given;
  const { state } = given.transaction;
  const problems: HealthProblem[] = [];
  const check: Check = { ...given, problems, now: () => stamp(options) };
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
}

interface Folder {
  /** Names of records, and their place in the scan. */
  readonly records: Map<string, number>;
  readonly pins: Set<string>;
  readonly scan: FolderScan;
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
    const name = `${entry.ref}.json`;
    const folder = files.get(slug);
    const place = folder?.records.get(name);
    const isThere = place !== undefined && folder?.records.delete(name) === true;
    const mtimeMs = isThere ? folder?.scan.mtimesMs[place] : undefined;
    const isUnchanged = isThere && folder?.scan.bytes[place] === entry.bytes && mtimeMs === entry.mtime_ms;
    if (isUnchanged && options.deep !== true) continue;
    read++;
    try {
      await readRecord(layout, entry);
      entry.mtime_ms = mtimeMs ?? null;
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
function namesOf(layout: BaselineLayout, folders: readonly FolderScan[]): Map<string, Folder> {
  const files = new Map<string, Folder>();
  for (const scan of folders) {
    const { folder } = scan;
    const [records, pins] = [new Map<string, number>(), new Set<string>()];
    files.set(folder, { records, pins, scan });
    for (const [place, name] of scan.names.entries()) {
      if (name.endsWith(".json")) records.set(name, place);
      else if (name.endsWith(".pin")) pins.add(name);
      else if (!name.startsWith(".")) records.set(name, place);
      else if (name.endsWith(".tmp")) rmSync(join(layout.records, folder, name), { force: true });
    }
  }
  return files;
}

function pathsOf(layout: BaselineLayout, files: ReadonlyMap<string, Folder>, kind: "records" | "pins"): string[] {
  return [...files].flatMap(([folder, names]) =>
    [...names[kind].keys()].map((name) => join(layout.records, folder, name)),
  );
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
