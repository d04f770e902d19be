import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ContextCeiling } from "../../harness/domain/generated/context-ceiling-v1.ts";
import { contextThresholds } from "../../harness/pipeline/context-ceiling.ts";
import { sweepContexts } from "../../harness/pipeline/context-sweep.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { fakeLanguageModel } from "../fixtures/fake-language-model.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

async function stored(folder: string): Promise<void> {
  await sweepContexts({
    runtime: fakeLanguageModel({ acceptsUpTo: 1024 }),
    model: { name: "fake" },
    modelId: "fake",
    quantTag: "Q8_0",
    contexts: [512, 1024, 2048],
    thresholds: contextThresholds("safe"),
    lane: "lab",
    profile: "safe",
    summaryTemplate: "results/context_{context}.json",
    cwd: folder,
  });
}

describe("quantgate context ceiling", () => {
  it("shows a line a length and the ceiling, writes the artifact, and check finds it in order", async (t) => {
    const cwd = await scratchFolder(t);
    await stored(cwd);
    const args = ["context", "ceiling", "--contexts", "512,1024,2048", "--out", "results/context_ceiling.json"];
    const shown = await runCli(args, { cwd });
    assert.deepEqual([shown.code, shown.stderr], [0, ""]);
    assert.match(shown.stdout, /1,024 +960 +100 % \[\d+ %, 100 %\] +100 % +10\.0 ms +100\S* +PASS\n/);
    assert.match(shown.stdout, /2,048 +refused .*FAIL \(truncated\)/);
    assert.match(shown.stdout, /Use up to 1024 tokens\./);
    const checked = await runCli(["check", "--context", "results/context_ceiling.json"], { cwd });
    assert.deepEqual([checked.code, checked.stderr], [0, ""]);
    assert.match(checked.stdout, /its points and ceiling are what its summaries give/);
  });

  it("limits of the command line beat the profile's, and no ceiling is exit code 3", async (t) => {
    const cwd = await scratchFolder(t);
    await stored(cwd);
    const { code, stdout } = await runCli(
      ["context", "ceiling", "--contexts", "512", "--ttft-ceiling-ms", "5", "--json"],
      { cwd },
    );
    assert.equal(code, 3);
    const artifact = JSON.parse(stdout) as ContextCeiling;
    assert.deepEqual([artifact.safe_context_ceiling, artifact.thresholds.ttft_ceiling_ms], [null, 5]);
    assert.deepEqual(artifact.points[0]?.reasons, ["TTFT_ABOVE_CEILING"]);
  });

  it("keeps a history, and says what the ceiling was before", async (t) => {
    const cwd = await scratchFolder(t);
    await stored(cwd);
    const args = ["context", "ceiling", "--storage-root", "kept", "--contexts"];
    assert.equal((await runCli([...args, "512"], { cwd })).code, 0);
    const { stdout } = await runCli([...args, "512,1024"], { cwd });
    assert.match(stdout, /Before \(\d{4}-\d\d-\d\d\) the ceiling was 512\./);
  });

  it("a missing summary is exit code 6, auto and words for numbers are 2", async (t) => {
    const cwd = await scratchFolder(t);
    const missing = await runCli(["context", "ceiling", "--contexts", "512"], { cwd });
    assertRefused(missing, { exitCode: 6, code: "STORE_MISSING", says: /context_512\.json/, hint: /context sweep/ });
    const auto = await runCli(["context", "ceiling", "--contexts", "auto"], { cwd });
    assertRefused(auto, { exitCode: 2, code: "CONFIG_USAGE", says: /named by their lengths/ });
    const word = await runCli(["context", "ceiling", "--contexts", "many"], { cwd });
    assertRefused(word, { exitCode: 2, code: "CONFIG_USAGE", says: /auto, or whole numbers/ });
  });
});

describe("quantgate context sweep", () => {
  it("without a server is exit code 5, without a key 2, and the key's value is never said", async (t) => {
    const cwd = await scratchFolder(t);
    const base = ["context", "sweep", "--model", "m", "--url", "http://127.0.0.1:9", "--contexts", "512"];
    const dead = await runCli([...base, "--runtime", "ollama"], { cwd });
    assertRefused(dead, { exitCode: 5, code: "RUNTIME_UNAVAILABLE", says: /./ });
    const key = await runCli([...base, "--runtime", "openai", "--api-key-env", "NO_SUCH_KEY"], { cwd });
    assertRefused(key, { exitCode: 2, code: "CONFIG_INVALID", says: /NO_SUCH_KEY is not set/ });
    const secret = await runCli([...base, "--runtime", "openai", "--api-key-env", "THE_KEY"], {
      cwd,
      env: { THE_KEY: "s3cret" },
    });
    assert.ok(!`${secret.stdout}${secret.stderr}`.includes("s3cret"));
    assert.equal(secret.code, 5);
  });
});
