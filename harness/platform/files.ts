import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  copyFile as copy,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type ErrorCode, HarnessError } from "../domain/errors.ts";
import { errnoOf, writeError } from "./file-errors.ts";

/** Makes a folder and its parents. STORE_WRITE where that is impossible. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** As mkdir -p. Node's own gives ENOENT for a read-only disk; the reason is what making the first missing folder alone gives. */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    let missing = resolve(path);
    while (dirname(missing) !== missing && (await stat(dirname(missing)).catch(() => undefined)) === undefined) {
      missing = dirname(missing);
    }
    await mkdir(missing);
    await mkdir(path, { recursive: true });
  }
}

/**
 * Writes a whole file or nothing: readers see the old content or the new, also after a power cut. Makes missing folders,
 * follows a symbolic link to its target, and writes straight into devices and pipes (such as /dev/stdout).
 * STORE_WRITE with path and reason; no temporary file stays behind.
 */
export async function atomicWrite(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(
    path,
    async (temporary) => {
      const handle = await open(temporary, "wx");
      // FileHandle.writeFile goes on after a short write, as a disk that fills up gives one before it gives ENOSPC.
      await closing(handle, async () => {
        await handle.writeFile(content);
        await handle.sync();
      });
    },
    content,
  );
}

/** Copies a file under the same promise as {@link atomicWrite}. The source must exist (STORE_MISSING). */
export async function copyFile(from: string, to: string): Promise<void> {
  await stat(from).catch((cause: unknown) => {
    throw new HarnessError("STORE_MISSING", `Cannot copy ${from}: there is no such file.`, {
      hint: "Check the path.",
      cause,
    });
  });
  await replaceFile(to, async (temporary) => {
    await copy(from, temporary, constants.COPYFILE_EXCL);
    const handle = await open(temporary, "r+");
    await closing(handle, () => handle.sync());
  });
}

/** Points the symbolic link `link` at `target` in one step; a reader sees the old target or the new. */
export async function swapLink(link: string, target: string): Promise<void> {
  const temporary = temporaryName(link);
  try {
    // Relative, so that the folder can be moved or mounted elsewhere as a whole.
    await symlink(relative(dirname(resolve(link)), resolve(target)) || ".", temporary);
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeError(link, error);
  }
}

/** A whole file as bytes. The caller says what the file is to the user and which code its absence has. */
export async function readBytes(
  path: string,
  as: { what: string; code: ErrorCode; hint?: string },
): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "that is a folder",
      EACCES: "permission was denied",
      ENOTDIR: "part of the path is a file, not a folder",
    };
    const why = reason[errnoOf(cause) ?? ""] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new HarnessError(as.code, `Cannot read ${as.what} ${path}: ${why}.`, {
      hint: as.hint ?? "Check the path.",
      cause,
    });
  }
}

/** A whole file as UTF-8 text, without a byte order mark. Errors as in {@link readBytes}; bytes that are not UTF-8 too. */
export async function readText(path: string, as: { what: string; code: ErrorCode; hint?: string }): Promise<string> {
  const bytes = await readBytes(path, as);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const hint = as.hint ?? "Save the file as UTF-8.";
    throw new HarnessError(as.code, `Cannot read ${as.what} ${path}: it is not UTF-8 text.`, { hint, cause });
  }
}

/** Makes the folder's entries durable (new names, renames). File systems without that ability are let off. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return;
  await closing(handle, () => handle.sync().catch(() => undefined));
}

async function replaceFile(
  path: string,
  writeTo: (temporary: string) => Promise<void>,
  content?: string | Uint8Array,
): Promise<void> {
  let temporary: string | undefined;
  try {
    await makeFolders(dirname(path));
    const target = await realpath(path).catch(() => resolve(path));
    const existing = await stat(target).catch(() => undefined);
    if (existing?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    if (existing !== undefined && !existing.isFile() && content !== undefined) {
      // Renaming over a device or a pipe would remove it from the system.
      const handle = await open(target, "a");
      await closing(handle, () => handle.writeFile(content));
      return;
    }
    temporary = temporaryName(target);
    await writeTo(temporary);
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** Removes what writes that were killed left under a folder. Only for a folder that nobody is writing to. */
export async function removeTemporaries(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left = entries.filter((entry) => entry.isFile() && /^\..+\.[0-9a-f]{12}\.tmp$/.test(entry.name));
  await Promise.all(left.map((entry) => rm(join(entry.parentPath, entry.name), { force: true })));
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
}

async function closing(handle: FileHandle, use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } finally {
    await handle.close();
  }
}
