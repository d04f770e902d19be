import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli, startCli } from "../fixtures/cli.ts";
import { listing, onlyRun } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

const model = join(packageRoot(), "configs/digits/digits-cnn.onnx");
const ESCAPE = "\u001b";

test("sweep prints its result to stdout and its progress to stderr, without color in pipes", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  const { code, stdout, stderr } = await runCli(["sweep", "config.json"], { cwd });
  assert.equal(code, 0);
  assert.match(stdout, /^quantgate · case · 1,500 items .*SIMULATED/);
  assert.match(stdout, /\nfp32 .*baseline/);
  assert.match(stdout, /\ngood8 .*PASS\n/);
  assert.match(stdout, /\nlossy4 .*FAIL/);
  assert.match(stdout, /\nShip good8: /);
  assert.match(stdout, /\nsummary {2}results\/\S+\/summary\.md\s/);
  assert.match(stderr, /canary ok/);
  assert.match(stderr, /100 % · 27\/27 trials/);
  assert.ok(!`${stdout}${stderr}`.includes(ESCAPE));
});

test("FORCE_COLOR colors a pipe, and NO_COLOR has the last word", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, simulatedBody());
  await runCli(["sweep", "config.json", "--json"], { cwd });
  const again = (env: Record<string, string>) => runCli(["gate", "--run", "latest"], { cwd, env });
  const [plain, forced, refused] = await Promise.all([
    again({}),
    again({ FORCE_COLOR: "1" }),
    again({ FORCE_COLOR: "1", NO_COLOR: "1" }),
  ]);
  assert.ok(forced.stdout.includes(ESCAPE));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colors are control characters
  assert.equal(forced.stdout.replaceAll(/\u001b\[\d+(;\d+)*m/g, ""), plain.stdout);
  assert.ok(!plain.stdout.includes(ESCAPE));
  assert.equal(refused.stdout, plain.stdout);
});

describe("--json prints JSON alone", async () => {
  it("from sweep, the summary, which is also what is stored; from gate and check what they found", async (t) => {
    const cwd = await scratchFolder(t);
    writeConfig(cwd, simulatedBody());
    const swept = await runCli(["sweep", "config.json", "--json", "--summary-out", "copies/summary.json"], { cwd });
    assert.deepEqual([swept.code, swept.stderr], [0, ""]);
    const run = onlyRun(join(cwd, "results"));
    const stored = readFileSync(join(run, "summary.json"), "utf8");
    assert.equal(swept.stdout, stored);
    assert.equal(readFileSync(join(cwd, "copies/summary.json"), "utf8"), stored);

    const gate = await runCli(["gate", "--run", run, "--json"], { cwd });
    assert.deepEqual([gate.code, gate.stderr], [0, ""]);
    assert.equal(gate.stdout, readFileSync(join(run, "gate.json"), "utf8"));

    const check = await runCli(["check", run, "--json"], { cwd });
    assert.deepEqual([check.code, check.stderr], [0, ""]);
    const results = JSON.parse(check.stdout) as { ok: boolean }[];
    assert.ok(results.length >= 6 && results.every(({ ok }) => ok));
  });

  for (const args of [["plan"], ["sweep", "--dry-run"], ["inspect", model]]) {
    it(`from ${args.map((arg) => (arg === model ? "MODEL" : arg)).join(" ")}`, async (t) => {
      const { code, stdout, stderr } = await runCli([...args, "--json"], { cwd: await scratchFolder(t) });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(typeof JSON.parse(stdout), "object");
      assert.ok(stdout.endsWith("}\n"));
    });
  }

  it("from quantize and evaluate, which leave nothing in the home folder", async (t) => {
    const cwd = await scratchFolder(t);
    const home = join(cwd, "home");
    mkdirSync(home);
    const env = { HOME: home };
    const made = await runCli(["quantize", model, "--recipe", "w8a16", "--out-dir", "made", "--json"], { cwd, env });
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    const [file] = JSON.parse(made.stdout) as [{ path: string; manifest: { bytes_on_disk: number } }];
    assert.equal(file.path, "made/digits-cnn-w8a16.onnx");
    assert.equal(file.manifest.bytes_on_disk, readFileSync(join(cwd, file.path)).length);

    const config = join(packageRoot(), "configs/digits.json");
    const score = await runCli(["evaluate", join(cwd, file.path), "--config", config, "--json"], { cwd, env });
    assert.deepEqual([score.code, score.stderr], [0, ""]);
    const { correct, dataset } = JSON.parse(score.stdout) as { correct: number; dataset: { count: number } };
    assert.equal(dataset.count, 2000);
    assert.ok(correct >= 1970, `${correct} right`);
    assert.deepEqual(listing(home), []);
  });
});

test("a reader that stops early, as head does, is no crash", async (t) => {
  const { child, done } = startCli(["plan", "--json"], { cwd: await scratchFolder(t) });
  child.stdout?.destroy();
  const { code, stderr } = await done;
  assert.deepEqual([code, stderr], [0, ""]);
});
