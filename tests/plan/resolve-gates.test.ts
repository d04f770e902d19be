import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateConfig } from "../../harness/domain/generated/config-v1.ts";
import { METRICS } from "../../harness/domain/metric.ts";
import { DEFAULT_GATES } from "../../harness/plan/defaults.ts";
import { resolveGates } from "../../harness/plan/resolve-gates.ts";

function resolve(changes: GateConfig[], lane: "ci" | "lab" = "lab", alpha = 0.05) {
  return resolveGates({ changes, alpha, lane });
}

function only(change: GateConfig, lane: "ci" | "lab" = "lab") {
  const { gates, problems } = resolve([change], lane);
  assert.deepEqual(problems, []);
  const gate = gates.find(({ id }) => id === change.id);
  assert.ok(gate);
  return gate;
}

function problemOf(change: GateConfig): string {
  const { problems } = resolve([change]);
  assert.equal(problems.length, 1, `one problem expected: ${JSON.stringify(problems)}`);
  return problems[0] as string;
}

test("without changes the default gates apply, at the alpha given", () => {
  const { gates, problems } = resolve([], "lab", 0.01);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    gates,
    DEFAULT_GATES.map((gate) => ({ ...gate, alpha: 0.01 })),
  );
});

test("a change touches its own gate only, and only what it names", () => {
  const { gates } = resolve([{ id: "accuracy_drop", margin: 0.02 }]);
  assert.deepEqual(
    gates,
    DEFAULT_GATES.map((gate) => (gate.id === "accuracy_drop" ? { ...gate, margin: 0.02 } : gate)),
  );
});

test("zero margin is not replaced by the default", () => {
  assert.equal(only({ id: "peak_memory", policy: "any-regression", margin: 0 }).margin, 0);
  assert.equal(only({ id: "bytes", margin: 0 }).margin, 0);
});

test("a gate can be removed, and removing all leaves none", () => {
  const { gates } = resolve([{ id: "bytes", enabled: false }]);
  assert.ok(!gates.some(({ id }) => id === "bytes"));
  assert.deepEqual(resolve(DEFAULT_GATES.map(({ id }) => ({ id, enabled: false }))).gates, []);
});

test("lane ci makes time gates advisory, and no others", () => {
  for (const [i, gate] of resolve([], "ci").gates.entries()) {
    assert.equal(gate.tier, METRICS[gate.metric].isTime ? "advisory" : DEFAULT_GATES[i]?.tier, gate.id);
  }
});

test("on lane ci a time gate is primary where the config names its tier, and only there", () => {
  assert.equal(only({ id: "latency_ratio", tier: "primary" }, "ci").tier, "primary");
  assert.equal(only({ id: "latency_ratio", margin: 0.1 }, "ci").tier, "advisory");
  // A gate that becomes a time gate is one.
  const changed = only({ id: "bytes", metric: "latency.call", policy: "non-inferiority", margin: 0.1 }, "ci");
  assert.equal(changed.tier, "advisory");
});

test("given gates are changed as they are: the lane demotes nothing again", () => {
  const base = [{ ...DEFAULT_GATES[2]!, tier: "primary" as const, alpha: 0.01 }];
  const { gates } = resolveGates({ base, changes: [{ id: "latency_ratio", margin: 0.2 }], alpha: 0.05, lane: "ci" });
  assert.deepEqual(gates, [{ ...base[0], margin: 0.2 }]);
});

test("a new gate needs a metric and a policy, and is advisory unless it says otherwise", () => {
  assert.match(problemOf({ id: "mine", margin: 1 }), /"mine" is new, so it needs "metric" and "policy"/);
  const gate = only({ id: "mine", metric: "throughput.items", policy: "non-inferiority", margin: 0.1 });
  assert.deepEqual([gate.tier, gate.margin_kind, gate.alpha], ["advisory", "relative", 0.05]);
});

test("a gate given twice is refused", () => {
  const { problems } = resolve([
    { id: "bytes", margin: 1 },
    { id: "bytes", margin: 0 },
  ]);
  assert.deepEqual(problems, ['gate "bytes" is given twice']);
});

test("a default margin does not live on as the threshold of a floor", () => {
  const gate = only({ id: "accuracy_drop", policy: "floor", limit: 0.98 });
  assert.deepEqual([gate.margin, gate.limit], [null, 0.98]);
});

test("a margin or limit of another metric is not taken over", () => {
  assert.match(problemOf({ id: "accuracy_drop", metric: "latency.call" }), /needs a "margin"/);
});

const IMPOSSIBLE: [string, GateConfig, RegExp][] = [
  ["non-inferiority with margin 0", { id: "accuracy_drop", margin: 0 }, /nothing can pass/],
  ["no margin", { id: "accuracy_drop", margin: null }, /needs a "margin"/],
  ["a floor without a limit", { id: "f", metric: "quality.accuracy", policy: "floor" }, /needs a "limit"/],
  [
    "a floor with a margin",
    { id: "f", metric: "quality.accuracy", policy: "floor", limit: 0.9, margin: 0.1 },
    /takes a "limit"/,
  ],
  ["a margin gate with a limit", { id: "accuracy_drop", limit: 0.9 }, /takes a "margin"/],
  ["a margin of all items", { id: "accuracy_drop", margin: 1 }, /everything passes/],
  ["percent instead of a share", { id: "accuracy_drop", margin: 5 }, /everything passes/],
  ["a floor above 1", { id: "f", metric: "quality.accuracy", policy: "floor", limit: 98 }, /at most 1/],
  ["a relative determinism margin", { id: "determinism", margin_kind: "relative" }, /absolute, not relative/],
  [
    "a floor in seconds of zero",
    { id: "l", metric: "latency.call", policy: "floor", limit: 0 },
    /limit 0, which nothing can reach/,
  ],
  ["an exact latency", { id: "latency_ratio", policy: "exact" }, /cannot be judged by exact/],
  [
    "a floor of class accuracy",
    { id: "c", metric: "quality.class_accuracy", policy: "floor", limit: 0.9 },
    /cannot be judged by floor/,
  ],
  ["a ceiling of determinism", { id: "determinism", policy: "ceiling", limit: 1 }, /cannot be judged by ceiling/],
  ["an alpha of one half", { id: "accuracy_drop", alpha: 0.5 }, /below 0.5/],
  ["an alpha of 0", { id: "accuracy_drop", alpha: 0 }, /above 0/],
  ["a negative margin", { id: "accuracy_drop", margin: -0.01 }, /no such number/],
  ["a NaN margin", { id: "accuracy_drop", margin: Number.NaN }, /no such number/],
  ["an infinite margin", { id: "latency_ratio", margin: Number.POSITIVE_INFINITY }, /no such number/],
  ["equivalence within everything", { id: "latency_ratio", policy: "equivalence", margin: 1 }, /everything passes/],
];

for (const [what, change, message] of IMPOSSIBLE) {
  test(`an impossible gate is refused: ${what}`, () => assert.match(problemOf(change), message));
}

test("an alpha that no gate could use is refused for the default gates too", () => {
  assert.equal(resolve([], "lab", 0.5).problems.length, DEFAULT_GATES.length);
});
