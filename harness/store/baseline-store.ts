import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { QuarantinedEntry } from "../domain/generated/baseline-index-v1.ts";
import type { Baseline } from "../domain/generated/baseline-v1.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import type { IndexEntry } from "./baseline-index.ts";
import { BaselineLayout, keyText, type RecordKey } from "./baseline-layout.ts";
import { readState } from "./baseline-state.ts";
import { transact } from "./baseline-transaction.ts";

/** A record as the store's index knows it. */
export type BaselineEntry = Readonly<IndexEntry>;

/** Most records that one line of the log removes: a line stays readable. */
const PRUNE_BATCH = 1000;

/** What prune removes, or would. */
export interface PruneResult {
  readonly removed: readonly BaselineEntry[];
  readonly kept: number;
}

/**
 * Recorded test runs in a folder. Any number of processes may use it at once: writers queue for its lock, readers need none. A
 * process that is killed leaves the operation it was in either done or not begun.
 */
export class BaselineStore {
  readonly layout: BaselineLayout;
  readonly #clock: Clock;
  readonly #actor: string;

  /** `actor`: who, in the audit log. */
  constructor(root: string, { actor, clock = systemClock }: { readonly actor: string; readonly clock?: Clock }) {
    this.layout = new BaselineLayout(root);
    this.#clock = clock;
    this.#actor = actor;
  }

  /** Every record, oldest line first, and what was set aside. An empty folder holds none. STORE_CORRUPT for a damaged log. */
  async list(): Promise<{ entries: BaselineEntry[]; quarantined: QuarantinedEntry[] }> {
    const { entries, quarantined } = await readState(this.layout);
    return { entries: [...entries.values()], quarantined };
  }

