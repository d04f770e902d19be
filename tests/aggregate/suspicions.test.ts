import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cellSamples } from "../../harness/aggregate/cell-samples.ts";
import { clockSteps } from "../../harness/aggregate/clock-steps.ts";
import { compareCells } from "../../harness/aggregate/compare.ts";
import { reusedSamples } from "../../harness/aggregate/reused-samples.ts";
import type { TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { handPlan, handRecord, type Outcome } from "../fixtures/hand-run.ts";

const plan = handPlan();
const telling = [3, 1, 4, 15, 9, 2, 6, 5].map((x) => x * 1000);

function comparisonOf(outcome: (cell: string, block: number) => Outcome) {
  const record = handRecord(plan, ({ cell_id, block }) => outcome(cell_id, block));
  const comparisons = compareCells(cellSamples(record), {
    labels: record.labels,
    classNames: plan.dataset.class_names,
    isNoisy: false,
  });
  const found = comparisons.find(({ cellId }) => cellId === "m/q8");
  assert.ok(found);
  return found;
}

describe("samples that were written down twice", () => {
  const trials = (latencyNs: (block: number) => readonly number[]) =>
    handRecord(plan, ({ block }) => ({ latencyNs: latencyNs(block) })).trials.filter((t) => t.cell_id === "m/q8");

  it("are found in two trials, which are named", () => {
    assert.deepEqual(reusedSamples(trials((block) => (block === 1 ? [...telling, 1] : telling))), [
      "b000.m/q8",
      "b002.m/q8",
    ]);
  });

  it("are the same in the same order", () => {
    assert.equal(reusedSamples(trials((block) => [...telling.slice(block), ...telling.slice(0, block)])), undefined);
  });

  it("mean nothing where a coarse clock gives few values", () => {
    assert.equal(reusedSamples(trials(() => [1000, 2000, 1000, 1000, 2000, 2000, 1000, 1000, 1000])), undefined);
  });

  it("cannot be those of trials that failed", () => {
    assert.equal(reusedSamples(handRecord(plan, () => "crash").trials.slice(2)), undefined);
  });
});

describe("steps of a clock", () => {
  const { trials } = handRecord(plan);
  const withTrial = (index: number, change: (line: TrialLine) => void) => {
    const changed = structuredClone([...trials]);
    change(changed[index] as TrialLine);
    return [...clockSteps(changed.reverse())];
  };

  it("there are none where both clocks agree to a second and trials follow each other", () => {
    assert.equal(clockSteps(trials).size, 0);
    const slewed = withTrial(3, (line) => {
      if (line.measured) line.measured.host.system_clock_s += 0.9;
    });
    assert.deepEqual(slewed, []);
  });

  it("are where they disagree, and where a trial begins before the one that was run before it", () => {
    const { trial_id } = trials[3] as TrialLine;
    const disagree = withTrial(3, (line) => {
      if (line.measured) line.measured.host.system_clock_s -= 1.1;
    });
    assert.deepEqual(disagree, [trial_id]);
    const back = withTrial(3, (line) => {
      line.started_at = "1970-01-01T00:00:01.500Z";
    });
    assert.deepEqual(back, [trial_id]);
  });

  it("are doubts about a comparison when they are in either of its cells", () => {
    const stepped = (cell: string) =>
      comparisonOf((cellId, block) => {
        const isHere = cellId === cell && block === 1;
        const line = handRecord(plan).trials[0]?.measured?.host;
        return isHere && line ? { measured: { host: { ...line, system_clock_s: 99 } } } : {};
      }).isClockStepped;
    assert.deepEqual([stepped("m/q8"), stepped("m/fp32"), stepped("none")], [true, true, false]);
  });
});

describe("what a comparison says of its baseline and its clock", () => {
  it("counts the baseline's failed and missing trials", () => {
    const { baselineTrials } = comparisonOf((cell, block) =>
      cell !== "m/fp32" || block === 0 ? {} : block === 1 ? "crash" : "missing",
    );
    assert.deepEqual(baselineTrials, { failed: 1, missing: 1 });
  });

  it("a long trial whose samples are all alike has a clock that stands still; a short one may", () => {
    const stuck = (n: number) =>
      comparisonOf((cell, block) =>
        cell === "m/q8" && block === 1 ? { latencyNs: new Array<number>(n).fill(5000) } : {},
      );
    assert.equal(stuck(20).isLatencyConstant, true);
    assert.equal(stuck(19).isLatencyConstant, false);
  });
});
