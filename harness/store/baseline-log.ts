import { type FileHandle, open, stat } from "node:fs/promises";
import { HarnessError } from "../domain/errors.ts";
import type { AuditLog } from "../domain/generated/baseline-audit-v1.ts";
import { openAppender } from "../platform/appender.ts";
import { sha256 } from "../platform/digest.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A line of the audit log. */
export type AuditLine = AuditLog[number];

type WithoutSeal<Line> = Line extends AuditLine ? Omit<Line, "seq" | "prev" | "sha256"> : never;

/** A line before it gets its number and its place in the chain. */
export type AuditBody = WithoutSeal<AuditLine>;

/** A place in the log: everything up to it has been read. */
export interface LogPlace {
  readonly bytes: number;
  /** Digest of the last line up to here; null at the start. */
  readonly sha256: string | null;
  readonly lines: number;
}

export interface LogPart {
  /** Lines after the place asked for. */
  readonly lines: readonly AuditLine[];
  /** Behind the last whole line. */
  readonly end: LogPlace;
  /** Bytes after it that a crash left. */
  readonly tornBytes: number;
}

export const LOG_START: LogPlace = { bytes: 0, sha256: null, lines: 0 };

/** `,"sha256":"` + 64 digits + `"}`: the seal is the last field, and covers the text before it. */
const SEAL_LENGTH = 77;
const CLOSING_BRACE = 0x7d;

const BROKEN_SEAL = "its seal does not match its content";
const BROKEN_CHAIN = "it does not follow the line before";

/**
 * Reads the log from a place on, checks each line's seal and that it follows the line before. Undefined when the log does not
 * hold that place (it was replaced). STORE_CORRUPT naming the first damaged line.
 */
export async function readLog(path: string, from: LogPlace = LOG_START): Promise<LogPart | undefined> {
  const content = await bytesAfter(path, from);
  if (content === undefined) return undefined;
  const wholeEnd = content.lastIndexOf(10) + 1;
  const text = new TextDecoder().decode(content.subarray(0, Math.max(0, wholeEnd - 1)));
  const texts = text === "" ? [] : text.split("\n");
  let previous = from.sha256;
  for (const [index, line] of texts.entries()) {
    const problem = sealProblem(line, previous);
    if (problem !== undefined) throw damaged(path, from.lines + index + 1, problem);
    previous = line.slice(-66, -2);
  }
  const lines = validator.validate<AuditLog>("baseline-audit.v1", parseLines(texts, path), {
    what: path,
    code: "STORE_CORRUPT",
  });
  const stray = lines.findIndex((line, index) => line.seq !== from.lines + index);
  if (stray >= 0) throw damaged(path, from.lines + stray + 1, "its number is not the next");
  return {
    lines,
    end: { bytes: from.bytes + wholeEnd, sha256: previous, lines: from.lines + texts.length },
    tornBytes: content.length - wholeEnd,
  };
}

/** Checks every seal and the whole chain without making objects of the lines. STORE_CORRUPT as in {@link readLog}. */
export async function checkChain(path: string): Promise<void> {
  const bytes = await logBytes(path);
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let previous = "null";
  let start = 0;
  for (let number = 1; start < content.length; number++) {
    const newline = content.indexOf(10, start);
    if (newline < 0) return;
    const sealStart = Math.max(start, newline - SEAL_LENGTH);
    const seal = content.toString("latin1", sealStart, newline);
    // What is sealed ends with a brace where the seal's comma stands: put there in place, nothing is copied.
    content[sealStart] = CLOSING_BRACE;
    const sealed = content.subarray(start, sealStart + 1);
    if (seal !== `,"sha256":"${sha256(sealed)}"}`) throw damaged(path, number, BROKEN_SEAL);
    const link = `,"prev":${previous}}`;
    if (sealed.toString("latin1", sealed.length - link.length) !== link) throw damaged(path, number, BROKEN_CHAIN);
    previous = seal.slice(-67, -1);
    start = newline + 1;
  }
}

