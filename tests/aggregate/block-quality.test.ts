import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { starvation } from "../../harness/aggregate/block-quality.ts";
import { cellSamples } from "../../harness/aggregate/cell-samples.ts";
import { compareCells } from "../../harness/aggregate/compare.ts";
import type { RunQualityControls } from "../../harness/domain/generated/plan-v1.ts";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { DEFAULTS } from "../../harness/plan/defaults.ts";
import { gateSpec } from "../fixtures/comparison-builder.ts";
import { handPlan, handRecord, type Measured, trialLine } from "../fixtures/hand-run.ts";

const LIMITS: RunQualityControls = DEFAULTS.run_quality;
const plan = handPlan({ runs_per_quant: 8 });
const quiet: Measured["host"] = {
  loop_cpu_s: 0.95,
  loop_wall_s: 1,
  involuntary_switches: 3,
  steal_s: 0.01,
  cpu_pressure_s: 0.2,
  load1: 1,
  wall_s: 2,
  system_clock_s: 2,
};
const starved = { ...quiet, loop_cpu_s: 0.1 };

/** The candidate's comparison where its first `blocks` trials were starved; it is always 30 % slower. */
function compare(blocks: number, host = starved) {
  const record = handRecord(plan, ({ cell_id, block }) => ({
    latencyNs: [1, 2, 3].map((i) => (cell_id === "m/q8" ? 1_300_000 : 1_000_000) + 1000 * i + block),
    measured: { host: cell_id === "m/q8" && block < blocks ? host : quiet },
  }));
  const facts = { labels: record.labels, classNames: plan.dataset.class_names, isNoisy: false, quality: LIMITS };
  const [, q8] = compareCells(cellSamples(record), facts);
  assert.ok(q8);
  return q8;
}

const latency = gateSpec({ metric: "latency.call", policy: "non-inferiority", margin: 0.05, margin_kind: "relative" });

describe("starved blocks", () => {
  it("are told by the share of the CPU, steal and pressure, each against its limit", () => {
    const [trial] = plan.trials;
    assert.ok(trial);
    const of = (host: Partial<Measured["host"]>, limits = LIMITS) =>
      starvation(trialLine(plan, trial, { measured: { host: { ...quiet, ...host } } }), limits).length;
    assert.equal(of({}), 0);
    assert.equal(of({ loop_cpu_s: 0.19 }), 1);
    assert.equal(of({ steal_s: 1.1 }), 1);
    assert.equal(of({ cpu_pressure_s: 2 }), 0, "a limit of 1 never accuses");
    assert.equal(of({ cpu_pressure_s: 1.9 }, { ...LIMITS, max_pressure_share: 0.9 }), 1);
    assert.equal(of({ loop_cpu_s: 0.1, steal_s: 1.5 }), 2);
  });

  it("accuse nobody where the platform gives no reading, and nothing of a trial that failed", () => {
    const [trial] = plan.trials;
    assert.ok(trial);
    const unknown = { ...quiet, loop_cpu_s: null, steal_s: null, cpu_pressure_s: null };
    assert.deepEqual(starvation(trialLine(plan, trial, { measured: { host: unknown } }), LIMITS), []);
    assert.deepEqual(starvation(trialLine(plan, trial, "crash"), LIMITS), []);
  });

  it("leave time gates inconclusive, not wrong, when they are more than half", () => {
    const polluted = compare(5);
    assert.deepEqual(polluted.pollution, { blocks: 8, starved: 5, isPolluted: true });
    const { verdict, reasons, p_fail } = decideGate(latency, polluted);
    assert.deepEqual([verdict, reasons, p_fail], ["inconclusive", ["polluted"], null]);
  });

  it("change nothing when they are few, and nothing about gates that are not about time", () => {
    assert.equal(compare(4).pollution?.isPolluted, false);
    assert.equal(decideGate(latency, compare(4)).verdict, "fail");
    const bytes = gateSpec({ metric: "size.bytes_on_disk", policy: "exact", margin: 0, margin_kind: "relative" });
    assert.equal(decideGate(bytes, compare(8)).verdict, "pass");
  });

  it("are not judged where the plan has no limits", () => {
    const record = handRecord(plan, () => ({ measured: { host: starved } }));
    const facts = { labels: record.labels, classNames: plan.dataset.class_names, isNoisy: false };
    assert.equal(compareCells(cellSamples(record), facts)[1]?.pollution, undefined);
  });
});
