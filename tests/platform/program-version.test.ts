import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programVersion } from "../../harness/platform/program-version.ts";

const { signal } = new AbortController();
/** A program that ignores its arguments and does this. */
const doing = (code: string): [string, ...string[]] => [process.execPath, "-e", code, "--"];

describe("programVersion", () => {
  it("reads the line that names a version, on either output, in one line without control characters", async () => {
    const cases: [string, string | undefined][] = [
      ['console.log("version: 4567 (abcdef1)\\nbuilt with cc for x86_64")', "4567 (abcdef1)"],
      [
        'console.error("loading backend\\nversion: 0.6.0-dev (build 0, commit unknown)")',
        "0.6.0-dev (build 0, commit unknown)",
      ],
      ['console.log("llama-cpp version 3.1\\u001b[0m\\tbeta")', "3.1 [0m beta"],
      ['console.log("usage: program FILE")', undefined],
    ];
    for (const [code, version] of cases) assert.equal(await programVersion(doing(code), { signal }), version, code);
  });

  it("a program that begins its work instead is ended, and one that is not there has no version", async () => {
    const works = doing('console.log("version: 9"); setInterval(() => {}, 1000)');
    assert.equal(await programVersion(works, { signal, timeoutMs: 300 }), undefined);
    assert.equal(await programVersion(["/no/such/program"], { signal }), undefined);
  });

  it("an abort ends the question and is told", async () => {
    const works = doing("setInterval(() => {}, 1000)");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    await assert.rejects(programVersion(works, { signal: controller.signal }), { name: "AbortError" });
  });
});
