import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { GateArtifact } from "../../harness/domain/generated/gate-v1.ts";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { decideWithPolicy } from "../../harness/pipeline/decide.ts";
import type { Fault } from "./fault.ts";
import { JOURNAL_FILE_FAULTS } from "./journal-faults.ts";
import { LINE_FAULTS } from "./line-faults.ts";
import { MEASUREMENT_FAULTS } from "./measurement-faults.ts";
import { PLAN_FAULTS } from "./plan-faults.ts";
import { POLICY_FAULTS } from "./policy-faults.ts";
import { QUALITY_FAULTS } from "./quality-faults.ts";
import { copyRun, StoredRun, sweepGood, withWeights } from "./stored-run.ts";
import { TRIAL_FAULTS } from "./trial-faults.ts";
import { WEIGHT_FAULTS } from "./weight-faults.ts";

/*
 * Not among the faults, because no honest check can exist: they leave a record that a good run could have left.
 * - Times of two cells exchanged before anything was written down, each beside the right digest of weights. (Whole measurements
 *   exchanged are caught by that digest; a single exchanged trial would still have to agree with the others.)
 * - Times of two blocks of one cell exchanged, where both evaluate the same items: it undoes the pairing and favors nobody.
 * - A unit that is wrong in all cells alike: every ratio stays what it is.
 * - A plan, a journal and arrays that were all made up to fit each other: checksums are no signatures.
 * - A policy that names a wide margin: it says what it does, and the verdict carries the margin.
 */

const scratch = mkdtempSync(join(tmpdir(), "quantgate-faults-"));
let swept = "";
let good = "";
let runs = 0;

before(async () => {
  swept = await sweepGood(scratch);
  good = withWeights(swept, join(scratch, "good"));
});
after(() => rmSync(scratch, { recursive: true, force: true }));

function decide(run: string, policy?: string): Promise<{ summary: Summary; gate: GateArtifact }> {
  return decideWithPolicy({ run, outDir: scratch, policy });
}

async function inject({ run: change, files, policy }: Fault): Promise<{ summary: Summary; gate: GateArtifact }> {
  const path = copyRun(good, join(scratch, `run-${runs++}`));
  const run = new StoredRun(path);
  if (change !== undefined) {
    change(run);
    run.seal();
  }
  files?.(path, run);
  if (policy === undefined) return decide(path);
  const text =
    typeof policy === "string" ? policy : JSON.stringify({ schema_version: "quantgate.policy.v1", ...policy });
  writeFileSync(join(path, "the-policy.txt"), text);
  return decide(path, join(path, "the-policy.txt"));
}

/** The suite's reasons, and those of the required row's primary gates. */
function reasonsOf({ suite, rows }: Summary): string {
  const gates = rows.flatMap((row) => (row.role === "required" ? row.gates : []));
  return [...suite.reasons, ...gates.map((gate) => `${gate.gate_id}: ${gate.verdict} ${gate.reasons.join(" ")}`)].join(
    "\n",
  );
}

async function endsAsExpected(fault: Fault): Promise<void> {
  const { ending } = fault;
  if (ending.end === "refused") {
    await assert.rejects(inject(fault), (error) => {
      assert.ok(error instanceof HarnessError, `not refused but broken by: ${(error as Error).stack}`);
      assert.equal(error.code, ending.code, error.message);
      assert.match(error.message, ending.because);
      assert.notEqual(error.exitCode, 0);
      return true;
    });
    return;
  }
  const { summary, gate } = await inject(fault);
  const { suite } = summary;
  assert.equal(suite.verdict, ending.end, reasonsOf(summary));
  assert.deepEqual(gate.suite, suite);
  assert.equal(suite.exit_code, ending.end === "fail" ? 3 : 4);
  assert.match(reasonsOf(summary), ending.because);
}

const LAYERS: readonly [string, readonly Fault[]][] = [
  ["in what was measured", MEASUREMENT_FAULTS],
  ["in labels, scores and outputs", QUALITY_FAULTS],
  ["in weights and files", WEIGHT_FAULTS],
  ["in the trials that ran", TRIAL_FAULTS],
  ["in the lines of the journal", LINE_FAULTS],
  ["in the journal's file", JOURNAL_FILE_FAULTS],
  ["in the plan", PLAN_FAULTS],
  ["in the policy", POLICY_FAULTS],
];

describe("the run into which faults are injected", () => {
  it("passes as it was swept, and with real weights", async () => {
    for (const path of [swept, good]) {
      const { summary } = await decide(path);
      assert.equal(summary.suite.verdict, "pass", reasonsOf(summary));
      assert.equal(summary.suite.exit_code, 0);
      assert.deepEqual(
        summary.findings.map(({ code }) => code).filter((code) => code === "CLOCK_STEP"),
        [],
      );
    }
  });

  it("still passes when it is read and sealed again unchanged, or with its own gates as policy", async () => {
    const name = "none";
    const ending = { end: "inconclusive", because: /./ } as const;
    const again = await inject({ name, ending, run: () => undefined });
    assert.equal(again.summary.suite.exit_code, 0, reasonsOf(again.summary));
    const gated = await inject({ name, ending, policy: { gates: [{ id: "accuracy_drop", margin: 0.01 }] } });
    assert.equal(gated.summary.suite.exit_code, 0, reasonsOf(gated.summary));
  });
});

for (const [where, faults] of LAYERS) {
  describe(`a fault ${where} never ends in a pass`, () => {
    for (const fault of faults) it(`${fault.name}: ${fault.ending.end}`, () => endsAsExpected(fault));
  });
}

describe("a margin of zero", () => {
  it("stays zero in the verdict, and is judged as zero", async () => {
    const name = "a margin of zero";
    const policy = { gates: [{ id: "accuracy_drop", policy: "any-regression", margin: 0 }] };
    const { gate } = await inject({ name, ending: { end: "inconclusive", because: /./ }, policy });
    const row = gate.results.find(({ role }) => role === "required");
    const result = row?.gates.find(({ gate_id }) => gate_id === "accuracy_drop");
    assert.equal(gate.gates.find(({ id }) => id === "accuracy_drop")?.margin, 0);
    assert.equal(result?.margin, 0);
    assert.ok((result?.effect?.high ?? 0) > 0, "something differs, so the interval reaches above zero");
    assert.equal(result?.verdict, "inconclusive");
  });
});

describe("the list of faults", () => {
  it("holds at least 60, each once", () => {
    const names = LAYERS.flatMap(([, faults]) => faults.map(({ name }) => name));
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length >= 60, `${names.length}`);
  });
});
