import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../../harness/platform/digest.ts";
import { type RequestToSign, type SigningKey, signRequest } from "../../harness/registries/sigv4.ts";

// Published by AWS as examples: the Signature Version 4 test suite, and "Signature Calculations for the Authorization Header" of S3.
const SUITE: SigningKey = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
  service: "service",
};
const S3: SigningKey = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
  service: "s3",
};
const SUITE_TIME = Date.UTC(2015, 7, 30, 12, 36, 0);
const S3_TIME = Date.UTC(2013, 4, 24);

interface Vector {
  readonly title: string;
  readonly key: SigningKey;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signature: string;
}

const bucket = "https://examplebucket.s3.amazonaws.com";
const VECTORS: readonly Vector[] = [
  {
    title: "get-vanilla",
    key: SUITE,
    method: "GET",
    url: "https://example.amazonaws.com/",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    title: "get-vanilla-query-order-key-case",
    key: SUITE,
    method: "GET",
    url: "https://example.amazonaws.com/?Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  {
    title: "post-vanilla",
    key: SUITE,
    method: "POST",
    url: "https://example.amazonaws.com/",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    title: "S3: GET with a range",
    key: S3,
    method: "GET",
    url: `${bucket}/test.txt`,
    headers: { range: "bytes=0-9" },
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  {
    title: "S3: PUT of an object whose key needs encoding",
    key: S3,
    method: "PUT",
    url: `${bucket}/test%24file.text`,
    headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    body: "Welcome to Amazon S3.",
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  {
    title: "S3: a parameter without a value",
    key: S3,
    method: "GET",
    url: `${bucket}/?lifecycle`,
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    title: "S3: parameters in order",
    key: S3,
    method: "GET",
    url: `${bucket}/?max-keys=2&prefix=J`,
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
];

function sign({ key, method, url, headers = {}, body = "" }: Vector): Record<string, string> {
  const payloadSha256 = sha256(body);
  const request: RequestToSign = {
    method,
    url: new URL(url),
    headers: key.service === "s3" ? { ...headers, "x-amz-content-sha256": payloadSha256 } : headers,
    payloadSha256,
    atMs: key.service === "s3" ? S3_TIME : SUITE_TIME,
  };
  return signRequest(key, request);
}

describe("AWS Signature Version 4", () => {
  for (const vector of VECTORS) {
    it(`signs the published example: ${vector.title}`, () => {
      assert.match(sign(vector)["authorization"] ?? "", new RegExp(`Signature=${vector.signature}$`));
    });
  }

  it("signs the session's token, and never sends the secret", () => {
    const vector = VECTORS[3] as Vector;
    const headers = sign({ ...vector, key: { ...vector.key, sessionToken: "the-token" } });
    assert.equal(headers["x-amz-security-token"], "the-token");
    assert.match(headers["authorization"] ?? "", /SignedHeaders=[^,]*x-amz-security-token/);
    assert.ok(!JSON.stringify(headers).includes(S3.secretAccessKey));
  });
});
