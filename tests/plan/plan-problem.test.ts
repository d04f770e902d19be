import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import { planProblem } from "../../harness/plan/plan-problem.ts";
import { handPlan } from "../fixtures/hand-run.ts";

function problem(change: (plan: Plan) => void): string {
  const plan = structuredClone(handPlan());
  change(plan);
  return planProblem(plan) ?? "none";
}

describe("whether a plan can have been made", () => {
  it("every plan that was made can, with several models, settings and one quant only", () => {
    const models: [{ id: string }, { id: string }] = [{ id: "m" }, { id: "n" }];
    const runtime = { kind: "simulated" as const, threads: [1, 2] as [number, ...number[]] };
    assert.equal(planProblem(handPlan()), undefined);
    assert.equal(planProblem(handPlan({ models, runtime, batch_sizes: [1, 8] })), undefined);
    assert.equal(planProblem(handPlan({ models }, {}, { only: "n/q8" })), undefined);
    assert.equal(planProblem(handPlan({ execution_lane: "ci" })), undefined);
  });

  it("cells belong to a variant and to the baseline of their model and setting", () => {
    const baseline = (plan: Plan) => plan.cells[0] as Plan["cells"][number];
    const quantized = (plan: Plan) => plan.cells[1] as Plan["cells"][number];
    assert.match(
      problem((plan) => {
        quantized(plan).variant_id = "m/other";
      }),
      /no cell|no planned variant/,
    );
    assert.match(
      problem((plan) => {
        quantized(plan).baseline_cell_id = "m/q8";
      }),
      /m\/q8 has no baseline/,
    );
    assert.match(
      problem((plan) => {
        baseline(plan).batch_size = 4;
      }),
      /another model or setting/,
    );
    assert.match(
      problem((plan) => void plan.cells.push(quantized(plan))),
      /a cell is named twice/,
    );
  });

  it("a required variant cannot be its own reference", () => {
    const swap = (plan: Plan) => {
      for (const variant of plan.variants) variant.role = variant.role === "baseline" ? "required" : "baseline";
    };
    assert.match(problem(swap), /has no baseline/);
  });

  it("every cell has one trial a block, and every baseline its canaries", () => {
    assert.match(
      problem((plan) => void plan.trials.pop()),
      /a trial too few/,
    );
    assert.match(
      problem((plan) => {
        const last = plan.trials.at(-1) as Plan["trials"][number];
        plan.trials.push({ ...last, seq: plan.trials.length, trial_id: "again" });
      }),
      /a trial too many: m\/\w+ trial 2/,
    );
    assert.match(
      problem((plan) => {
        plan.canary.runs = 5;
      }),
      /a trial too few: m\/fp32 canary -1 2/,
    );
    assert.match(
      problem((plan) => {
        plan.trial_counts.total = 3;
      }),
      /not as many trials as it counts/,
    );
    assert.match(
      problem((plan) => void plan.trials.reverse()),
      /not numbered in order/,
    );
  });

  it("its gates can be decided, and there are items to decide on", () => {
    assert.match(
      problem((plan) => void plan.gates.push(...plan.gates)),
      /a gate is named twice/,
    );
    const first = (plan: Plan) => plan.gates[0] as Plan["gates"][number];
    assert.match(
      problem((plan) => {
        first(plan).alpha = 0.7;
      }),
      /alpha 0.7/,
    );
    assert.match(
      problem((plan) => {
        first(plan).margin = Number.NaN;
      }),
      /margin NaN/,
    );
    assert.match(
      problem((plan) => {
        plan.dataset.count = 0;
      }),
      /no items/,
    );
    assert.match(
      problem((plan) => void plan.canary.subset.push(999)),
      /the subset is not one of its items/,
    );
  });
});
