import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelFile, SharedObjects } from "../domain/registry-port.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { atomicWrite, copyFile } from "../platform/files.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { requireKey } from "./require-key.ts";

/** A folder as an object store: every write is atomic, and changes of shared objects wait for the folder's lock. */
export class FolderObjects implements SharedObjects {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return orUndefined(readFile(this.#path(key)));
  }

  async digest(key: string): Promise<string | undefined> {
    return orUndefined(sha256OfFile(this.#path(key)));
  }

  async put(key: string, content: ModelFile | Uint8Array): Promise<void> {
    if (content instanceof Uint8Array) await atomicWrite(this.#path(key), content);
    else await copyFile(content.path, this.#path(key));
  }

  async copy(from: string, to: string): Promise<void> {
    await copyFile(this.#path(from), this.#path(to));
  }

  async update(key: string, change: (current: Uint8Array | undefined) => Uint8Array): Promise<void> {
    const lock = await lockFolder(join(this.#root, ".locks"));
    try {
      await this.put(key, change(await this.get(key)));
    } finally {
      await lock.release();
    }
  }

  #path(key: string): string {
    return join(this.#root, ...requireKey(key).split("/"));
  }
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
