import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSecretName, REDACTED, redact, secretValues } from "../../harness/domain/redact.ts";

test("names of secrets are known in any spelling, and words that only contain one are none", () => {
  for (const name of [
    "TOKEN",
    "GITHUB_TOKEN",
    "apiKey",
    "OPENAI_API_KEY",
    "api-key",
    "aws_secret_access_key",
    "dbPassword",
    "Authorization",
    "x-auth-token",
    "client_secret",
    "AccountKey",
    "COOKIE",
  ]) {
    assert.equal(isSecretName(name), true, name);
  }
  for (const name of ["max_tokens", "tokenizer", "author", "key", "keyboard", "seed", "passes"]) {
    assert.equal(isSecretName(name), false, name);
  }
});

test("a secret is replaced by its field's name, by its value wherever it stands, and by its looks", () => {
  const env = { MY_TOKEN: "s3cr3t-value", SHORT_TOKEN: "ab", HOME: "/home/me" };
  const secrets = secretValues(env);
  assert.deepEqual(secrets, ["s3cr3t-value"]);
  const shown = redact(
    {
      api_key: "whatever",
      password: "",
      max_tokens: 512,
      headers: { Authorization: "Bearer abcdefgh12345678" },
      notes: ["with s3cr3t-value inside", "abc"],
      url: "https://user:pass@example.org/x?api_key=1234567&page=2&sig=zzz",
      text: "ghp_0123456789012345678901234567890123 and AKIAABCDEFGHIJKLMNOP and sk-abcdefghijklmnop1234",
      pem: "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter",
      header: "authorization: bearer abcdefgh12345678",
      jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    },
    secrets,
  );
  assert.deepEqual(shown, {
    api_key: REDACTED,
    password: "",
    max_tokens: 512,
    headers: { Authorization: REDACTED },
    notes: [`with ${REDACTED} inside`, "abc"],
    url: `https://${REDACTED}@example.org/x?api_key=${REDACTED}&page=2&sig=${REDACTED}`,
    text: `${REDACTED} and ${REDACTED} and ${REDACTED}`,
    pem: `${REDACTED}\nafter`,
    header: `authorization: bearer ${REDACTED}`,
    jwt: REDACTED,
  });
});

test("a secret that holds another is replaced whole", () => {
  const secrets = secretValues({ A_TOKEN: "abcdef", B_TOKEN: "abcdef-and-more" });
  assert.equal(redact("x abcdef-and-more y abcdef", secrets), `x ${REDACTED} y ${REDACTED}`);
});

test("no value of a secret is left anywhere, whatever document it was put into", () => {
  const secret = "Q7z!secret-of-36-characters-for-tests";
  const withSecret = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.string().map((text) => text + secret),
      fc.constant(secret),
      fc.integer(),
      fc.array(tie("node")),
      fc.dictionary(fc.string(), tie("node")),
    ),
  })).node;
  fc.assert(
    fc.property(withSecret, (document) => {
      assert.ok(!JSON.stringify(redact(document, [secret])).includes(secret));
    }),
  );
});
