import type { Duplex } from "node:stream";
import { deserialize, serialize } from "node:v8";

/**
 * Messages (anything structured cloning takes, typed arrays included) over a byte stream: "QGF1", length as u32 big-endian, V8's
 * serialization. Node's own channel throws an exception that nobody can catch when a child sends garbage; here it is a fault.
 */
export interface FrameChannel {
  send(message: unknown): void;
}

const MAGIC = 0x51474631;
const HEADER_BYTES = 8;
const MAX_BYTES = 2 ** 31;

/** Speaks frames on `stream`. After the first fault nothing more is read. */
export function frameChannel(
  stream: Duplex,
  handlers: { onMessage: (message: unknown) => void; onFault: (reason: string) => void },
): FrameChannel {
  let pieces: Buffer[] = [];
  let held = 0;
  /** Bytes that make the next step possible: a header, or a header and its message. One join a step, not one a piece. */
  let waitFor = HEADER_BYTES;
  let isBroken = false;

  const fault = (reason: string): void => {
    isBroken = true;
    pieces = [];
    handlers.onFault(reason);
  };
  const readHeader = (bytes: Buffer): void => {
    const length = bytes.readUInt32BE(4);
    if (bytes.readUInt32BE(0) !== MAGIC || length === 0) fault("it sent bytes that are no message");
    else if (length > MAX_BYTES) fault("it announced a message that is too long");
    else waitFor = HEADER_BYTES + length;
  };
  const readMessage = (bytes: Buffer): void => {
    let message: unknown;
    try {
      message = deserialize(bytes.subarray(HEADER_BYTES, waitFor));
    } catch {
      fault("it sent a message that cannot be read");
      return;
    }
    pieces = [bytes.subarray(waitFor)];
    held -= waitFor;
    waitFor = HEADER_BYTES;
    handlers.onMessage(message);
  };

  stream.on("data", (chunk: Buffer) => {
    if (isBroken) return;
    pieces.push(chunk);
    held += chunk.length;
    while (!isBroken && held >= waitFor) {
      const joined = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      pieces = [joined];
      if (waitFor === HEADER_BYTES) readHeader(joined);
      else readMessage(joined);
    }
  });
  // The other side's end is seen by whoever owns the process; a write into a closed pipe is no fault.
  stream.on("error", () => undefined);

  return {
    send(message) {
      const body = serialize(message);
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(MAGIC, 0);
      header.writeUInt32BE(body.length, 4);
      if (!stream.writable) return;
      stream.cork();
      stream.write(header);
      stream.write(body);
      stream.uncork();
    },
  };
}
