import { HarnessError } from "../../domain/errors.ts";
import type { TimedEvent } from "../../domain/language-runtime.ts";
import { type HttpReply, openHttp } from "../../platform/http-stream.ts";
import { parseWireJson } from "../../platform/json.ts";
import { KeyRepeated, textWithoutKey, withoutKey } from "./key-guard.ts";
import { oneLine } from "./one-line.ts";
import { readLines } from "./read-lines.ts";

/** A server at an address. */
export interface HttpClientOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Its name in messages, e.g. "llama-server". */
  readonly who: string;
  /** Sent as a bearer token; it appears in no message. */
  readonly apiKey: string | undefined;
}

export interface Exchange {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly stallTimeoutMs?: number;
}

/** The server asked to be left alone for a while. */
export class RetryLater extends HarnessError {
  /** Absent where the server did not say how long. */
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs: number | undefined) {
    super("RUNTIME_UNAVAILABLE", message, { hint: "Lower the rate of requests, or raise the quota." });
    this.afterMs = afterMs;
  }
}

/** The server refused the request itself, with this HTTP status and this body. */
export class Refused extends HarnessError {
  readonly status: number;
  readonly body: string;
  constructor(who: string, status: number, body: string) {
    super("RUNTIME_PROTOCOL", `${who} refused the request (HTTP ${status}): ${detailOf(body)}`, {
      hint: "The model's name or a setting may not be known to this server.",
    });
    this.status = status;
    this.body = body;
  }
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Requests to one server: bodies as JSON, statuses as typed errors, and its key kept out of every message. */
export class HttpClient {
  private readonly options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.options = options;
  }

  /** A reply that is read as it comes. Other statuses than 2xx reject: {@link RetryLater}, {@link Refused}, RUNTIME_CRASHED (5xx). */
  async open(path: string, body: object | undefined, exchange: Exchange): Promise<HttpReply> {
    const { baseUrl, who, apiKey } = this.options;
    try {
      const reply = await openHttp({
        url: `${baseUrl}${path}`,
        method: body === undefined ? "GET" : "POST",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
        who,
        ...exchange,
      });
      if (reply.status >= 200 && reply.status < 300) return reply;
      throw statusError(who, reply, await this.text(reply));
    } catch (error) {
      throw this.redacted(error);
    }
  }

  /** A whole reply as JSON. */
  async json(path: string, body: object | undefined, exchange: Exchange): Promise<unknown> {
    const reply = await this.open(path, body, exchange);
    const { who, apiKey } = this.options;
    try {
      return parseWireJson(textWithoutKey(await this.text(reply), apiKey), who);
    } catch (error) {
      throw this.redacted(error);
    }
  }

  /** The events of a reply, up to one that repeats the key. */
  guarded(events: AsyncIterable<TimedEvent>): AsyncGenerator<TimedEvent> {
    return withoutKey(events, this.options);
  }

  private async text(reply: HttpReply): Promise<string> {
    const lines: string[] = [];
    const limits = {
      who: this.options.who,
      maxBytes: MAX_BODY_BYTES,
      maxTotalBytes: MAX_BODY_BYTES,
      mayBeOpen: true,
    };
    for await (const line of readLines(reply.body, limits)) lines.push(line.text);
    return lines.join("\n");
  }

  /** A server may repeat the key in its answer. */
  redacted(error: unknown): unknown {
    const { apiKey } = this.options;
    if (apiKey === undefined || apiKey === "" || !(error instanceof HarnessError)) return error;
    if (error instanceof KeyRepeated) return error;
    if (!JSON.stringify([error.message, error.hint]).includes(apiKey) && !(error instanceof Refused)) return error;
    const clean = (text: string) => text.replaceAll(apiKey, "[api key]");
    if (error instanceof RetryLater) return new RetryLater(clean(error.message), error.afterMs);
    if (error instanceof Refused) return new Refused(this.options.who, error.status, clean(error.body));
    return new HarnessError(error.code, clean(error.message), { hint: clean(error.hint) });
  }
}

function statusError(who: string, { status, headers }: HttpReply, body: string): HarnessError {
  if (status === 429 || (status === 503 && headers["retry-after"] !== undefined)) {
    return new RetryLater(
      `${who} takes no more requests for now (HTTP ${status}): ${detailOf(body)}`,
      retryMs(headers),
    );
  }
  if (status === 401 || status === 403) {
    return new HarnessError("RUNTIME_UNAVAILABLE", `${who} does not accept the API key (HTTP ${status})`, {
      hint: "Name the environment variable that holds the key as api_key_env in the config.",
    });
  }
  if (status >= 400 && status < 500) return new Refused(who, status, body);
  if (status === 503) {
    return new HarnessError("RUNTIME_UNAVAILABLE", `${who} is not ready (HTTP 503): ${detailOf(body)}`, {
      hint: "Wait until it has loaded its model.",
    });
  }
  return new HarnessError("RUNTIME_CRASHED", `${who} failed (HTTP ${status}): ${detailOf(body)}`, {
    hint: "Look at the server's log.",
  });
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryMs(headers: HttpReply["headers"]): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value) - Date.now();
  return Number.isNaN(until) ? undefined : Math.max(0, until);
}

/** What a body says, in a line: its message where it is JSON in one of the usual forms. */
function detailOf(body: string): string {
  let text = body;
  try {
    const parsed = parseWireJson(body, "server") as { error?: unknown; message?: unknown } | null;
    const error = parsed?.error as { message?: unknown } | string | undefined;
    const message = typeof error === "object" ? error?.message : (error ?? parsed?.message);
    if (typeof message === "string") text = message;
  } catch {
    // Plain text.
  }
  return oneLine(text) || "no reason given";
}
