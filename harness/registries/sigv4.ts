import { createHmac } from "node:crypto";
import { sha256 } from "../platform/digest.ts";

// AWS Signature Version 4, with the Authorization header (AWS General Reference: "Create a signed AWS API request").

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  /** `s3`, or another service. */
  readonly service: string;
}

export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  /** All are signed. `host` is added, and `x-amz-date`; S3 also wants `x-amz-content-sha256`. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hexadecimal. */
  readonly payloadSha256: string;
  readonly atMs: number;
}

/** The request's headers with date, token and Authorization. */
export function signRequest(key: SigningKey, request: RequestToSign): Record<string, string> {
  const stamp = new Date(request.atMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const headers: Record<string, string> = {
    ...lowerCased(request.headers),
    host: request.url.host,
    "x-amz-date": stamp,
    ...(key.sessionToken === undefined ? {} : { "x-amz-security-token": key.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    canonicalPath(request.url, key.service),
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${(headers[name] as string).trim().replaceAll(/ +/g, " ")}`),
    "",
    names.join(";"),
    request.payloadSha256,
  ].join("\n");
  const day = stamp.slice(0, 8);
  const scope = `${day}/${key.region}/${key.service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
  const hmac = (secret: string | Uint8Array, text: string) => createHmac("sha256", secret).update(text).digest();
  const dayKey = hmac(`AWS4${key.secretAccessKey}`, day);
  const signingKey = hmac(hmac(hmac(dayKey, key.region), key.service), "aws4_request");
  const signature = createHmac("sha256", signingKey).update(toSign).digest("hex");
  const credential = `Credential=${key.accessKeyId}/${scope}`;
  headers["authorization"] = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return headers;
}

/** Percent-encoding of everything but RFC 3986's unreserved characters. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** S3 signs the path as it is sent; the other services encode it once more. */
function canonicalPath(url: URL, service: string): string {
  const sent = url.pathname === "" ? "/" : url.pathname;
  return service === "s3" ? sent : sent.split("/").map(encodeSegment).join("/");
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => [encodeSegment(name), encodeSegment(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
