import { HarnessError } from "../../domain/errors.ts";
import type { TimedBytes } from "../../platform/http-stream.ts";

/** A line with the moment its last byte was read, seconds since the request was sent. */
export interface TimedLine {
  readonly atS: number;
  readonly text: string;
}

const NEWLINE = 10;

/**
 * Lines of a stream, without their ends (LF or CRLF). Bytes are decoded a whole line at a time, so that a character split between two
 * chunks is whole again. RUNTIME_PROTOCOL for bytes that are not UTF-8, for a line longer than `maxBytes`, for more than
 * `maxTotalBytes` in all, and for a last line without an end where `mayBeOpen` is not set.
 */
export async function* readLines(
  chunks: AsyncIterable<TimedBytes>,
  {
    who,
    maxBytes,
    maxTotalBytes = Number.POSITIVE_INFINITY,
    mayBeOpen = false,
  }: { who: string; maxBytes: number; maxTotalBytes?: number; mayBeOpen?: boolean },
): AsyncGenerator<TimedLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: Uint8Array[] = [];
  let size = 0;
  let total = 0;
  let atS = 0;
  const add = (bytes: Uint8Array) => {
    size += bytes.length;
    if (size > maxBytes) throw fault(`${who} sent a line of more than ${maxBytes} bytes`);
    if (bytes.length > 0) pending.push(bytes);
  };
  const take = (): TimedLine => {
    const bytes = pending.length === 1 ? (pending[0] as Uint8Array) : concat(pending, size);
    pending = [];
    size = 0;
    const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
    return { atS, text: decode(decoder, bytes.subarray(0, end), who) };
  };
  for await (const chunk of chunks) {
    atS = chunk.atS;
    total += chunk.bytes.length;
    if (total > maxTotalBytes) throw fault(`${who} sent more than ${maxTotalBytes} bytes`);
    let start = 0;
    for (;;) {
      const end = chunk.bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      add(chunk.bytes.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.bytes.subarray(start));
  }
  if (size === 0) return;
  if (!mayBeOpen) throw fault(`${who} ended its reply in the middle of a line`);
  yield take();
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, who: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new HarnessError("RUNTIME_PROTOCOL", `${who} sent bytes that are not UTF-8`, {
      hint: "The reply is not trusted. A server that cuts characters in two needs an update.",
      cause,
    });
  }
}

function fault(message: string): HarnessError {
  return new HarnessError("RUNTIME_PROTOCOL", message, { hint: "The reply is not trusted; look at the server's log." });
}
