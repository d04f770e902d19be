import assert from "node:assert/strict";
import { test } from "node:test";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import { planDigest } from "../../harness/plan/make-plan.ts";
import { handPlan, sha256 } from "../fixtures/hand-run.ts";

const digest = (more: Partial<MatrixConfig> = {}) => handPlan(more).plan_digest;

test("equal input gives an equal plan, and its digest belongs to it", () => {
  assert.deepEqual(handPlan(), handPlan());
  const plan = handPlan();
  assert.equal(planDigest(plan, sha256), plan.plan_digest);
  assert.equal(planDigest(JSON.parse(JSON.stringify(plan)), sha256), plan.plan_digest);
});

const DECIDES: [string, Partial<MatrixConfig>][] = [
  ["the seed", { seed: 99 }],
  ["a margin", { gates: [{ id: "accuracy_drop", margin: 0.02 }] }],
  ["a tier", { gates: [{ id: "bytes", tier: "advisory" }] }],
  ["alpha", { alpha: 0.01 }],
  ["the lane", { execution_lane: "ci" }],
  ["the number of blocks", { runs_per_quant: 4 }],
  ["the dataset", { dataset: { kind: "simulated", items: 21, classes: 2 } }],
  ["a canary's threshold", { canary: { runs: 2, items: 4, latency_cv_threshold: 0.5 } }],
  ["the warm-up", { warmup: { iterations: 1 } }],
  ["a time limit", { runtime: { kind: "simulated", timeout_sec: 5 } }],
  [
    "a variant's settings",
    {
      quants: [
        { id: "fp32", kind: "simulated" },
        { id: "q8", kind: "simulated", accuracy: 0.5 },
      ],
    },
  ],
];

for (const [what, change] of DECIDES) {
  test(`the digest changes with ${what}`, () => assert.notEqual(digest(change), digest()));
}

test("the digest does not change with the commit, where paths start, notices, origins and the estimate", () => {
  const plain = handPlan({ seed: 5 });
  const flags = handPlan({ seed: 4 }, { seed: 5, quantTags: ["ignored"] });
  assert.notDeepEqual(flags.notices, plain.notices);
  assert.notDeepEqual(flags.origins, plain.origins);
  const elsewhere = handPlan(
    { seed: 5 },
    {},
    {
      commitSha: "0".repeat(40),
      invocation: { config_dir: "/somewhere", data_dir: "/else" },
      priors: { "m/q8": { all: 100, subset: 100 } },
    },
  );
  assert.notEqual(elsewhere.estimate.seconds, plain.estimate.seconds);
  assert.deepEqual([flags.plan_digest, elsewhere.plan_digest], [plain.plan_digest, plain.plan_digest]);
});

test("a changed gate no longer matches the digest", () => {
  const plan = handPlan();
  const gates = plan.gates.map((gate) => ({ ...gate, margin: 0.9 }));
  assert.notEqual(planDigest({ ...plan, gates }, sha256), plan.plan_digest);
});

test("problems of the gates are named together", () => {
  assert.throws(
    () => handPlan({ gates: [{ id: "accuracy_drop", margin: 0 }, { id: "mine" }] }),
    (error: unknown) =>
      (error as { code: string }).code === "CONFIG_INVALID" &&
      /nothing can pass.*"mine" is new|"mine" is new.*nothing can pass/.test((error as Error).message),
  );
});

test("numbers that contradict each other are refused before anything runs", () => {
  assert.throws(() => handPlan({ latency: { min_samples: 50, max_samples: 20 } }), /max_samples \(20\) is below/);
  assert.throws(
    () => handPlan({ latency: { min_samples: 5, max_samples: 10 }, canary: { runs: 2, min_samples: 11 } }),
    /can never be reached/,
  );
});

test("the subset is no larger than the dataset, holds no item twice, and depends on the seed alone", () => {
  const { canary } = handPlan({ canary: { runs: 2, items: 500 } });
  assert.deepEqual(
    [...canary.subset].sort((x, y) => x - y),
    Array.from({ length: 20 }, (_, i) => i),
  );
  const quants: MatrixConfig["quants"] = [
    { id: "fp32", kind: "simulated" },
    { id: "other", kind: "simulated" },
  ];
  assert.deepEqual(handPlan({ quants }).canary.subset, handPlan().canary.subset);
  assert.notDeepEqual(handPlan({ seed: 2 }).canary.subset, handPlan({ seed: 3 }).canary.subset);
});

test("the baseline must do better than guessing unless the config says how well", () => {
  const wanted = (classes: number, minAccuracy: number | null) =>
    handPlan({
      dataset: { kind: "simulated", items: 20, classes },
      canary: { runs: 2, items: 4, min_accuracy: minAccuracy },
    }).canary.min_accuracy;
  assert.equal(wanted(10, null), 0.2);
  assert.equal(wanted(2, null), 0.75);
  assert.equal(wanted(10, 0), 0);
  assert.equal(wanted(10, 0.9), 0.9);
});

test("more evaluations than blocks are as many as blocks", () => {
  const plan = handPlan({ runs_per_quant: 3, evaluate_runs: 9 });
  assert.ok(plan.trials.every((trial) => trial.kind === "canary" || trial.evaluates === "all"));
});

test("the estimate says what it rests on", () => {
  assert.match(handPlan().estimate.basis, /^defaults/);
  const priors = { "m/q8": { all: 10, subset: 1 } };
  const { estimate } = handPlan({}, {}, { priors });
  assert.equal(estimate.seconds, 12);
  assert.match(estimate.basis, /^3 of 8 trials as measured/);
});

test("only models that have a variant left are in the plan", () => {
  const plan = handPlan({ models: [{ id: "a" }, { id: "b" }] }, {}, { only: "b/q8" });
  assert.deepEqual(
    plan.models.map(({ id }) => id),
    ["b"],
  );
  assert.equal(plan.invocation.only, "b/q8");
});

test("slices need ONNX Runtime, no probes and room for two of them; a plan without them says nothing of them", () => {
  const latency = { min_samples: 5, max_samples: 1000, time_budget_ms: 100, slice_ms: 6 };
  const runtime = { kind: "onnxruntime" } as const;
  const telemetry = { probe: "none" } as const;
  const plan = (more: Partial<MatrixConfig>) => handPlan({ latency, runtime, telemetry, ...more });
  assert.equal(plan({}).experimental_controls.slice_ms, 6);
  assert.equal(handPlan({ latency, runtime }).telemetry?.probe, "none");
  assert.equal("slice_ms" in handPlan().experimental_controls, false);
  assert.throws(() => plan({ runtime: { kind: "simulated" } }), /slice_ms needs variants that all run in ONNX Runtime/);
  assert.throws(() => plan({ telemetry: { probe: "cpu_only" } }), /slice_ms needs telemetry.probe "none"/);
  assert.throws(() => plan({ latency: { ...latency, slice_ms: 51 } }), /slice_ms \(51\) leaves less than two slices/);
});
