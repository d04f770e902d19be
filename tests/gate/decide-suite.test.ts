import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Merit } from "../../harness/domain/ship-choice.ts";
import type { RowDecision } from "../../harness/gate/decide-row.ts";
import { decideSuite } from "../../harness/gate/decide-suite.ts";
import { gateResult } from "../fixtures/summary-builder.ts";

type Verdict = RowDecision["verdict"];
const ALPHA = 0.05;

/** One row of one primary gate. p is that of its claim, pass or fail. */
function row(cellId: string, role: RowDecision["role"], verdict: Verdict, p = 1e-4): RowDecision {
  const gate = gateResult({
    verdict: role === "baseline" ? "reference" : verdict,
    p_pass: verdict === "pass" ? p : null,
    p_fail: verdict === "fail" ? p : null,
  });
  return { cellId, role, verdict: role === "baseline" ? "reference" : verdict, gates: [gate] };
}

const BASELINE = row("m/fp32", "baseline", "reference");
const merit = (cellId: string, speedup?: number, bytes?: number): Merit => ({ cellId, speedup, bytes });
const decide = (rows: RowDecision[], merits = rows.map(({ cellId }) => merit(cellId, 1, 1))) =>
  decideSuite([BASELINE, ...rows], merits, ALPHA);

const LISTS: Verdict[][] = [
  [],
  ["pass"],
  ["fail"],
  ["inconclusive"],
  ["pass", "pass"],
  ["pass", "fail"],
  ["pass", "inconclusive"],
  ["fail", "inconclusive"],
  ["pass", "fail", "inconclusive"],
];

/** The suite rule of product.md, in its own words. */
function expected(required: Verdict[], candidates: Verdict[]): [string, number] {
  if (required.includes("fail")) return ["fail", 3];
  if (required.includes("inconclusive")) return ["inconclusive", 4];
  if (required.length > 0 || candidates.includes("pass")) return ["pass", 0];
  return candidates.includes("inconclusive") ? ["inconclusive", 4] : ["fail", 3];
}

describe("the suite rule", () => {
  for (const required of LISTS) {
    for (const candidates of LISTS) {
      test(`required ${required.join(", ") || "none"}; candidates ${candidates.join(", ") || "none"}`, () => {
        const rows = [
          ...required.map((verdict, i) => row(`m/r${i}`, "required", verdict)),
          ...candidates.map((verdict, i) => row(`m/c${i}`, "candidate", verdict)),
        ];
        const suite = decide(rows);
        assert.deepEqual([suite.verdict, suite.exit_code], expected(required, candidates));
        if (suite.verdict !== "pass") assert.ok(suite.reasons.length > 0);
        if (suite.ship !== null) assert.equal(rows.find(({ cellId }) => cellId === suite.ship)?.verdict, "pass");
        if (suite.verdict === "pass") assert.notEqual(suite.ship, null);
        assert.deepEqual(
          suite.certified,
          candidates.flatMap((verdict, i) => (verdict === "pass" ? [`m/c${i}`] : [])),
        );
      });
    }
  }

  test("no row at all is a fail: there is nothing to ship", () => {
    assert.deepEqual([decideSuite([], [], ALPHA).verdict, decideSuite([], [], ALPHA).exit_code], ["fail", 3]);
  });

  test("no other verdict than pass exits 0", () => {
    for (const required of LISTS) {
      for (const candidates of LISTS) {
        const suite = decide([
          ...required.map((verdict, i) => row(`m/r${i}`, "required", verdict)),
          ...candidates.map((verdict, i) => row(`m/c${i}`, "candidate", verdict)),
        ]);
        assert.equal(suite.exit_code === 0, suite.verdict === "pass");
      }
    }
  });
});

