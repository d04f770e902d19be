import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { writeError } from "./file-errors.ts";
import { makeFolders, syncFolder } from "./files.ts";

/** A log that grows by whole lines, each on the disk before its append resolves. */
export interface Appender {
  readonly path: string;
  /** Bytes of whole lines so far. */
  readonly bytes: number;
  /**
   * Adds `line` and a newline, then waits for the disk (about 4 ms: never inside a timed loop). Calls run one after
   * another. When it fails (STORE_WRITE) the file is cut back to the lines before, so that no torn one stays.
   */
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or creates a log for appending. `keepBytes`: what follows that many bytes is cut off first (a torn last line
 * that the reader found). STORE_WRITE where the file cannot be opened for writing.
 */
export async function openAppender(path: string, { keepBytes }: { keepBytes?: number } = {}): Promise<Appender> {
  let handle: FileHandle | undefined;
  try {
    await makeFolders(dirname(path));
    handle = await open(path, "a");
    const { size } = await handle.stat();
    const bytes = keepBytes === undefined ? size : Math.min(keepBytes, size);
    if (bytes < size) await handle.truncate(bytes);
    await handle.datasync();
    await syncFolder(dirname(path));
    return makeAppender(path, handle, bytes);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw writeError(path, error);
  }
}

function makeAppender(path: string, handle: FileHandle, start: number): Appender {
  let bytes = start;
  let last: Promise<unknown> = Promise.resolve();

  async function write(line: string): Promise<void> {
    if (line.includes("\n")) throw new RangeError("a log line cannot hold a newline");
    const content = new TextEncoder().encode(`${line}\n`);
    try {
      await handle.writeFile(content);
      await handle.datasync();
      bytes += content.length;
    } catch (error) {
      // Where even this fails, the reader still sets a torn last line aside.
      await handle.truncate(bytes).catch(() => undefined);
      throw writeError(path, error);
    }
  }

  return {
    path,
    get bytes() {
      return bytes;
    },
    append(line) {
      const done = last.then(() => write(line));
      last = done.catch(() => undefined);
      return done;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}
