import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../domain/errors.ts";
import { makeFolders } from "./files.ts";

export interface DownloadRequest {
  readonly url: string;
  /** Where what has arrived so far is kept, and found again by the next attempt or run. */
  readonly partPath: string;
  /** Size of the whole. */
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly onBytes?: (done: number) => void;
  /** Pauses between attempts, ms; one more attempt than pauses. */
  readonly pausesMs?: readonly number[];
  /** An attempt in which nothing arrives for this long has failed. */
  readonly stallMs?: number;
}

const PAUSES_MS = [500, 2000, 5000, 10_000];
const STALL_MS = 30_000;

/**
 * Gets a file of known size, going on where an earlier attempt stopped. Redirects are followed. Says nothing about content: the caller
 * checks the digest. RUNTIME_UNAVAILABLE when the server cannot be reached, refuses, or keeps cutting the connection.
 */
export async function download(request: DownloadRequest): Promise<void> {
  const { url, partPath, bytes, signal, pausesMs = PAUSES_MS } = request;
  await makeFolders(dirname(partPath));
  let last: unknown;
  for (let attempt = 0; attempt <= pausesMs.length; attempt++) {
    if (attempt > 0) await sleep(pausesMs[attempt - 1], undefined, { signal });
    const done = await sizeOf(partPath);
    if (done === bytes) return;
    // More than there can be: another file under the same name.
    if (done > bytes) await rm(partPath);
    try {
      await getRest(request, done > bytes ? 0 : done);
      if ((await sizeOf(partPath)) === bytes) return;
      last = new Error(`the connection ended after ${await sizeOf(partPath)} of ${bytes} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refusal && error.isFinal) {
        last = error;
        break;
      }
      last = error;
    }
  }
  throw new HarnessError("RUNTIME_UNAVAILABLE", `Could not get ${url}: ${reasonOf(last)}.`, {
    hint: "Check the network, or run the command again later: what has arrived is kept.",
    cause: last,
  });
}

/** A status that is no answer to what was asked. */
class Refusal extends Error {
  readonly isFinal: boolean;

  constructor(status: number) {
    super(`the server answered with status ${status}`);
    // Too many requests and the server's own faults may pass.
    this.isFinal = status < 500 && status !== 408 && status !== 429;
  }
}

async function getRest(
  { url, partPath, signal, onBytes, stallMs = STALL_MS }: DownloadRequest,
  from: number,
): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(new Error("nothing arrived for too long")), stallMs);
  const arrived = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Error("nothing arrived for too long")), stallMs);
  };
  const both = AbortSignal.any([signal, stalled.signal]);
  try {
    const reply = await fetch(url, {
      headers: { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
      signal: both,
    });
    arrived();
    // A server that cannot resume sends the whole again.
    const isRest = reply.status === 206 && startOf(reply) === from;
    if (!isRest && reply.status !== 200) {
      await reply.body?.cancel();
      if (reply.status === 416 || reply.status === 206) await rm(partPath, { force: true });
      throw new Refusal(reply.status === 416 || reply.status === 206 ? 500 : reply.status);
    }
    if (reply.body === null) throw new Error("the reply has no body");
    let done = isRest ? from : 0;
    const body = Readable.fromWeb(reply.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on("data", (chunk: Uint8Array) => {
      done += chunk.length;
      arrived();
      onBytes?.(done);
    });
    await pipeline(body, createWriteStream(partPath, { flags: isRest ? "a" : "w" }), { signal: both });
  } finally {
    clearTimeout(timer);
  }
}

/** First byte of a partial reply. */
function startOf(reply: Response): number | undefined {
  const match = /^bytes (\d+)-/.exec(reply.headers.get("content-range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause.message : undefined;
  return (inner === undefined || inner === "" ? error.message : inner).replace(/\.$/, "");
}