/**
 * Appends one line and waits for the disk. The caller holds the store's lock; the `tornBytes` that a crash left behind `place` are
 * cut off. STORE_WRITE where the log is of another length: somebody wrote without the lock, and what they wrote is not lost.
 */
export async function appendLine(
  path: string,
  place: LogPlace & { readonly tornBytes: number },
  body: AuditBody,
): Promise<{ line: AuditLine; end: LogPlace }> {
  const { text, seal } = sealLine(place, body);
  const [line] = validator.validate<AuditLog>(
    "baseline-audit.v1",
    [parseJson(text, { what: "a new line of the log" })],
    {
      what: "a new line of the log",
      code: "STORE_SCHEMA",
    },
  );
  const found = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (found !== place.bytes + place.tornBytes) {
    throw new HarnessError("STORE_WRITE", `${path} changed while it was locked`, {
      hint: "Something that does not know the lock writes to it. Run the command again.",
    });
  }
  const appender = await openAppender(path, { keepBytes: place.bytes });
  try {
    await appender.append(text);
    return { line: line as AuditLine, end: { bytes: appender.bytes, sha256: seal, lines: place.lines + 1 } };
  } finally {
    await appender.close();
  }
}

/** A line's text, numbered, chained to the line before and sealed. */
export function sealLine(place: Pick<LogPlace, "lines" | "sha256">, body: AuditBody): { text: string; seal: string } {
  const content = JSON.stringify({ seq: place.lines, ...body, prev: place.sha256 });
  const seal = sha256(content);
  return { text: `${content.slice(0, -1)},"sha256":"${seal}"}`, seal };
}

/** The whole log; none is an empty one. */
async function logBytes(path: string): Promise<Uint8Array> {
  return (await bytesAfter(path, LOG_START)) ?? new Uint8Array(0);
}

/** What follows a place; undefined unless the line that ends there carries the digest that the reader remembers. */
async function bytesAfter(path: string, { bytes, sha256: seal }: LogPlace): Promise<Uint8Array | undefined> {
  const before = bytes === 0 ? 0 : SEAL_LENGTH + 1;
  const content = await readFrom(path, bytes - before);
  if (bytes === 0) return content;
  const mark = new TextDecoder().decode(content.subarray(0, before));
  return mark === `,"sha256":"${seal}"}\n` ? content.subarray(before) : undefined;
}

async function readFrom(path: string, start: number): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    const content = new Uint8Array(Math.max(0, size - start));
    let filled = 0;
    while (filled < content.length) {
      const { bytesRead } = await handle.read(content, filled, content.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return content.subarray(0, filled);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return new Uint8Array(0);
    throw new HarnessError("STORE_MISSING", `Cannot read the audit log ${path}: ${errnoOf(cause) ?? String(cause)}`, {
      hint: "Check the path and its permissions.",
      cause,
    });
  } finally {
    await handle?.close();
  }
}

function sealProblem(line: string, previous: string | null): string | undefined {
  const content = `${line.slice(0, -SEAL_LENGTH)}}`;
  if (line.slice(-SEAL_LENGTH) !== `,"sha256":"${sha256(content)}"}`) return BROKEN_SEAL;
  const link = `,"prev":${previous === null ? "null" : `"${previous}"`}}`;
  return content.endsWith(link) ? undefined : BROKEN_CHAIN;
}

function parseLines(texts: readonly string[], path: string): unknown {
  // One text: a list of many small ones would be searched for repeated keys one by one.
  return parseJson(`[${texts.join(",")}]`, { what: path });
}

function damaged(path: string, line: number, why: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", `The audit log ${path} is damaged at line ${line}: ${why}`, {
    hint: "Restore it from a copy, or start a new log from the records that are whole: quantgate baselines health --repair.",
  });
}
