import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LanguageControls, openLanguageRuntime } from "../../harness/pipeline/language/open-language-runtime.ts";
import { sendJson, serve } from "../fixtures/language/local-server.ts";

const { signal } = new AbortController();

function controls(more: Partial<LanguageControls>): LanguageControls {
  const base = { runtime: "openai", url: "http://127.0.0.1:9/v1", command: null, route: "native" } as const;
  return { ...base, api_key_env: null, load_timeout_sec: 10, ...more };
}

describe("openLanguageRuntime", () => {
  it("an address that holds a user, a password or a query is refused, and not repeated: it would stand in every artifact", () => {
    for (const url of ["http://me:hunter22@host/v1", "http://hunter22@host/v1", "http://host/v1?key=hunter22"]) {
      assert.throws(
        () => openLanguageRuntime(controls({ url }), {}),
        (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, "CONFIG_INVALID");
          assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter22/);
          return true;
        },
      );
    }
  });

  it("a key is sent without the line end that a file of settings left behind it", async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await serve(t, (request, response) => {
      seen.push(request.headers.authorization);
      sendJson(response, { data: [{ id: "tiny" }] });
    });
    const runtime = openLanguageRuntime(controls({ url, api_key_env: "KEY" }), { KEY: "secret-of-mine\r\n" });
    assert.deepEqual(await runtime.list({ signal }), ["tiny"]);
    assert.deepEqual(seen, ["Bearer secret-of-mine"]);
  });

  it("a key that is none is refused without being told", () => {
    for (const KEY of ["", " \n", "two words", "caf\u00e9-secret", undefined]) {
      assert.throws(
        () => openLanguageRuntime(controls({ api_key_env: "KEY" }), { KEY }),
        (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, "CONFIG_INVALID");
          assert.doesNotMatch(`${error.message} ${error.hint}`, /two words|secret/);
          return true;
        },
      );
    }
  });
});
