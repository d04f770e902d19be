import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { artifactJson } from "../../harness/domain/canonical-json.ts";
import type { HarnessError } from "../../harness/domain/errors.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { decideWithPolicy } from "../../harness/pipeline/decide.ts";
import { copyRun, sha256, sweepGood } from "./stored-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "quantgate-faults-"));
let swept = "";
let copies = 0;
before(async () => {
  swept = await sweepGood(scratch);
});
after(() => rmSync(scratch, { recursive: true, force: true }));

type Json = Record<string, never>;

function edit(path: string, name: string, change: (document: Json) => void): void {
  const document = JSON.parse(readFileSync(join(path, name), "utf8")) as Json;
  change(document);
  writeFileSync(join(path, name), artifactJson(document));
}

/** Lets the provenance name the digest that a file now has, as whoever edits a file could. */
function own(path: string, name: string): void {
  edit(path, "provenance.json", (document) => {
    const { artifacts } = document as unknown as { artifacts: { path: string; sha256: string; bytes: number }[] };
    const entry = artifacts.find((artifact) => artifact.path === name);
    const bytes = readFileSync(join(path, name));
    Object.assign(entry ?? {}, { sha256: sha256(bytes), bytes: bytes.length });
  });
}

interface ArtifactFault {
  readonly name: string;
  readonly change: (path: string) => void | Promise<void>;
  /** One problem that the check must name: the file and what is wrong with it. */
  readonly problem: readonly [file: string, message: RegExp];
}

/** Makes every row, gate and the suite say "pass". */
function embellish(text: string): string {
  return text.replaceAll('"verdict": "fail"', '"verdict": "pass"');
}

const FAULTS: readonly ArtifactFault[] = [
  {
    name: "the verdicts of the summary were edited",
    change: (path) => rewrite(path, "summary.json", embellish),
    problem: ["summary.json", /not what the journal gives/],
  },
  {
    name: "the verdicts of the summary were edited, and the provenance with them",
    change: (path) => {
      rewrite(path, "summary.json", embellish);
      own(path, "summary.json");
    },
    problem: ["summary.json", /not what the journal gives/],
  },
  {
    name: "the verdicts of gate.json were edited, and the provenance with them",
    change: (path) => {
      rewrite(path, "gate.json", embellish);
      own(path, "gate.json");
    },
    problem: ["summary.json", /gate.json is not what the journal gives/],
  },
  {
    name: "gate.json is an older one, by another policy",
    change: async (path) => {
      const policy = join(path, "..", `policy-${copies}.json`);
      const gates = [{ id: "accuracy_drop", margin: 0.2 }];
      writeFileSync(policy, JSON.stringify({ schema_version: "quantgate.policy.v1", gates }));
      const { gate } = await decideWithPolicy({ run: path, outDir: scratch, policy });
      writeFileSync(join(path, "gate.json"), artifactJson(gate));
      own(path, "gate.json");
    },
    problem: ["summary.json", /gate.json is not what the journal gives/],
  },
  {
    name: "a number of the summary was rounded up",
    change: (path) => edit(path, "summary.json", (summary) => Object.assign(rowOf(summary), { correct: 1500 })),
    problem: ["summary.json", /not what the journal gives/],
  },
  {
    name: "the summary is empty",
    change: (path) => writeFileSync(join(path, "summary.json"), ""),
    problem: ["summary.json", /./],
  },
  {
    name: "the summary is an empty object",
    change: (path) => writeFileSync(join(path, "summary.json"), "{}\n"),
    problem: ["summary.json", /schema_version null is not known/],
  },
  {
    name: "the summary has no rows",
    change: (path) => edit(path, "summary.json", (summary) => Object.assign(summary, { rows: [] })),
    problem: ["summary.json", /not what the journal gives/],
  },
  {
    name: "the summary holds NaN",
    change: (path) => rewrite(path, "summary.json", (text) => text.replace(/"correct": \d+/, '"correct": NaN')),
    problem: ["summary.json", /./],
  },
  {
    name: "the summary is cut off",
    change: (path) => rewrite(path, "summary.json", (text) => text.slice(0, text.length / 2)),
    problem: ["summary.json", /./],
  },
  {
    name: "the summary is of an unknown version",
    change: (path) =>
      edit(path, "summary.json", (summary) => Object.assign(summary, { schema_version: "quantgate.summary.v9" })),
    problem: ["summary.json", /is not known/],
  },
  {
    name: "the summary is gone",
    change: (path) => rmSync(join(path, "summary.json")),
    problem: ["summary.json", /missing/],
  },
  {
    name: "the provenance is gone",
    change: (path) => rmSync(join(path, "provenance.json")),
    problem: ["provenance.json", /missing/],
  },
  {
    name: "the provenance lists nothing",
    change: (path) => edit(path, "provenance.json", (document) => Object.assign(document, { artifacts: [] })),
    problem: ["journal.ndjson", /provenance does not list it/],
  },
  {
    name: "the provenance is of another plan",
    change: (path) =>
      edit(path, "provenance.json", (document) =>
        Object.assign((document as unknown as { provenance: object }).provenance, { plan_digest: "ab".repeat(32) }),
      ),
    problem: ["provenance.json", /it is not of this summary/],
  },
  {
    name: "the canary's report was edited",
    change: (path) => edit(path, "canary.json", (canary) => Object.assign(canary, { block: 3 })),
    problem: ["canary.json", /changed since the run/],
  },
  {
    name: "the report for people was edited",
    change: (path) => appendFileSync(join(path, "summary.md"), "\nShip it.\n"),
    problem: ["summary.md", /changed since the run/],
  },
  {
    name: "a line follows the journal",
    change: (path) => appendFileSync(join(path, "journal.ndjson"), "{}\n"),
    problem: ["journal.ndjson", /damaged at line/],
  },
];

function rowOf(summary: Json): object {
  return (summary as unknown as { rows: object[] }).rows[1] as object;
}

function rewrite(path: string, name: string, change: (text: string) => string): void {
  writeFileSync(join(path, name), change(readFileSync(join(path, name), "utf8")));
}

describe("artifacts that are not what the journal gives", () => {
  it("the untouched run is found to be whole", async () => {
    const results = await checkArtifacts([swept]);
    assert.ok(results.length > 5);
    assert.deepEqual(
      results.filter((result) => !result.ok),
      [],
    );
  });

  for (const { name, change, problem } of FAULTS) {
    it(`${name}: the check refuses`, async () => {
      const path = copyRun(swept, join(scratch, `copy-${copies++}`));
      await change(path);
      const problems = (await checkArtifacts([path])).filter((result) => !result.ok);
      const [file, message] = problem;
      const named = problems.filter((result) => result.path === join(path, file) && message.test(result.message));
      assert.ok(named.length > 0, JSON.stringify(problems));
    });
  }

  it("a folder that holds nothing is refused", async () => {
    const results = await checkArtifacts([mkdtempSync(join(scratch, "empty-"))]);
    assert.deepEqual(
      results.map((result) => result.ok),
      [false],
    );
  });

  it("nothing to check is an error", async () => {
    await assert.rejects(checkArtifacts([]), (error: HarnessError) => error.code === "CONFIG_USAGE");
  });
});
