import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measurementProblem } from "../../harness/aggregate/measurement-problem.ts";
import { packBits } from "../../harness/aggregate/run-record.ts";
import type { Plan, PlannedTrial } from "../../harness/domain/generated/plan-v1.ts";
import { handPlan, type Measured, sha256, trialLine } from "../fixtures/hand-run.ts";

const plan: Plan = handPlan({ latency: { min_samples: 5, max_samples: 10 } });
const planned = (evaluates: "all" | "subset") =>
  plan.trials.find((trial) => trial.kind === "trial" && trial.evaluates === evaluates) as PlannedTrial;

/** A trial of 20 items, all right, five calls of about a millisecond in a loop of 5 ms; `more` replaces parts of it. */
function measured(more: Partial<Measured> = {}, evaluates: "all" | "subset" = "all"): Measured {
  const { measured: plain } = trialLine(plan, planned(evaluates));
  assert.ok(plain);
  const predictions = { file: "arrays/p.i32", sha256: sha256("p"), dtype: "i32" as const, shape: [20] };
  const host = { ...plain.host, loop_wall_s: 0.00503 };
  const { items } = plain.throughput;
  const throughput = { items_per_second: 1000, items, seconds: items / 1000, batch_size: 32 };
  return { ...plain, host, throughput, predictions: evaluates === "all" ? predictions : null, ...more };
}

function problem(more: Partial<Measured>): string {
  return measurementProblem(measured(more), plan, { evaluates: "all" }) ?? "none";
}

describe("whether the figures of a trial can all be true", () => {
  it("they can in an honest trial, of all items and of the subset", () => {
    assert.equal(measurementProblem(measured(), plan, { evaluates: "all" }), undefined);
    assert.equal(measurementProblem(measured({}, "subset"), plan, { evaluates: "subset" }), undefined);
  });

  it("slices hold all samples, and there are some only where the plan has them", () => {
    const sliced: Plan = { ...plan, experimental_controls: { ...plan.experimental_controls, slice_ms: 2 } };
    const found = (counts: number[], by: Plan) =>
      measurementProblem(measured({ latency_slices: counts }), by, { evaluates: "all" }) ?? "none";
    assert.equal(found([2, 3], sliced), "none");
    assert.equal(measurementProblem(measured(), sliced, { evaluates: "all" }), undefined);
    assert.match(found([2, 2], sliced), /its slices hold 4 of 5 latency samples/);
    assert.match(found([2, 3], plan), /slices that nobody planned/);
  });

  it("calls may take less than their loop, but neither more nor next to nothing of it", () => {
    const { host } = measured();
    assert.equal(problem({ host: { ...host, loop_wall_s: 0.1 } }), "none");
    assert.match(
      problem({ host: { ...host, loop_wall_s: 0.005 } }),
      /calls add up to 0.0050\d+ s in a loop of 0.005 s/,
    );
    assert.match(problem({ host: { ...host, loop_wall_s: 5 } }), /calls add up to/);
  });

  it("readings that a platform does not give are no problem, and negative ones are", () => {
    const { host } = measured();
    assert.equal(problem({ host: { ...host, steal_s: null, load1: null, loop_cpu_s: null } }), "none");
    assert.equal(problem({ host: { ...host, steal_s: -1 } }), "it reports -1 as its steal time");
    assert.equal(problem({ load_s: Number.NaN }), "it reports NaN as its load time");
  });

  it("bits must be just those of the items, and as many as are counted", () => {
    const { quality } = measured();
    const withBits = (correct_bits: string) => problem({ quality: { ...quality, correct_bits } });
    assert.equal(withBits(packBits(new Uint8Array(20).fill(1))), "none");
    for (const count of [8, 16, 23, 24, 25, 40]) {
      assert.match(withBits(packBits(new Uint8Array(count).fill(1))), /are not the bits of 20 items/, `${count} bits`);
    }
    assert.match(withBits("////"), /are not the bits of 20 items/);
    assert.match(withBits("not base64"), /are not the bits of 20 items/);
    assert.match(withBits(packBits(new Uint8Array(20))), /counts 20 items as right, and its bits 0/);
  });

  it("a throughput is the items over their time, to rounding", () => {
    const { throughput } = measured();
    assert.equal(problem({ throughput: { ...throughput, items_per_second: 1000.0000001 } }), "none");
    assert.match(problem({ throughput: { ...throughput, items_per_second: 1001 } }), /its throughput is 1001\/s/);
  });

  it("outputs are kept of full evaluations alone, under the digest they are known by", () => {
    const { outputs_sha256 } = measured();
    const outputs = { file: "arrays/o.f32", sha256: sha256("o"), dtype: "f32" as const, shape: [20, 2] };
    assert.equal(problem({ outputs, outputs_sha256: outputs.sha256 }), "none");
    assert.match(problem({ outputs }), /not that of the outputs it names/);
    const bare = measured({ outputs_sha256 }, "subset");
    assert.match(
      measurementProblem(bare, plan, { evaluates: "subset" }) ?? "none",
      /outputs of items that it did not evaluate/,
    );
  });
});
