import { join, resolve } from "node:path";
import { sha256 } from "../platform/digest.ts";

/** A record's name: the run `ref` within the test `test_id`. */
export interface RecordKey {
  readonly test_id: string;
  readonly ref: string;
}

/**
 * Paths of a baseline store. Everything outside `.store/` belongs together and may be versioned; `.store/` can be removed while
 * nobody uses the store.
 */
export class BaselineLayout {
  readonly root: string;
  /** Append-only, hash-chained; the truth about what the store holds. */
  readonly log: string;
  readonly records: string;
  readonly quarantine: string;
  readonly locks: string;
  /** Holds a file only while an operation is between its line in the log and its effect on the files. */
  readonly staging: string;
  readonly index: string;
  readonly volatile: string;

  constructor(root: string) {
    this.root = resolve(root);
    this.log = join(this.root, "audit.ndjson");
    this.records = join(this.root, "records");
    this.quarantine = join(this.root, "quarantine");
    this.volatile = join(this.root, ".store");
    this.locks = join(this.volatile, "locks");
    this.staging = join(this.volatile, "staging");
    this.index = join(this.volatile, "index.json");
  }

  record({ test_id, ref }: RecordKey): string {
    return join(this.records, testSlug(test_id), `${ref}.json`);
  }

  /** Exists while the record is pinned, so that a lost log does not lose pins. */
  pin({ test_id, ref }: RecordKey): string {
    return join(this.records, testSlug(test_id), `${ref}.pin`);
  }

  quarantined({ test_id, ref }: RecordKey, seq: number): string {
    return join(this.quarantine, `${testSlug(test_id)}--${ref}--${seq}.json`);
  }
}

/** One text for map keys; test ids hold no line break (their schema's slug is checked on the way in). */
export function keyText({ test_id, ref }: RecordKey): string {
  return `${test_id}\n${ref}`;
}

const slugs = new Map<string, string>();

/** Folder name of a test: readable, and with a piece of the digest, so that different tests never share one. */
export function testSlug(testId: string): string {
  let slug = slugs.get(testId);
  if (slug === undefined) {
    const words = testId
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .slice(0, 60);
    slug = `${words}-${sha256(testId).slice(0, 8)}`;
    slugs.set(testId, slug);
  }
  return slug;
}
