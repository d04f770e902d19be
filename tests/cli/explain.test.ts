import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FINDINGS, REASONS, RUN_QUALITY_REASONS } from "../../harness/domain/codes.ts";
import { ERROR_CODES } from "../../harness/domain/errors.ts";
import { explain, explanations } from "../../harness/report/explain.ts";
import { intervalSpark } from "../../harness/report/interval-spark.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { estimate } from "../fixtures/summary-builder.ts";
import { simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

describe("quantgate explain", () => {
  test("every reason, run-quality reason, finding and error code has a meaning and says what to do", () => {
    const codes = [REASONS, RUN_QUALITY_REASONS, FINDINGS, ERROR_CODES].flatMap((list) => Object.keys(list));
    assert.deepEqual(
      explanations().map(({ code }) => code),
      codes,
    );
    for (const { code, meaning, advice } of explanations()) {
      assert.match(meaning, /^[A-Z].{12,}[.]$/, code);
      assert.match(advice, /^\S.{20,}[.]$/, code);
    }
  });

  test("a code is found whatever its case; one in two lists is told twice; without one all are listed", async (t) => {
    const cwd = await scratchFolder(t);
    const one = await runCli(["explain", "UNDERPOWERED"], { cwd });
    assert.match(one.stdout, /^underpowered \(reason\)\nThe interval spans the margin/);
    assert.equal(explain("clock-step").found.length, 3, "a reason, a run-quality reason and a finding");
    const list = await runCli(["explain"], { cwd });
    for (const { code } of explanations()) assert.ok(list.stdout.includes(code), code);
  });

  test("a code that is not known is refused, with the nearest one", async (t) => {
    const cwd = await scratchFolder(t);
    const result = await runCli(["explain", "STORE_CORUPT"], { cwd });
    assertRefused(result, {
      exitCode: 2,
      code: "CONFIG_USAGE",
      says: /STORE_CORUPT is not known/,
      hint: /STORE_CORRUPT/,
    });
  });
});

describe("completion", () => {
  test("bash completes commands, verbs, options and the words an option takes", async (t) => {
    const cwd = await scratchFolder(t);
    const script = join(cwd, "completion.bash");
    writeFileSync(script, (await runCli(["completion", "bash"], { cwd })).stdout);
    const complete = (...words: string[]) =>
      execFileSync(
        "bash",
        [
          "-c",
          `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _quantgate; printf '%s\\n' "\${COMPREPLY[@]}"`,
          "-",
          "quantgate",
          ...words,
        ],
        { encoding: "utf8" },
      )
        .trim()
        .split("\n");
    assert.deepEqual(complete("fron"), ["frontier"]);
    assert.ok(complete("baselines", "").includes("record"));
    assert.deepEqual(complete("baselines", "record", "--reas"), ["--reason"]);
    assert.deepEqual(complete("sweep", "--execution-lane", "l"), ["lab"]);
    assert.deepEqual(complete("report", "--out-h"), ["--out-html"]);
  });

  test("zsh and fish get scripts of their own, which parse where the shell is at hand; another shell is refused", async (t) => {
    const cwd = await scratchFolder(t);
    for (const shell of ["zsh", "fish"]) {
      const { code, stdout } = await runCli(["completion", shell], { cwd });
      assert.equal(code, 0);
      assert.match(stdout, /quantgate/);
      const path = join(cwd, `completion.${shell}`);
      writeFileSync(path, stdout);
      const parsed = spawnSync(shell, ["-n", path], { encoding: "utf8" });
      if (parsed.error === undefined) assert.equal(parsed.status, 0, parsed.stderr);
    }
    const other = await runCli(["completion", "tcsh"], { cwd });
    assertRefused(other, { exitCode: 2, code: "CONFIG_USAGE", says: /tcsh/ });
  });
});

describe("quiet", () => {
  test("sweep --quiet says the verdict on one line and nothing else; check --quiet says nothing of what is well", async (t) => {
    const cwd = await scratchFolder(t);
    writeConfig(cwd, simulatedBody());
    const swept = await runCli(["sweep", "config.json", "--quiet"], { cwd });
    assert.deepEqual([swept.code, swept.stderr], [0, ""]);
    assert.match(swept.stdout, /^PASS \(simulated\): Ship good8: [^\n]+\n$/);
    const checked = await runCli(["check", "results/latest", "--quiet"], { cwd });
    assert.deepEqual([checked.code, checked.stdout, checked.stderr], [0, "", ""]);
    const missing = await runCli(["check", "results/none", "--quiet"], { cwd });
    assert.match(missing.stdout, /^FAIL /);
  });
});

describe("interval sparkline", () => {
  const axis = { domain: [-0.01, 0.02], margin: 0.01 } as const;
  const spark = (...bounds: [number | null, number | null, number | null]) =>
    intervalSpark(estimate(...bounds), axis, 31);

  test("draws bounds, point and margin to scale", () => {
    assert.equal(spark(0, -0.005, 0.005), "     ├────●────┤    ┊          ");
  });

  test("ends in an arrow where it leaves the axis, also on one side, and where a bound is missing", () => {
    assert.match(spark(0.5, 0.4, 0.6), /▸$/);
    assert.match(spark(0, null, 0.005), /^◂─+●─+┤/);
    assert.equal(spark(null, null, null), "");
  });
});
