import assert from "node:assert/strict";
import { test } from "node:test";
import { determinism } from "../../harness/evaluators/determinism.ts";

test("the rate is the share of trials with the most frequent digest", () => {
  assert.deepEqual(determinism(["x", "y", "x", "x"]), {
    status: "measured",
    rate: 0.75,
    matching: 3,
    n: 4,
    completed: 4,
    mode: "x",
    distinct: 2,
  });
});

test("of equally frequent digests the first is the mode", () => {
  const result = determinism(["y", "x", "x", "y"]);
  assert.ok(result.status === "measured");
  assert.equal(result.mode, "y");
  assert.equal(result.rate, 0.5);
});

test("a crash counts against the rate", () => {
  const result = determinism(["x", undefined, "x"]);
  assert.ok(result.status === "measured");
  assert.deepEqual([result.matching, result.n, result.completed], [2, 3, 2]);
});

test("fewer than two completed trials are undefined, not 0 or 1", () => {
  for (const [digests, completed] of [
    [[], 0],
    [["x"], 1],
    [[undefined, "x"], 1],
    [[undefined, undefined], 0],
  ] as const) {
    const result = determinism(digests);
    assert.equal(result.status, "undefined");
    assert.equal(result.completed, completed);
    assert.ok("reason" in result && result.reason.includes("two completed trials"));
  }
});
