import { HarnessError } from "../domain/errors.ts";
import type { RecordEntry } from "../domain/generated/baseline-audit-v1.ts";
import type { BaselineIndex, IndexRow, QuarantinedEntry } from "../domain/generated/baseline-index-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite, readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import type { LogPlace } from "./baseline-log.ts";

/** A record as the store knows it without opening its file. */
export interface IndexEntry extends RecordEntry {
  /** Line of the log that added it. */
  readonly seq: number;
  /** Kept by prune. */
  pinned: boolean;
  /** Time of the file when its digest was last checked; null = not since it was written. */
  mtime_ms: number | null;
}

/** What the index holds: the log's sum up to a place. */
export interface IndexContent {
  readonly place: LogPlace;
  readonly entries: readonly IndexEntry[];
  readonly quarantined: readonly QuarantinedEntry[];
}

const VERDICTS = [undefined, "fail", "inconclusive", "pass"] as const;
const FORCED = 4;
const PINNED = 8;
const DIGEST_LENGTH = 64;

/** Writes the index; a reader that comes in between has the old one and more of the log to read. */
export async function writeIndex(path: string, { place, entries, quarantined }: IndexContent): Promise<void> {
  const [tests, revisions, hosts] = [new NameTable(), new NameTable(), new NameTable()];
  const records = entries.map(
    (entry): IndexRow => [
      entry.seq,
      tests.place(entry.test_id),
      entry.ref,
      revisions.place(entry.revision),
      hosts.place(`${entry.hard} ${entry.soft}`),
      entry.generated_at,
      VERDICTS.indexOf(entry.verdict) + (entry.forced ? FORCED : 0) + (entry.pinned ? PINNED : 0),
      entry.cells,
      entry.bytes,
      entry.sha256,
      entry.mtime_ms,
    ],
  );
  const index: BaselineIndex = {
    schema_version: "quantgate.baseline-index.v1",
    audit_bytes: place.bytes,
    audit_sha256: place.sha256,
    lines: place.lines,
    quarantined: [...quarantined],
    tests: tests.names,
    revisions: revisions.names,
    hosts: hosts.names,
    records,
  };
  const text = JSON.stringify(index);
  await atomicWrite(path, `${sha256(text)}\n${text}\n`);
}

/** The index as this program wrote it, or undefined: one that is missing, torn or of another schema is made again. */
export async function readIndex(path: string): Promise<IndexContent | undefined> {
  try {
    const text = await readText(path, { what: "index", code: "STORE_MISSING" });
    const body = text.slice(DIGEST_LENGTH + 1, -1);
    if (sha256(body) !== text.slice(0, DIGEST_LENGTH)) return undefined;
    const index = validator.validate<BaselineIndex>("baseline-index.v1", parseJson(body, { what: path }), {
      what: path,
      code: "STORE_CORRUPT",
    });
    const hosts = index.hosts.map((host) => host.split(" ") as [string, string]);
    return {
      place: { bytes: index.audit_bytes, sha256: index.audit_sha256, lines: index.lines },
      entries: index.records.map((row) => entryFrom(row, index, hosts)),
      quarantined: index.quarantined,
    };
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

function entryFrom(row: IndexRow, { tests, revisions }: BaselineIndex, hosts: readonly [string, string][]): IndexEntry {
  const [seq, test, ref, revision, host, generatedAt, flags, cells, bytes, digest, mtimeMs] = row;
  const [hard, soft] = hosts[host] as [string, string];
  return {
    seq,
    pinned: (flags & PINNED) !== 0,
    test_id: tests[test] as string,
    ref,
    revision: revisions[revision] as string,
    hard,
    soft,
    generated_at: generatedAt,
    verdict: VERDICTS[flags & 3] as RecordEntry["verdict"],
    forced: (flags & FORCED) !== 0,
    cells,
    bytes,
    sha256: digest,
    mtime_ms: mtimeMs,
  };
}

/** Names in the order of their first use. */
class NameTable {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  place(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.names.push(name) - 1;
      this.#places.set(name, place);
    }
    return place;
  }
}
