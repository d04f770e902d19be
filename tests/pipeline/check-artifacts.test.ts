import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { copyOf, editJson, forgeJournal, simulatedSweep } from "../fixtures/stored-run.ts";

let stored: Awaited<ReturnType<typeof simulatedSweep>>;
before(async () => {
  stored = await simulatedSweep();
});
after(() => stored.remove());

async function problems(...paths: string[]): Promise<string[]> {
  const results = await checkArtifacts(paths);
  return results.filter(({ ok }) => !ok).map(({ path, message }) => `${path.split("/").at(-1)}: ${message}`);
}

test("a run as it was left passes", async () => {
  const results = await checkArtifacts([stored.run]);
  assert.deepEqual(
    results.filter(({ ok }) => !ok),
    [],
  );
  assert.ok(results.some(({ message }) => message === "summary and gate equal what the journal gives"));
});

test("nothing given is an error: a check that looked at nothing must not pass", async () => {
  await assert.rejects(checkArtifacts([]), (error: unknown) => (error as { code: string }).code === "CONFIG_USAGE");
});

test("what is not there, an empty folder and a folder without artifacts are problems", async (t) => {
  const folder = await scratchFolder(t);
  mkdirSync(join(folder, "empty"));
  assert.equal((await problems(join(folder, "none"), join(folder, "empty"))).length, 2);
});

describe("each file that a run cannot be without", () => {
  for (const name of ["plan.json", "journal.ndjson", "summary.json", "gate.json", "provenance.json"]) {
    test(`${name} missing is found`, async (t) => {
      const run = copyOf(t, stored.run);
      rmSync(join(run, name));
      assert.ok((await problems(run)).some((text) => text.startsWith(`${name}: missing`)));
    });

    test(`${name} cut short is found`, async (t) => {
      const run = copyOf(t, stored.run);
      const content = readFileSync(join(run, name));
      writeFileSync(join(run, name), content.subarray(0, content.length / 2));
      assert.notDeepEqual(await problems(run), []);
    });
  }

  test("a summary alone in a folder is no run that holds", async (t) => {
    const folder = await scratchFolder(t);
    writeFileSync(join(folder, "summary.json"), readFileSync(join(stored.run, "summary.json")));
    assert.notDeepEqual(await problems(folder), []);
  });
});

describe("tampering", () => {
  const inSummary: [string, (summary: Record<string, unknown>) => void][] = [
    [
      "a verdict",
      (summary) => {
        (summary["suite"] as { verdict: string; exit_code: number }).verdict = "fail";
      },
    ],
    [
      "a figure of a row",
      (summary) => {
        (summary["rows"] as { correct: number }[])[1]!.correct += 1;
      },
    ],
    [
      "a finding taken out",
      (summary) => {
        summary["findings"] = [];
      },
    ],
    [
      "the state",
      (summary) => {
        summary["state"] = "partial";
      },
    ],
  ];
  for (const [what, edit] of inSummary) {
    test(`of the summary: ${what}`, async (t) => {
      const run = copyOf(t, stored.run);
      editJson(join(run, "summary.json"), edit);
      const found = await problems(run);
      assert.ok(
        found.some((text) => text.startsWith("summary.json: ") && /not what the journal gives/.test(text)),
        found.join(),
      );
      assert.ok(found.some((text) => /its digest differs/.test(text)));
    });
  }

  test("of the gate document", async (t) => {
    const run = copyOf(t, stored.run);
    editJson(join(run, "gate.json"), (gate) => {
      (gate["results"] as { verdict: string }[])[2]!.verdict = "pass";
    });
    assert.ok((await problems(run)).some((text) => /gate\.json is not what the journal gives/.test(text)));
  });

  test("of the plan's gates, with the decision made to match", async (t) => {
    const run = copyOf(t, stored.run);
    editJson(join(run, "plan.json"), (plan) => {
      for (const gate of plan["gates"] as { margin: number }[]) gate.margin = 0.5;
    });
    assert.ok((await problems(run)).some((text) => /does not match its digest/.test(text)));
  });

  test("of the journal, checksums made right again", async (t) => {
    const run = copyOf(t, stored.run);
    forgeJournal(run, (lines) => {
      for (const { body } of lines)
        if (body.kind === "trial" && body.measured !== null) body.measured.load_s = (body.measured.load_s ?? 0) + 1;
      return lines;
    });
    const found = await problems(run);
    assert.ok(found.some((text) => /not what the journal gives/.test(text)));
    assert.ok(found.some((text) => text === "journal.ndjson: changed since the run: its digest differs"));
  });

  test("of one bit of any array", async (t) => {
    for (const name of readdirSync(join(stored.run, "arrays"))) {
      const run = copyOf(t, stored.run);
      const bytes = readFileSync(join(run, "arrays", name));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
      writeFileSync(join(run, "arrays", name), bytes);
      assert.ok(
        (await problems(run)).some((text) => text === `${name}: changed since the run: its digest differs`),
        name,
      );
    }
  });

  test("of an array that was removed", async (t) => {
    const run = copyOf(t, stored.run);
    const [name] = readdirSync(join(run, "arrays"));
    rmSync(join(run, "arrays", name as string));
    assert.ok((await problems(run)).includes(`${name}: missing, though provenance lists it`));
  });

  test("of the provenance: files struck from its list, another commit", async (t) => {
    const run = copyOf(t, stored.run);
    editJson(join(run, "provenance.json"), (provenance) => {
      provenance["artifacts"] = [];
    });
    assert.equal((await problems(run)).filter((text) => /provenance does not list it/.test(text)).length, 4);
    const other = copyOf(t, stored.run);
    editJson(join(other, "provenance.json"), (provenance) => {
      (provenance["provenance"] as { commit_sha: string }).commit_sha = "0".repeat(40);
    });
    assert.deepEqual(await problems(other), ["provenance.json: it is not of this summary"]);
  });
});

describe("single files", () => {
  test("are checked against the schema that they name", async (t) => {
    const folder = await scratchFolder(t);
    const path = join(folder, "any-name.json");
    const put = (content: string) => writeFileSync(path, content);
    put(readFileSync(join(stored.run, "summary.json"), "utf8"));
    assert.deepEqual(await problems(path), []);
    for (const odd of [
      "",
      "null",
      "[]",
      "{}",
      '{"schema_version":"quantgate.summary.v9"}',
      '{"schema_version":1}',
      '{"schema_version":"quantgate.summary.v1"}',
      '{"schema_version":"quantgate.summary.v1","rows":NaN}',
    ]) {
      put(odd);
      assert.equal((await problems(path)).length, 1, odd);
    }
  });

  test("one bad path among good ones is not lost", async () => {
    assert.deepEqual(
      (await problems(join(stored.run, "summary.json"), "/nowhere", join(stored.run, "gate.json"))).length,
      1,
    );
  });
});
