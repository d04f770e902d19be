import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Frontier } from "../../harness/domain/generated/frontier-v1.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { copyOf, editJson, simulatedSweep } from "../fixtures/stored-run.ts";

let stored: Awaited<ReturnType<typeof simulatedSweep>>;
before(async () => {
  stored = await simulatedSweep();
});
after(() => stored.remove());

describe("quantgate frontier", () => {
  test("prints the front and the four choices of a stored run, and writes what check accepts", async (t) => {
    const cwd = await scratchFolder(t);
    const out = join(cwd, "front.json");
    const args = [
      "frontier",
      "--summary",
      stored.run,
      "--out",
      out,
      "--storage-root",
      "store",
      "--provenance-ref",
      "r1",
    ];
    const first = await runCli(args, { cwd });
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /recommendation: good8 \(.*Holm/s);
    assert.match(first.stdout, /lossy4 .*verdict fail/);
    const written = JSON.parse(readFileSync(out, "utf8")) as Frontier;
    assert.equal(written.provenance.ref, "r1");
    const again = await runCli([...args, "--json"], { cwd });
    assert.deepEqual(JSON.parse(again.stdout), written);
    const checked = await runCli(["check", "--frontier", out], { cwd });
    assert.deepEqual([checked.code, checked.stderr], [0, ""]);
    assert.match(checked.stdout, /its rows and choices are what its summary gives/);
  });

  test("a narrow terminal gets fewer columns, never wider lines of the table", async (t) => {
    const cwd = await scratchFolder(t);
    for (const columns of [40, 60, 100, 160]) {
      const { stdout } = await runCli(["frontier", "--summary", stored.run], {
        cwd,
        env: { COLUMNS: String(columns) },
      });
      const [table = ""] = stdout.split("\n\n");
      assert.ok(
        table.split("\n").every((line) => line.length <= columns),
        stdout,
      );
    }
  });

  test("an empty summary, or one without rows, is a failure: exit 3", async (t) => {
    const cwd = await scratchFolder(t);
    for (const [name, text] of [
      ["empty.json", ""],
      ["none.json", "{}"],
      ["nan.json", '{"rows": [NaN]}'],
    ] as const) {
      writeFileSync(join(cwd, name), text);
      const result = await runCli(["frontier", "--summary", name], { cwd });
      assertRefused(result, { exitCode: 3, code: "STORE_EMPTY", says: /says nothing that was measured/ });
    }
  });

  test("a summary that is not there or cut off is exit 6; an objective that does not exist is exit 2", async (t) => {
    const cwd = await scratchFolder(t);
    const missing = await runCli(["frontier", "--summary", "none.json"], { cwd });
    assertRefused(missing, { exitCode: 6, code: "STORE_MISSING", says: /none\.json/ });
    const text = readFileSync(join(stored.run, "summary.json"), "utf8");
    writeFileSync(join(cwd, "cut.json"), text.slice(0, text.length / 2));
    const cut = await runCli(["frontier", "--summary", "cut.json"], { cwd });
    assert.equal(cut.code, 6);
    const typo = await runCli(["frontier", "--summary", stored.run, "--objectives", "quality.acuracy"], { cwd });
    assertRefused(typo, { exitCode: 2, code: "CONFIG_USAGE", says: /quality\.acuracy/, hint: /quality\.accuracy/ });
  });
});

describe("the run's own frontier and scatter", () => {
  test("are written by sweep, listed in the provenance and recomputed by check", async () => {
    const { code, stdout } = await runCli(["check", stored.run], { cwd: stored.run });
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /frontier\.json: valid explorer\.frontier\.v1; its rows and choices are what its summary gives/,
    );
    assert.match(stdout, /scatter\.json: valid quantgate\.scatter\.v1; its points are what its summary gives/);
  });

  test("a recommendation, a point or a digest that was changed is found, and says where", async (t) => {
    const edits: [file: string, edit: (document: Record<string, unknown>) => void, says: RegExp][] = [
      [
        "frontier.json",
        (one) => {
          (one["sessions"] as { recommendation: string }[])[0]!.recommendation = "lossy4";
        },
        /sessions\.0\.recommendation is "lossy4", recomputed "good8"/,
      ],
      [
        "frontier.json",
        (one) => {
          (one["source"] as { summary_sha256: string }).summary_sha256 = "0".repeat(64);
        },
        /another summary/,
      ],
      [
        "scatter.json",
        (one) => {
          (one["points"] as { x: { value: number } }[])[1]!.x.value = 9;
        },
        /points\.1\.x\.value/,
      ],
    ];
    for (const [file, edit, says] of edits) {
      const run = copyOf(t, stored.run);
      editJson(join(run, file), edit);
      const { code, stdout } = await runCli(["check", join(run, file)], { cwd: run });
      assert.equal(code, 6);
      assert.match(stdout, says);
    }
  });

  test("a frontier without its summary fails, and a file of another kind is refused by the option", async (t) => {
    const cwd = await scratchFolder(t);
    copyFileSync(join(stored.run, "frontier.json"), join(cwd, "frontier.json"));
    const alone = await runCli(["check", "--frontier", "frontier.json"], { cwd });
    assert.deepEqual([alone.code, /no such file/.test(alone.stdout)], [6, true], alone.stdout);
    const other = await runCli(["check", "--thermal", join(stored.run, "frontier.json")], { cwd });
    assert.equal(other.code, 6);
    assert.match(other.stdout, /holds explorer\.frontier\.v1, where thermal_stability\.v1 was asked for/);
  });

  test("check --summary decides the run beside it again", async (t) => {
    const run = copyOf(t, stored.run);
    const good = await runCli(["check", "--summary", run], { cwd: run });
    assert.deepEqual([good.code, /equal what the journal gives/.test(good.stdout)], [0, true]);
    editJson(join(run, "summary.json"), (summary) => {
      (summary["rows"] as { correct: number }[])[1]!.correct += 1;
    });
    assert.equal((await runCli(["check", "--summary", join(run, "summary.json")], { cwd: run })).code, 6);
  });
});
