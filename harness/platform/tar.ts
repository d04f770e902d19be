import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { HarnessError } from "../domain/errors.ts";

const BLOCK = 512;
/** Fields of a header block (POSIX.1-1988 ustar): offset and length. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const PREFIX = [345, 155] as const;

/** A regular file in an archive, with its content in pieces. */
export interface TarChunk {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The file ends with this piece. */
  readonly isLast: boolean;
}

/**
 * Regular files of a .tar.gz, streamed; other kinds of entries are passed over. Nothing is written, so names cannot do harm.
 * STORE_CORRUPT for what is no whole archive. Names beyond 255 characters (GNU, pax) are not read: such entries keep a cut name.
 */
export async function* readTarGz(path: string, signal: AbortSignal): AsyncGenerator<TarChunk> {
  const source = createReadStream(path, { signal }).on("error", (error) => unzipped.destroy(error));
  const unzipped = source.pipe(createGunzip());
  let rest: Buffer = Buffer.alloc(0);
  let entry: { name: string; left: number; padding: number; isFile: boolean } | undefined;
  let isEnded = false;
  try {
    for await (const piece of unzipped) {
      rest = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
      for (;;) {
        if (entry === undefined) {
          if (rest.length < BLOCK || isEnded) break;
          const header = rest.subarray(0, BLOCK);
          rest = rest.subarray(BLOCK);
          if (header.every((byte) => byte === 0)) {
            isEnded = true;
            break;
          }
          entry = readHeader(header, path);
          if (entry.isFile && entry.left === 0) yield { name: entry.name, bytes: new Uint8Array(0), isLast: true };
        } else if (entry.left > 0) {
          if (rest.length === 0) break;
          const bytes: Buffer = rest.subarray(0, entry.left);
          rest = rest.subarray(bytes.length);
          entry.left -= bytes.length;
          if (entry.isFile) yield { name: entry.name, bytes, isLast: entry.left === 0 };
        } else {
          if (rest.length < entry.padding) break;
          rest = rest.subarray(entry.padding);
          entry = undefined;
        }
      }
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof HarnessError) throw cause;
    throw broken(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!isEnded) throw broken(path, "it ends before its end mark");
}

function readHeader(header: Buffer, path: string): { name: string; left: number; padding: number; isFile: boolean } {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) {
    // The checksum counts its own field as spaces.
    sum += i >= CHECKSUM[0] && i < CHECKSUM[0] + CHECKSUM[1] ? 0x20 : (header[i] as number);
  }
  if (sum !== octal(header, CHECKSUM)) throw broken(path, "a header does not match its checksum");
  const left = octal(header, SIZE);
  if (!Number.isSafeInteger(left)) throw broken(path, "a header has no size");
  const prefix = text(header, PREFIX);
  const type = String.fromCharCode(header[TYPE] as number);
  return {
    name: prefix === "" ? text(header, NAME) : `${prefix}/${text(header, NAME)}`,
    left,
    padding: (BLOCK - (left % BLOCK)) % BLOCK,
    isFile: type === "0" || type === "\0",
  };
}

function text(header: Buffer, [start, length]: readonly [number, number]): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString("utf8");
}

function octal(header: Buffer, field: readonly [number, number]): number {
  const digits = text(header, field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function broken(path: string, why: string, cause?: unknown): HarnessError {
  return new HarnessError("STORE_CORRUPT", `${path} is no whole .tar.gz: ${why}.`, {
    hint: "Remove it and fetch it again.",
    ...(cause === undefined ? {} : { cause }),
  });
}
