import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PrecisionDrop } from "../../harness/domain/comparison.ts";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { normalQuantile } from "../../harness/stats/normal.ts";
import { comparison, gateSpec } from "../fixtures/bare-comparison.ts";

/** Replicates that are normal about the value: the BCa interval is then value ± z sd. */
function figure(value: number, sd: number): PrecisionDrop {
  const n = 1999;
  return {
    value,
    sorted: Float64Array.from({ length: n }, (_, i) => value + sd * normalQuantile((i + 1) / (n + 1))),
    acceleration: 0,
  };
}

const spec = gateSpec({ id: "map_drop", metric: "quality.map", margin: 0.01 });
const decide = (drop: PrecisionDrop | undefined, changes: Partial<typeof spec> = {}) => {
  const detection = { images: 500, map: figure(0.4, 0.01), drop, categories: [] };
  return decideGate({ ...spec, ...changes }, comparison({ cellId: "m/v", detection }));
};

describe("gates on mean average precision", () => {
  it("pass, fail or stay open by where the bootstrap interval lies", () => {
    assert.equal(decide(figure(0, 0.004)).verdict, "pass");
    assert.equal(decide(figure(0.03, 0.004)).verdict, "fail");
    assert.equal(decide(figure(0.01, 0.004)).verdict, "inconclusive");
  });

  it("interval and p-values are those of the normal curve that the replicates follow", () => {
    const { effect, p_pass, p_fail } = decide(figure(0.002, 0.004));
    assert.ok(Math.abs((effect?.low as number) - (0.002 - 1.6448536 * 0.004)) < 2e-5);
    assert.ok(Math.abs((effect?.high as number) - (0.002 + 1.6448536 * 0.004)) < 2e-5);
    // Φ(-2) = .02275.
    assert.ok(Math.abs((p_pass as number) - 0.02275) < 5e-4, `${p_pass}`);
    assert.ok(Math.abs((p_fail as number) - 0.97725) < 5e-4, `${p_fail}`);
  });

  it("a verdict and its p-value agree at the border, whatever the skewness", () => {
    for (const acceleration of [-0.1, 0, 0.1]) {
      for (let value = 0.002; value < 0.005; value += 0.0001) {
        const { verdict, p_pass } = decide({ ...figure(value, 0.004), acceleration });
        assert.equal(verdict === "pass", (p_pass as number) < 0.05 + 1e-3 && verdict !== "inconclusive");
        if ((p_pass as number) > 0.051) assert.notEqual(verdict, "pass");
        if ((p_pass as number) < 0.049) assert.equal(verdict, "pass");
      }
    }
  });

  it("a floor is held against the variant's own figure", () => {
    const floor = { policy: "floor", limit: 0.35, margin: null } as const;
    assert.equal(decide(undefined, floor).verdict, "pass");
    assert.equal(decide(undefined, { ...floor, limit: 0.45 }).verdict, "fail");
  });

  it("what was not measured, or does not vary at all, is never a pass", () => {
    assert.deepEqual(decide(undefined).verdict, "inconclusive");
    assert.equal(decideGate(spec, comparison({ cellId: "m/v" })).verdict, "inconclusive");
    const constant = { value: 0, sorted: new Float64Array(2000), acceleration: 0 };
    assert.equal(decide(constant).verdict, "inconclusive");
  });

  it("the worst category fails a gate on categories, and is named", () => {
    const categories = [
      { name: "cat", drop: figure(0, 0.004) },
      { name: "dog", drop: figure(0.2, 0.02) },
    ];
    const gate = gateSpec({ id: "worst_category_drop", metric: "quality.category_ap", margin: 0.05 });
    const detection = { images: 500, map: undefined, drop: undefined, categories };
    const result = decideGate(gate, comparison({ cellId: "m/v", detection }));
    assert.equal(result.verdict, "fail");
    assert.equal(result.detail, "dog");
    const fine = { ...detection, categories: categories.slice(0, 1) };
    assert.equal(decideGate(gate, comparison({ cellId: "m/v", detection: fine })).verdict, "pass");
  });
});
