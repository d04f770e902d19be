import { createHash } from "node:crypto";
import { HarnessError } from "../domain/errors.ts";
import type { ModelFile, SharedObjects } from "../domain/registry-port.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { type TransferReply, type TransferRequest, transfer } from "../platform/http-transfer.ts";
import { refusal } from "./http-refusal.ts";
import { requireKey } from "./require-key.ts";
import { encodeSegment, type SigningKey, signRequest } from "./sigv4.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty for none. */
  readonly prefix: string;
  /** Server that takes the bucket in the path; undefined: AWS, with the bucket in the host's name. */
  readonly endpoint: URL | undefined;
  readonly key: SigningKey;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** S3 takes no larger object in one request. */
const MOST_BYTES = 5 * 2 ** 30;
const UPDATE_TRIES = 5;
const NOTHING = sha256("");

/** An S3-compatible bucket. A PUT is whole or did not happen; the server checks the signed digest of what it gets. */
export class S3Objects implements SharedObjects {
  readonly #place: S3Place;

  constructor(place: S3Place) {
    this.#place = place;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.#read(key))?.body;
  }

  async digest(key: string): Promise<string | undefined> {
    const hash = createHash("sha256");
    const reply = await this.#send("GET", key, { onBytes: (bytes) => hash.update(bytes) });
    if (isNoSuchKey(reply)) return undefined;
    this.#expectSuccess(reply);
    return hash.digest("hex");
  }

  async put(key: string, content: ModelFile | Uint8Array): Promise<void> {
    if (!(content instanceof Uint8Array) && content.bytes > MOST_BYTES) {
      throw new HarnessError("CONFIG_MODEL_INVALID", `${content.path} is larger than the 5 GiB of one S3 request`, {
        hint: "Publish it to a folder registry, or send it with the provider's own tool.",
      });
    }
    this.#expectSuccess(await this.#send("PUT", key, { body: content }));
  }

  async copy(from: string, to: string): Promise<void> {
    const source = `/${encodeSegment(this.#place.bucket)}${this.#keyPath(from)}`;
    this.#expectSuccess(await this.#send("PUT", to, { headers: { "x-amz-copy-source": source } }));
  }

  async update(key: string, change: (current: Uint8Array | undefined) => Uint8Array): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const current = await this.#read(key);
      const tag = current?.headers["etag"];
      const condition: Record<string, string> =
        typeof tag === "string" ? { "if-match": tag } : { "if-none-match": "*" };
      const reply = await this.#send("PUT", key, { body: change(current?.body), headers: condition });
      // 412: somebody else was faster; 409: somebody is at it.
      if (attempt < UPDATE_TRIES && (reply.status === 412 || reply.status === 409)) continue;
      this.#expectSuccess(reply);
      return;
    }
  }

  async #read(key: string): Promise<TransferReply | undefined> {
    const reply = await this.#send("GET", key, {});
    if (isNoSuchKey(reply)) return undefined;
    this.#expectSuccess(reply);
    return reply;
  }

  async #send(
    method: "GET" | "PUT",
    key: string,
    {
      body,
      headers = {},
      onBytes,
    }: Pick<TransferRequest, "onBytes"> & {
      readonly body?: ModelFile | Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<TransferReply> {
    const { bucket, endpoint, key: signingKey, signal, clock = systemClock } = this.#place;
    const base = endpoint?.href.replace(/\/$/, "") ?? `https://${bucket}.s3.${signingKey.region}.amazonaws.com`;
    const url = new URL(`${base}${endpoint === undefined ? "" : `/${encodeSegment(bucket)}`}${this.#keyPath(key)}`);
    const payloadSha256 = body === undefined ? NOTHING : body instanceof Uint8Array ? sha256(body) : body.sha256;
    const all = { ...headers, "x-amz-content-sha256": payloadSha256 };
    return transfer({
      method,
      url,
      headers: signRequest(signingKey, { method, url, headers: all, payloadSha256, atMs: clock.wallMs() }),
      ...(body === undefined ? {} : { body }),
      ...(onBytes === undefined ? {} : { onBytes }),
      signal,
      who: this.#who(),
    });
  }

  /** Percent-encoded, with a slash before it. */
  #keyPath(key: string): string {
    const whole = this.#place.prefix === "" ? requireKey(key) : `${this.#place.prefix}/${requireKey(key)}`;
    return `/${whole.split("/").map(encodeSegment).join("/")}`;
  }

  #who(): string {
    const { bucket, endpoint } = this.#place;
    return `The bucket ${bucket}${endpoint === undefined ? "" : ` at ${endpoint.host}`}`;
  }

  #expectSuccess(reply: TransferReply): void {
    const text = new TextDecoder().decode(reply.body);
    // A copy that breaks off on the server says so in a reply of status 200.
    const isError = /^\s*(?:<\?xml[^>]*\?>)?\s*<Error>/.test(text);
    if (reply.status < 300 && !isError) return;
    const status = reply.status < 300 ? 500 : reply.status;
    const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
    throw refusal(this.#who(), { ...reply, status }, `${part("Code")} ${part("Message")}`, this.#place.env);
  }
}

/** A missing bucket has the same status and is no answer about the key. */
function isNoSuchKey({ status, body }: TransferReply): boolean {
  return status === 404 && !new TextDecoder().decode(body).includes("NoSuchBucket");
}
