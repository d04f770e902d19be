import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { checkTask, worstCheck } from "../../harness/gate/decide-canary.ts";
import { handPlan, type Measured, type Outcome, sha256, trialLine } from "../fixtures/hand-run.ts";

const plan = handPlan({
  dataset: { kind: "simulated", items: 60, classes: 2 },
  canary: { runs: 3, items: 40, latency_cv_threshold: 0.1, min_samples: 5, min_accuracy: 0.8 },
});
const planned = plan.trials.filter((trial) => trial.kind === "canary");

function lines(...outcomes: Exclude<Outcome, "missing">[]): TrialLine[] {
  return planned.map((trial, i) => trialLine(plan, trial, outcomes[i] ?? {}));
}

function check(trials: TrialLine[], reference?: string) {
  return checkTask({ task: "m/fp32", trials, canary: plan.canary, reference });
}

/** Which checks are not ok. */
function doubts(trials: TrialLine[], reference?: string): string[] {
  return check(trials, reference)
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ check: name, verdict }) => `${name}: ${verdict}`);
}

const withMeasured = (more: (m: Measured) => Partial<Measured>): TrialLine[] =>
  lines().map((line, i) => (i === 1 ? { ...line, measured: { ...line.measured!, ...more(line.measured!) } } : line));

test("a baseline that repeats itself, is right, steady and fully measured passes six checks", () => {
  const checks = check(lines());
  assert.deepEqual(
    checks.map(({ check: name, verdict }) => [name, verdict]),
    ["completed", "output-identity", "accuracy", "latency-cv", "telemetry", "samples"].map((name) => [name, "ok"]),
  );
  assert.equal(worstCheck(checks), "ok");
});

describe("each check fails on its own", () => {
  test("a run that broke, with its message", () => {
    const checks = check(lines({}, "crash"));
    assert.deepEqual(doubts(lines({}, "crash")), ["completed: failed"]);
    assert.match(checks[0]?.detail as string, /1 of 3 runs did not complete: It crashed/);
  });

  test("no run at all", () => assert.deepEqual(doubts([]), ["completed: failed"]));

  test("outputs that differ in one run", () => {
    const odd = withMeasured((m) => ({ subset: { ...m.subset, outputs_sha256: sha256("other") } }));
    assert.deepEqual(doubts(odd), ["output-identity: failed"]);
  });

  test("accuracy that is surely below the least, of the worst run", () => {
    const bad = withMeasured((m) => ({ subset: { ...m.subset, correct: 20 } }));
    assert.deepEqual(doubts(bad), ["accuracy: failed"]);
    const doubtful = withMeasured((m) => ({ subset: { ...m.subset, correct: 30 } }));
    assert.deepEqual(doubts(doubtful), [], "30 of 40 may still be .8");
  });

  test("a subset of no items", () => {
    assert.deepEqual(doubts(withMeasured((m) => ({ subset: { ...m.subset, n: 0, correct: 0 } }))), [
      "accuracy: failed",
    ]);
  });

  test("latency that varies more than the threshold is noisy, not failed", () => {
    const wild = { latencyNs: Array.from({ length: 50 }, (_, i) => (Math.floor(i / 5) % 2 === 0 ? 1e6 : 2e6)) };
    assert.deepEqual(doubts(lines(wild, wild, wild)), ["latency-cv: noisy"]);
    assert.equal(worstCheck(check(lines(wild, wild, wild))), "noisy");
  });

  test("one outlier does not make a machine noisy", () => {
    const spike = { latencyNs: Array.from({ length: 50 }, (_, i) => (i === 25 ? 5e7 : 1e6 + i)) };
    assert.deepEqual(doubts(lines(spike, spike, spike)), []);
  });

  const telemetry: [string, (m: Measured) => Partial<Measured>][] = [
    ["load time", () => ({ load_s: -1 })],
    ["peak memory", (m) => ({ memory: { ...m.memory, peak_rss_bytes: 0 } })],
    ["items per second", (m) => ({ throughput: { ...m.throughput, items_per_second: 0 } })],
    ["load time", () => ({ load_s: Number.NaN })],
  ];
  for (const [missing, odd] of telemetry) {
    test(`missing telemetry: ${missing}`, () => {
      assert.deepEqual(doubts(withMeasured(odd)), ["telemetry: failed"]);
      const found = check(withMeasured(odd)).find(({ check: name }) => name === "telemetry");
      assert.equal(found?.detail, `missing: ${missing}`);
    });
  }

  test("a clock that reads 0 all along", () => {
    const checks = check(lines({ latencyNs: [0, 0, 0, 0, 0] }));
    assert.equal(checks.find(({ check: name }) => name === "telemetry")?.verdict, "failed");
  });

  test("fewer samples than asked for in one run", () => {
    assert.deepEqual(doubts(lines({}, { latencyNs: [1e6, 1.001e6, 1.002e6, 1.003e6] })), ["samples: failed"]);
  });

  test("no samples at all fails, and does not throw", () => {
    const none = { latencyNs: [] };
    const checks = check(lines(none, none, none));
    assert.equal(worstCheck(checks), "failed");
    assert.equal(checks.find(({ check: name }) => name === "latency-cv")?.verdict, "noisy");
  });
});

describe("a sentinel is one trial held against the canary", () => {
  const [line] = lines();

  test("the same outputs are fine", () => {
    assert.deepEqual(doubts([line!], line!.measured!.subset.outputs_sha256), []);
  });

  test("other outputs than the canary's fail, though the one trial agrees with itself", () => {
    assert.deepEqual(doubts([line!]), []);
    assert.deepEqual(doubts([line!], sha256("what the canary saw")), ["output-identity: failed"]);
  });
});

test("overall, failed beats noisy beats ok, and no check at all has failed", () => {
  const [ok] = check(lines());
  const as = (verdict: "ok" | "noisy" | "failed") => ({ ...ok!, verdict });
  assert.equal(worstCheck([as("ok"), as("noisy"), as("failed")]), "failed");
  assert.equal(worstCheck([as("noisy"), as("ok")]), "noisy");
  assert.equal(worstCheck([as("ok")]), "ok");
  assert.equal(worstCheck([]), "failed");
});
