import { createReadStream } from "node:fs";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { HarnessError } from "../domain/errors.ts";

export interface TransferRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, or a file of a known size. */
  readonly body?: Uint8Array | { readonly path: string; readonly bytes: number };
  /** Takes a successful reply's body piece by piece; without it, the body is returned whole. */
  readonly onBytes?: (bytes: Uint8Array) => void;
  /** An exchange in which nothing moves for this long has failed. */
  readonly stallMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Who is asked, for error messages; no credentials. */
  readonly who: string;
}

export interface TransferReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty where `onBytes` took it. */
  readonly body: Uint8Array;
}

const STALL_MS = 60_000;

/**
 * One HTTP exchange of any size in either direction. A status of 300 or more is a reply like any other; redirects are not followed, so
 * that credentials go nowhere else. REGISTRY_UNAVAILABLE where no whole reply comes.
 */
export function transfer(request: TransferRequest): Promise<TransferReply> {
  const { url, signal, body, onBytes } = request;
  signal?.throwIfAborted();
  const open = url.protocol === "https:" ? requestSecure : requestPlain;
  const length =
    body === undefined ? {} : { "content-length": String(body instanceof Uint8Array ? body.length : body.bytes) };
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method: request.method, headers: { ...request.headers, ...length }, agent: false });
    const onAbort = () => outgoing.destroy(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
    const fail = (error: unknown) => {
      signal?.removeEventListener("abort", onAbort);
      outgoing.destroy();
      reject(signal?.aborted ? signal.reason : unavailable(request.who, error));
    };
    outgoing.setTimeout(request.stallMs ?? STALL_MS, () => fail(new Error("nothing moved for too long")));
    outgoing.on("error", fail);
    outgoing.on("response", (reply) => {
      const status = reply.statusCode ?? 0;
      const chunks: Uint8Array[] = [];
      const isStreamed = onBytes !== undefined && status < 300;
      reply.on("data", (chunk: Uint8Array) => (isStreamed ? onBytes(chunk) : chunks.push(chunk)));
      reply.on("error", fail);
      reply.on("close", () => {
        if (!reply.complete) fail(new Error("the reply was cut off"));
      });
      reply.on("end", () => {
        signal?.removeEventListener("abort", onAbort);
        // What the server refused unread need not be sent to its end.
        if (!outgoing.writableFinished) outgoing.destroy();
        resolve({ status, headers: reply.headers, body: Buffer.concat(chunks) });
      });
    });
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
    else createReadStream(body.path).on("error", fail).pipe(outgoing);
  });
}

function unavailable(who: string, error: unknown): HarnessError {
  const why = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
  return new HarnessError("REGISTRY_UNAVAILABLE", `${who} cannot be reached, or broke off: ${why}`, {
    hint: "Nothing names the new version yet. Run the command again when the server is there: it goes on where it stopped.",
    cause: error,
  });
}
