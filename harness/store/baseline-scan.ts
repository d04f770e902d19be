import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** What lies in one folder of records. */
export interface FolderScan {
  readonly folder: string;
  readonly names: readonly string[];
  /** Of each record in turn: bytes and modification time, ms; NaN for what is no record or went away meanwhile. */
  readonly bytes: Float64Array<ArrayBuffer>;
  readonly mtimesMs: Float64Array<ArrayBuffer>;
}

/** Names, sizes and times of everything under records/; nothing is read. Call it with the store's lock held. */
export function scanRecords(records: string): FolderScan[] {
  if (!existsSync(records)) return [];
  return readdirSync(records).map((folder) => {
    const names = readdirSync(join(records, folder));
    const bytes = new Float64Array(names.length).fill(Number.NaN);
    const mtimesMs = new Float64Array(names.length).fill(Number.NaN);
    for (const [index, name] of names.entries()) {
      if (!name.endsWith(".json")) continue;
      // Not path.join: this runs once a record.
      const found = statSync(`${records}${sep}${folder}${sep}${name}`, { throwIfNoEntry: false });
      if (found === undefined) continue;
      bytes[index] = found.size;
      mtimesMs[index] = found.mtimeMs;
    }
    return { folder, names, bytes, mtimesMs };
  });
}