describe("a baseline that breaks its own gates", () => {
  const broken: RowDecision = { ...BASELINE, gates: [gateResult({ verdict: "fail" })] };

  test("fails the run, ships nothing and certifies nothing", () => {
    const suite = decideSuite([broken, row("m/q8", "required", "pass"), row("m/q4", "candidate", "pass")], [], ALPHA);
    assert.deepEqual([suite.verdict, suite.exit_code, suite.ship, suite.certified], ["fail", 3, null, []]);
    assert.match(suite.reasons[0] as string, /the baseline m\/fp32 fails its own gates/);
  });

  test("in an advisory gate does not", () => {
    const advisory: RowDecision = { ...BASELINE, gates: [gateResult({ verdict: "fail", tier: "advisory" })] };
    assert.equal(decideSuite([advisory, row("m/q8", "required", "pass")], [], ALPHA).verdict, "pass");
  });

  test("is found though another model's baseline is fine", () => {
    assert.equal(decideSuite([BASELINE, broken, row("m/q8", "required", "pass")], [], ALPHA).exit_code, 3);
  });
});

describe("the best of many candidates", () => {
  const candidates = (ps: number[]) => ps.map((p, i) => row(`m/c${i}`, "candidate", "pass", p));

  test("a pass counts only where it survives Holm over all candidates", () => {
    assert.deepEqual(decide(candidates([0.04])).certified, ["m/c0"]);
    assert.deepEqual(decide(candidates([0.04, 0.04])).certified, []);
    assert.deepEqual(decide(candidates([0.02, 0.04])).certified, ["m/c0", "m/c1"]);
    // statistics.md section 4's p-values: 5 p, 4 p, 3 p ... = .005, .032, .117.
    assert.deepEqual(decide(candidates([0.001, 0.008, 0.039, 0.041, 0.9])).certified, ["m/c0", "m/c1"]);
  });

  test("candidates that did not pass were tried too, and count in the correction", () => {
    const suite = decide([...candidates([0.03]), row("m/x", "candidate", "fail")]);
    assert.deepEqual([suite.certified, suite.verdict, suite.exit_code], [[], "inconclusive", 4]);
    assert.match(suite.reasons.join(" "), /passes alone, but not after correcting for 2 candidates/);
  });

  test("required variants, named before, are not corrected and do not count", () => {
    const suite = decide([row("m/r", "required", "pass", 0.049), ...candidates([0.049])]);
    assert.deepEqual([suite.verdict, suite.certified], ["pass", ["m/c0"]]);
  });

  test("a required variant that fails alone, but not among the required ones, is open", () => {
    const suite = decide([row("m/r0", "required", "fail", 0.03), row("m/r1", "required", "pass")]);
    assert.deepEqual([suite.verdict, suite.exit_code], ["inconclusive", 4]);
    assert.equal(decide([row("m/r0", "required", "fail", 0.03)]).exit_code, 3);
  });
});

describe("what to ship", () => {
  const passing = ["a", "b", "c"].map((id) => row(id, "candidate", "pass"));
  const ship = (...merits: Merit[]) => decide(passing, merits).ship;

  test("is the fastest", () => {
    assert.equal(ship(merit("a", 1.2, 10), merit("b", 2, 20), merit("c", 1.5, 5)), "b");
  });

  test("is the smaller of two that are equally fast within 2 %, then the first by name", () => {
    assert.equal(ship(merit("a", 2, 10), merit("b", 1.97, 5), merit("c", 1.9, 1)), "b");
    assert.equal(ship(merit("c", 2, 5), merit("b", 2, 5), merit("a", 2, 5)), "a");
  });

  test("is never one without a pass, however fast", () => {
    const rows = [
      row("a", "candidate", "pass"),
      row("fast", "candidate", "fail"),
      row("new", "candidate", "inconclusive"),
    ];
    assert.equal(decide(rows, [merit("a", 1), merit("fast", 9), merit("new", 9)]).ship, "a");
  });

  test("an unknown speed or size is the worst, not the best", () => {
    assert.equal(ship(merit("a", undefined, 1), merit("b", 1.1, undefined), merit("c", 1.1, 50)), "c");
  });
});
