import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { cliPath, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const text = readFileSync(join(packageRoot(), "docs/quantize.md"), "utf8");
const commands = [...text.matchAll(/^quantgate (quantize \S.*?)(?: {2,}# exit (\d+))?$/gm)].map(
  ([, line = "", exit]) => ({
    line,
    exit: Number(exit ?? 0),
  }),
);

test("the document has a command for each way", () => {
  const flags = ["--recipe", "--profile", "--target-bytes", "--fail-fast", "--calibration"];
  for (const flag of flags)
    assert.ok(
      commands.some(({ line }) => line.includes(flag)),
      flag,
    );
  assert.ok(existsSync(cliPath));
});

// The folder's command needs a folder of one's own; tests/pipeline/quantize-folder.test.ts makes one.
for (const { line, exit } of commands.filter(({ line }) => line.includes("digits"))) {
  test(`docs/quantize.md: ${line}`, async (t) => {
    const out = await scratchFolder(t);
    const args = line.replace("--out-dir made", `--out-dir ${out}`).split(/\s+/);
    const cwd = join(packageRoot(), "configs");
    const { code, stdout, stderr } = await runCli(args, {
      cwd,
      env: { QUANTGATE_CACHE_DIR: join(out, "cache"), HOME: out },
    });
    assert.equal(code, exit, stderr);
    if (!line.includes("--profile") || line.includes("--fail-fast")) return;
    // What the document shows, times aside.
    const shown = /prints \(times vary\):\n\n```\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
    const timeless = (part: string) => part.replaceAll(/[\d.,]+ (s|ms) +(PASS|FAIL)/g, "$2").replaceAll(/ {2,}/g, " ");
    assert.ok(timeless(stdout).includes(timeless(shown.trimEnd())), stdout);
  });
}