  /** Adds a record. The same one again is no change; another one of the same name is STORE_WRITE. */
  async record(baseline: Baseline, reason: string | null): Promise<{ entry: BaselineEntry; isNew: boolean }> {
    validator.validate("baseline.v1", baseline, { what: "the baseline", code: "STORE_SCHEMA" });
    const content = artifactJson(baseline);
    const entry = entryOf(baseline, content);
    const key = keyText(entry);
    return transact(this.layout, async ({ state, commit }) => {
      const existing = state.entries.get(key);
      if (existing?.sha256 === entry.sha256) return { entry: existing, isNew: false };
      if (existing !== undefined) {
        throw new HarnessError("STORE_WRITE", `${entry.ref} is recorded already, with other content`, {
          hint: "A record never changes. Record another run, or remove this one from the store first.",
        });
      }
      await commit({ op: "record", ...this.#now(), entry, reason }, content);
      return { entry: state.entries.get(key) as BaselineEntry, isNew: true };
    });
  }

  /** Protects a record from prune, or takes that back. BASELINE_MISSING where there is no such record. */
  async setPinned(key: RecordKey, pinned: boolean, reason: string | null): Promise<{ isNew: boolean }> {
    return transact(this.layout, async ({ state, commit }) => {
      const entry = state.entries.get(keyText(key));
      if (entry === undefined) {
        throw new HarnessError("BASELINE_MISSING", `There is no baseline ${key.ref} of ${key.test_id}`, {
          hint: "quantgate baselines list names what is there.",
        });
      }
      if (entry.pinned === pinned) return { isNew: false };
      const { test_id, ref } = key;
      await commit({ op: pinned ? "pin" : "unpin", ...this.#now(), key: { test_id, ref }, reason });
      return { isNew: true };
    });
  }

  /** Removes all but the newest `keepLast` unpinned records of each test; pinned ones stay and do not count. */
  async prune(options: {
    readonly keepLast: number;
    readonly testId?: string | undefined;
    readonly dryRun?: boolean;
  }): Promise<PruneResult> {
    if (options.dryRun) return toPrune((await this.list()).entries, options);
    return transact(this.layout, async ({ state, commit }) => {
      const result = toPrune([...state.entries.values()], options);
      for (let start = 0; start < result.removed.length; start += PRUNE_BATCH) {
        const batch = result.removed.slice(start, start + PRUNE_BATCH);
        const keys = batch.map(({ test_id, ref }) => ({ test_id, ref }));
        await commit({ op: "prune", ...this.#now(), keys, keep_last: options.keepLast });
      }
      return result;
    });
  }

  /**
   * A record's content, its digest checked. One that is not what was recorded is set aside and STORE_CORRUPT names it; the rest of
   * the store goes on working.
   */
  async read(entry: RecordKey & { readonly sha256: string }): Promise<Baseline> {
    let problem = "";
    const first = await this.#tryRead(entry).catch((error: unknown) => {
      if (!isDamage(error)) throw error;
      problem = error.message;
      return undefined;
    });
    if (first !== undefined) return first;
    // The lock waits for a writer whose line is in the log but whose file is not there yet; then it is looked at again.
    const { test_id, ref } = entry;
    const outcome = await transact(this.layout, async ({ state, commit }) => {
      const current = state.entries.get(keyText(entry));
      if (current === undefined) return { kind: "gone" } as const;
      try {
        return { kind: "whole", baseline: await this.#tryRead(current) } as const;
      } catch (error) {
        if (!isDamage(error)) throw error;
        await commit({ op: "quarantine", ...this.#now(), key: { test_id, ref }, why: error.message });
        return { kind: "set-aside" } as const;
      }
    });
    if (outcome.kind === "whole") return outcome.baseline;
    if (outcome.kind === "gone") {
      throw new HarnessError("BASELINE_MISSING", `The baseline ${ref} of ${test_id} was removed meanwhile`, {
        hint: "Run the command again.",
      });
    }
    throw new HarnessError("STORE_CORRUPT", `The baseline ${ref} of ${test_id} was set aside: ${problem}`, {
      hint: `See ${this.layout.quarantine}. Other baselines are not affected; the next resolve does not see this one.`,
    });
  }

  async #tryRead(entry: RecordKey & { readonly sha256: string }): Promise<Baseline> {
    return readRecord(this.layout, entry);
  }

  #now(): { at: string; by: string } {
    return { at: isoTime(this.#clock), by: this.#actor };
  }
}

/**
 * Whether a record is not what it should be, so that it is set aside. A file that merely cannot be read now (permission, too many open
 * files, a failing disk) may be whole.
 */
export function isDamage(error: unknown): error is HarnessError {
  if (!(error instanceof HarnessError)) return false;
  const errno = errnoOf(error.cause);
  return errno === undefined || !/^E[A-Z0-9]+$/.test(errno) || ["ENOENT", "ENOTDIR", "EISDIR"].includes(errno);
}

/** Reads one record's file and checks digest, schema and name. STORE_MISSING or STORE_CORRUPT. */
export async function readRecord(
  layout: BaselineLayout,
  { sha256: digest, ...key }: RecordKey & { readonly sha256: string },
): Promise<Baseline> {
  const path = layout.record(key);
  const text = await readText(path, { what: "baseline", code: "STORE_MISSING" });
  if (sha256(text) !== digest) {
    throw new HarnessError("STORE_CORRUPT", `${path} is not what was recorded: its digest differs`, {
      hint: "Restore it from a copy.",
    });
  }
  return parseRecord(text, path);
}

/** A record's text through its schema. */
export function parseRecord(text: string, path: string): Baseline {
  return validator.validate<Baseline>("baseline.v1", parseJson(text, { what: path }), {
    what: path,
    code: "STORE_CORRUPT",
  });
}

/** What the log keeps of a record. */
export function entryOf(baseline: Baseline, content: string) {
  return {
    test_id: baseline.test_id,
    ref: baseline.baseline_ref,
    revision: baseline.task_revision,
    hard: baseline.hardware_fingerprint,
    soft: baseline.host.soft,
    generated_at: baseline.generated_at,
    verdict: baseline.verdict,
    forced: baseline.forced,
    cells: baseline.rows.length,
    bytes: new TextEncoder().encode(content).length,
    sha256: sha256(content),
  };
}

function toPrune(
  entries: readonly BaselineEntry[],
  { keepLast, testId }: { readonly keepLast: number; readonly testId?: string | undefined },
): PruneResult {
  const newerUnpinned = new Map<string, number>();
  const removed: BaselineEntry[] = [];
  for (const entry of entries.toReversed()) {
    if (entry.pinned || (testId !== undefined && entry.test_id !== testId)) continue;
    const newer = newerUnpinned.get(entry.test_id) ?? 0;
    newerUnpinned.set(entry.test_id, newer + 1);
    if (newer >= keepLast) removed.push(entry);
  }
  return { removed: removed.reverse(), kept: entries.length - removed.length };
}
