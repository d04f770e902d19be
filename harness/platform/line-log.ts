import { createWriteStream, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { writeError } from "./file-errors.ts";
import { ensureFolder } from "./files.ts";

/** A log that grows line by line, so that it can be followed while a program runs. */
export interface LineLog {
  readonly path: string;
  /** Adds a piece of one of the program's streams; whole lines are written. */
  add(stream: string, text: string): void;
  /** Writes what is left, and waits until all is on the disk. STORE_WRITE. */
  close(): Promise<void>;
}

/** Starts a log anew. `clean` sees every whole line before it is written. */
export async function openLineLog(path: string, clean: (line: string) => string): Promise<LineLog> {
  await ensureFolder(dirname(path));
  const file: WriteStream = createWriteStream(path);
  const ended = finished(file).catch((error: unknown) => {
    throw writeError(path, error);
  });
  // It is awaited in close(); until then a rejection has no owner.
  ended.catch(() => undefined);
  const rest = new Map<string, string>();
  return {
    path,
    add(stream, text) {
      const lines = ((rest.get(stream) ?? "") + text).split("\n");
      rest.set(stream, lines.pop() ?? "");
      for (const line of lines) file.write(`${clean(line)}\n`);
    },
    async close() {
      for (const line of rest.values()) if (line !== "") file.write(`${clean(line)}\n`);
      file.end();
      await ended;
    },
  };
}
