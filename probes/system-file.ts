import { openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Missing, Value } from "./protocol.ts";

/** The text of a system's file, or why there is none. */
export type SystemText = { readonly text: string } | { readonly missing: Missing };

/** A file that is read again and again: opened once, since opening costs more than reading. */
export function systemFile(root: string, path: string): () => SystemText {
  let fd: number | undefined;
  let buffer = Buffer.allocUnsafe(4096);
  let failed: Missing | undefined;
  return () => {
    // What is not there now will hardly appear; asking again at every sample would cost for nothing.
    if (failed !== undefined) return { missing: failed };
    try {
      fd ??= openSync(join(root, path), "r");
      let length = readSync(fd, buffer, 0, buffer.length, 0);
      while (length === buffer.length) {
        buffer = Buffer.allocUnsafe(buffer.length * 4);
        length = readSync(fd, buffer, 0, buffer.length, 0);
      }
      return { text: buffer.toString("latin1", 0, length) };
    } catch (error) {
      const missing = whyUnread(error);
      // A sensor that is busy or asleep may answer the next time.
      if (missing !== "unknown-error") failed = missing;
      return { missing };
    }
  };
}

/** A file that is read once. */
export function readSystem(root: string, path: string): SystemText {
  try {
    return { text: readFileSync(join(root, path), "utf8") };
  } catch (error) {
    return { missing: whyUnread(error) };
  }
}

/** Names in a folder, sorted; none where it is not there. */
export function namesIn(root: string, path: string): string[] {
  try {
    return readdirSync(join(root, path)).sort();
  } catch {
    return [];
  }
}

/** The number that is all a file holds, times `factor`. */
export function numberIn(source: SystemText, factor = 1): Value {
  if ("missing" in source) return source;
  const plain = source.text.trim();
  return /^[-+]?\d+(\.\d+)?$/.test(plain) ? Number(plain) * factor : { missing: "unreadable" };
}

/** The number after a key at the start of a line, such as `MemTotal: 24 kB`, times `factor`. */
export function fieldIn(source: SystemText, key: string, factor = 1): Value {
  if ("missing" in source) return source;
  const at = source.text.startsWith(key) ? 0 : source.text.indexOf(`\n${key}`) + 1;
  if (at === 0 && !source.text.startsWith(key)) return { missing: "not-reported" };
  const match = /^[:\s]*(\d+(?:\.\d+)?)/.exec(source.text.slice(at + key.length, at + key.length + 40));
  return match === null ? { missing: "unreadable" } : Number(match[1]) * factor;
}

/** The same for readings that this system does not have by its kind. */
export const elsewhere: Value = { missing: process.platform === "linux" ? "not-available" : "not-on-this-platform" };

function whyUnread(error: unknown): Missing {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "no-permission";
  if (process.platform !== "linux") return "not-on-this-platform";
  return code === "ENOENT" || code === "ENOTDIR" ? "not-available" : "unknown-error";
}
