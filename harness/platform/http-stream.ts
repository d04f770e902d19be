import type { ClientRequest, IncomingMessage } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { Socket } from "node:net";
import { HarnessError } from "../domain/errors.ts";
import { AsyncQueue } from "./async-queue.ts";

export interface HttpRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The exchange as a whole ends after this long (RUNTIME_TIMEOUT). */
  readonly timeoutMs: number;
  /** So does one in which nothing arrives for this long, headers included. Default: timeoutMs. */
  readonly stallTimeoutMs?: number;
  readonly signal: AbortSignal;
  /** Who is asked, for error messages. */
  readonly who: string;
}

/** Bytes with the moment they were read: seconds since the request was sent. */
export interface TimedBytes {
  readonly atS: number;
  readonly bytes: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Seconds from sending the request to the reply's headers. */
  readonly headersS: number;
  /** Seconds since the request was sent. */
  readonly elapsedS: () => number;
  /** Must be read to its end, or left with `return()`; either frees the connection. */
  readonly body: AsyncIterable<TimedBytes>;
}

/**
 * One exchange on a connection of its own, so that no idle connection is reused that the server has just given up. Time zero is when
 * the connection stands and the request goes out: setting it up is no part of a reply's time. Each chunk's time is taken in the very
 * callback that hands over its bytes.
 */
export function openHttp(options: HttpRequest): Promise<HttpReply> {
  const { who, signal } = options;
  if (signal.aborted) return Promise.reject(signal.reason);
  const target = urlOf(options);
  const open = target.protocol === "https:" ? requestSecure : requestPlain;
  const queue = new AsyncQueue<TimedBytes>();
  const watch = watchTimes(options, (error) => fail(error));
  let sentMs = performance.now();
  let fail: (error: unknown) => void = () => undefined;
  return new Promise<HttpReply>((resolve, reject) => {
    let request: ClientRequest;
    try {
      const headers = { ...options.headers, connection: "close", ...lengthOf(options.body) };
      request = open(target, { method: options.method, agent: false, headers });
    } catch (cause) {
      watch.stop();
      throw new HarnessError("CONFIG_INVALID", `The request to ${who} cannot be sent: ${(cause as Error).message}`, {
        hint: "A header, such as the API key, holds a character that none may hold.",
      });
    }
    const onAbort = () => fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = () => {
      watch.stop();
      signal.removeEventListener("abort", onAbort);
    };
    fail = (error) => {
      settle();
      const wrapped = error === signal.reason && signal.aborted ? error : asHarnessError(error, who);
      queue.end(wrapped);
      reject(wrapped);
      request.destroy();
    };
    request.on("error", fail);
    request.on("socket", (socket: Socket) => {
      socket.setNoDelay(true);
      const isReady = target.protocol === "https:" ? "secureConnect" : "connect";
      socket.once(isReady, () => {
        sentMs = performance.now();
      });
    });
    request.on("response", (reply: IncomingMessage) => {
      const headersS = (performance.now() - sentMs) / 1000;
      watch.alive();
      reply.on("data", (bytes: Uint8Array) => {
        queue.push({ atS: (performance.now() - sentMs) / 1000, bytes });
        watch.alive();
      });
      reply.on("end", () => {
        settle();
        queue.end(undefined);
      });
      reply.on("error", fail);
      reply.on("close", () => {
        if (!reply.complete) fail(Object.assign(new Error("the reply was cut off"), { code: "ECONNRESET" }));
      });
      resolve({
        status: reply.statusCode ?? 0,
        headers: reply.headers,
        headersS,
        elapsedS: () => (performance.now() - sentMs) / 1000,
        body: queue.read(() => {
          settle();
          request.destroy();
        }),
      });
    });
    request.end(options.body);
  });
}

function watchTimes({ timeoutMs, stallTimeoutMs = timeoutMs, who }: HttpRequest, fail: (error: unknown) => void) {
  const late = (what: string, ms: number) => () =>
    fail(
      new HarnessError("RUNTIME_TIMEOUT", `${who} ${what} within ${ms / 1000} s`, {
        hint: "Raise the timeout if the model is that slow; else look at the server's log.",
      }),
    );
  const whole = setTimeout(late("did not finish its reply", timeoutMs), timeoutMs);
  const stall = setTimeout(late("sent nothing", stallTimeoutMs), stallTimeoutMs);
  return {
    alive: () => void stall.refresh(),
    stop: () => {
      clearTimeout(whole);
      clearTimeout(stall);
    },
  };
}

function urlOf({ url, who }: HttpRequest): URL {
  try {
    const parsed = new URL(url);
    if (parsed.protocol === "http:" || parsed.protocol === "https:") return parsed;
  } catch {
    // Falls through.
  }
  throw new HarnessError("CONFIG_INVALID", `The address of ${who} is no http or https URL`, {
    hint: "Write it as http://127.0.0.1:8080.",
  });
}

function lengthOf(body: string | undefined): Record<string, string | number> {
  return body === undefined
    ? {}
    : { "content-type": "application/json", "content-length": new TextEncoder().encode(body).length };
}

function asHarnessError(error: unknown, who: string): unknown {
  if (error instanceof HarnessError) return error;
  const code = (error as { code?: unknown }).code;
  const isThere = !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(String(code));
  const why = error instanceof Error ? error.message : String(error);
  return isThere
    ? new HarnessError("RUNTIME_CRASHED", `${who} broke the connection off: ${why}`, {
        hint: "Look at the server's log: it may have crashed, or run out of memory.",
        cause: error,
      })
    : new HarnessError("RUNTIME_UNAVAILABLE", `${who} cannot be reached: ${why}`, {
        hint: "Start the server, or correct its address in the config.",
        cause: error,
      });
}
