import assert from "node:assert/strict";
import { test } from "node:test";
import { determinism } from "../../harness/aggregate/determinism.ts";
import { handPlan, sha256, trialLine } from "../fixtures/hand-run.ts";

const plan = handPlan({ runs_per_quant: 6, evaluate_runs: 2 });
const planned = plan.trials.filter((trial) => trial.kind === "trial" && trial.cell_id === "m/q8");

/** One finished trial a letter: outputs on the subset; "!" crashed. A capital differs on all items only. */
function runs(letters: string) {
  return [...letters].map((letter, i) => {
    const trial = planned[i]!;
    if (letter === "!") return trialLine(plan, trial, "crash");
    const subset = { n: 4, correct: 4, outputs_sha256: sha256(letter.toLowerCase()) };
    const outputs_sha256 = trial.evaluates === "all" ? sha256(`all ${letter}`) : null;
    return trialLine(plan, trial, { measured: { subset, outputs_sha256 } });
  });
}

test("a trial matches when its outputs are the most frequent ones", () => {
  assert.deepEqual(determinism(runs("aaaaaa")), { n: 6, matching: 6 });
  assert.deepEqual(determinism(runs("abaaba")), { n: 6, matching: 4 });
});

test("of equally frequent outputs the earliest are the mode", () => {
  assert.deepEqual(determinism(runs("baab")), { n: 4, matching: 2 });
});

test("a crash counts against", () => {
  assert.deepEqual(determinism(runs("aa!aaa")), { n: 6, matching: 5 });
  assert.deepEqual(determinism(runs("!!")), { n: 2, matching: 0 });
});

test("outputs that differ only outside the subset are noticed", () => {
  assert.deepEqual(determinism(runs("aAaaaa")), { n: 6, matching: 5 });
});

test("a full evaluation without a digest of its outputs does not match", () => {
  const [first, ...rest] = runs("aaaa");
  const blind = { ...first!, measured: { ...first!.measured!, outputs_sha256: null } };
  assert.deepEqual(determinism([blind, ...rest]), { n: 4, matching: 3 });
});

test("no trials match nothing", () => {
  assert.deepEqual(determinism([]), { n: 0, matching: 0 });
});
