import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import type { OutboxEntry } from "../domain/generated/outbox-v1.ts";
import type { PublishAuditLine } from "../domain/generated/publish-audit-v1.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import { openAppender } from "../platform/appender.ts";
import { sha256 } from "../platform/digest.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { atomicWrite, readText } from "../platform/files.ts";
import { type FolderLock, lockFolder } from "../platform/folder-lock.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** An entry of the outbox with what it publishes. */
export type Pending = Omit<OutboxEntry, "entry"> & { readonly entry: RegistryEntry };

/** Publications under way: `outbox/ID.json` under the folder of the runs, and `publish.ndjson` for what was done. */
export class Outbox {
  readonly #folder: string;
  readonly #audit: string;

  constructor(outDir: string) {
    this.#folder = join(outDir, "outbox");
    this.#audit = join(outDir, "publish.ndjson");
  }

  /** The same publication always has the same id, so that a repeated command finds what an earlier one began. */
  static idOf(parts: { registry: string; name: string; alias: string; runId: string; variantId: string }): string {
    const { registry, name, alias, runId, variantId } = parts;
    return sha256(JSON.stringify([registry, name, alias, runId, variantId])).slice(0, 16);
  }

  /** Keeps other processes from publishing the same meanwhile. */
  lock(id: string): Promise<FolderLock> {
    return lockFolder(join(this.#folder, ".locks", id));
  }

  async save(pending: Pending): Promise<void> {
    validator.validate("outbox.v1", pending, { what: "the outbox entry", code: "STORE_SCHEMA" });
    validator.validate("registry_entry.v1", pending.entry, { what: "the registry entry", code: "STORE_SCHEMA" });
    await atomicWrite(this.#path(pending.id), artifactJson(pending));
  }

  async find(id: string): Promise<Pending | undefined> {
    return (await this.ids()).includes(id) ? this.#read(id) : undefined;
  }

  /** Every publication that is not finished. */
  async list(): Promise<Pending[]> {
    return Promise.all((await this.ids()).map((id) => this.#read(id)));
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  /**
   * Adds a line on what was done; the log is only ever appended to. A publication that has its line, and was interrupted after it, gets no
   * second one. A last line that a crash tore is cut off.
   */
  async log(line: PublishAuditLine): Promise<void> {
    validator.validate("publish_audit.v1", line, { what: "a line of publish.ndjson", code: "STORE_SCHEMA" });
    const lock = await this.lock("audit");
    try {
      const known = await readFile(this.#audit).catch((error: unknown) => {
        if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
        throw error;
      });
      const whole = known.subarray(0, known.lastIndexOf(10) + 1);
      if (
        line.op === "publish" &&
        whole
          .toString("utf8")
          .split("\n")
          .some((text) => isSamePublication(text, line))
      )
        return;
      const appender = await openAppender(this.#audit, { keepBytes: whole.length });
      try {
        await appender.append(JSON.stringify(line));
      } finally {
        await appender.close();
      }
    } finally {
      await lock.release();
    }
  }

  async ids(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    });
    return names.flatMap((name) => /^([0-9a-f]{16})\.json$/.exec(name)?.[1] ?? []).sort();
  }

  async #read(id: string): Promise<Pending> {
    const path = this.#path(id);
    const text = await readText(path, { what: "outbox entry", code: "STORE_MISSING" });
    const as = { what: path, code: "STORE_CORRUPT" } as const;
    const pending = validator.validate<OutboxEntry>("outbox.v1", parseJson(text, { what: path }), as);
    return { ...pending, entry: validator.validate<RegistryEntry>("registry_entry.v1", pending.entry, as) };
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

/** A version is published once under an alias. Lines that are none are somebody else's, and left alone. */
function isSamePublication(text: string, line: PublishAuditLine): boolean {
  try {
    const known = parseJson(text, { what: "a line" }) as Partial<PublishAuditLine>;
    return (["op", "registry", "name", "alias", "version"] as const).every((field) => known[field] === line[field]);
  } catch {
    return false;
  }
}
