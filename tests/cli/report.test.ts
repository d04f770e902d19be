import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import type { Scatter } from "../../harness/domain/generated/scatter-v1.ts";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { writeReports } from "../../harness/pipeline/run-reports.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { copyOf, simulatedSweep } from "../fixtures/stored-run.ts";

let stored: Awaited<ReturnType<typeof simulatedSweep>>;
before(async () => {
  stored = await simulatedSweep();
});
after(() => stored.remove());

const json = <T>(path: string) => JSON.parse(readFileSync(path, "utf8")) as T;

describe("quantgate report", () => {
  test("writes Markdown, scatter, HTML and pictures of a stored run, and says where", async (t) => {
    const cwd = await scratchFolder(t);
    const targets = [
      "--out-md",
      "r.md",
      "--out-scatter",
      "s.json",
      "--out-html",
      "r.html",
      "--out-svg",
      "r.svg",
      "--out-png",
      "r.png",
    ];
    const { code, stdout, stderr } = await runCli(["report", stored.run, ...targets], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(
      stdout.trim().split("\n"),
      ["r.md", "s.json", "r.html", "r.svg", "r.png"].map((name) => `written ${name}`),
    );
    const html = readFileSync(join(cwd, "r.html"), "utf8");
    assert.match(
      html,
      /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'/,
    );
    assert.match(html, /Latency of a call: quartiles/, "every call, as the journal is beside the summary");
    assert.deepEqual([...readFileSync(join(cwd, "r.png")).subarray(1, 4)], [...Buffer.from("PNG")]);
    assert.match(readFileSync(join(cwd, "r.md"), "utf8"), /## Frontier[\s\S]*\*\*recommendation\*\*: good8/);
  });

  test("rows that are kept out are counted, and shown and marked with --include-invalid", async (t) => {
    const cwd = await scratchFolder(t);
    const write = (...more: string[]) =>
      runCli(["report", stored.run, "--out-md", "r.md", "--out-scatter", "s.json", ...more], { cwd });
    await write();
    assert.doesNotMatch(readFileSync(join(cwd, "r.md"), "utf8"), /\| lossy4 \|[^\n]*kept out/);
    const plain = json<Scatter>(join(cwd, "s.json"));
    assert.deepEqual([plain.hidden, plain.points.map((one) => one.quant_tag)], [1, ["fp32", "good8"]]);
    await write("--include-invalid");
    assert.match(readFileSync(join(cwd, "r.md"), "utf8"), /\| lossy4 \|[^\n]*kept out: verdict fail/);
    const all = json<Scatter>(join(cwd, "s.json"));
    assert.deepEqual(
      all.points.map((one) => [one.quant_tag, one.eligible]),
      [
        ["fp32", true],
        ["good8", true],
        ["lossy4", false],
      ],
    );
  });

  test("a summary alone is enough; what only the run knows is left out", async (t) => {
    const cwd = await scratchFolder(t);
    copyFileSync(join(stored.run, "summary.json"), join(cwd, "summary.json"));
    const { code, stderr } = await runCli(["report", "--summary", "summary.json", "--out-html", "r.html"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(readFileSync(join(cwd, "r.html"), "utf8"), /medians of the blocks/);
  });

  test("--compare puts two runs on one page and in one table", async (t) => {
    const cwd = await scratchFolder(t);
    const args = ["report", "--compare", stored.run, stored.run];
    const { code, stdout } = await runCli(args, { cwd, env: { COLUMNS: "200" } });
    assert.equal(code, 0);
    assert.match(stdout, /sim\/good8 · 1 thread, batch 1 .*\+0\.0 % .*pass +pass/);
    await runCli([...args, "--out-html", "c.html", "--out-md", "c.md"], { cwd });
    assert.match(readFileSync(join(cwd, "c.html"), "utf8"), /Two runs, side by side/);
    assert.match(readFileSync(join(cwd, "c.md"), "utf8"), /^# Two runs, side by side/);
  });

  test("no run, two runs, one run to compare, and a picture of two are usage errors", async (t) => {
    const cwd = await scratchFolder(t);
    const cases: [string[], RegExp][] = [
      [["report"], /No run was given/],
      [["report", "a", "--summary", "b"], /Two runs are given/],
      [["report", "--compare", stored.run], /takes two runs/],
      [["report", "--compare", stored.run, stored.run, "--out-png", "x.png"], /of one run/],
    ];
    for (const [args, says] of cases) {
      assertRefused(await runCli(args, { cwd }), { exitCode: 2, code: "CONFIG_USAGE", says });
    }
    assert.deepEqual(
      readdirSync(cwd).filter((name) => name !== "cache"),
      [],
    );
  });
});

describe("reports of a sweep", () => {
  test("report.md and report.html are in the run, within a megabyte, and in its provenance", () => {
    const { artifacts } = json<{ artifacts: { path: string; bytes: number }[] }>(join(stored.run, "provenance.json"));
    for (const name of ["report.md", "report.html", "frontier.json", "scatter.json"]) {
      const found = artifacts.find(({ path }) => path === name);
      assert.ok(found !== undefined && found.bytes > 100 && found.bytes < 1_000_000, name);
    }
  });

  test("a report that cannot be written is a warning, and loses nothing", async (t) => {
    const run = copyOf(t, stored.run);
    rmSync(join(run, "report.html"));
    rmSync(join(run, "frontier.json"));
    mkdirSync(join(run, "report.html"));
    const folder = await RunFolder.open(run, run);
    const warnings: string[] = [];
    await writeReports(folder, {
      plan: json<Plan>(join(run, "plan.json")),
      summary: json<Summary>(join(run, "summary.json")),
      tell: (event) => {
        if (event.kind === "warning") warnings.push(event.message);
      },
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^the report could not be made, nothing else is lost: .*report\.html/);
    assert.ok(readdirSync(run).includes("frontier.json"));
  });
});
