import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";

describe("share of clustered trials", () => {
  it("is Clopper-Pearson where clusters are single trials", () => {
    const clusters = Array.from({ length: 148 }, (_, i) => ({ count: i < 15 ? 1 : 0, n: 1 }));
    const share = stats.clusteredProportion(clusters);
    const plain = stats.clopperPearson({ successes: 15, n: 148 });
    // The spread of single trials is (n/(n-1)) of the binomial one, a design effect of 1.007.
    assert.ok(Math.abs(share.effectiveN - 147) < 1e-9);
    assert.ok(Math.abs(share.low - plain.low) < 5e-4 && Math.abs(share.high - plain.high) < 5e-4);
  });

  it("counts whole clusters where the trials of a cluster always agree", () => {
    const clusters = Array.from({ length: 40 }, (_, i) => ({ count: i < 4 ? 5 : 0, n: 5 }));
    const { effectiveN, value, low, high } = stats.clusteredProportion(clusters);
    assert.equal(value, 0.1);
    assert.ok(Math.abs(effectiveN - 39) < 1e-9, `${effectiveN}`);
    const plain = stats.clopperPearson({ successes: 4, n: 40 });
    assert.ok(low < plain.low + 0.002 && high > plain.high - 0.002);
  });

  it("never claims more precision than independent trials, and handles none and all", () => {
    const alternating = Array.from({ length: 20 }, () => ({ count: 1, n: 2 }));
    assert.equal(stats.clusteredProportion(alternating).effectiveN, 40);
    assert.deepEqual(stats.clusteredProportion([]).value, undefined);
    assert.equal(stats.clusteredProportion([{ count: 0, n: 9 }]).low, 0);
    assert.equal(stats.clusteredProportion([{ count: 9, n: 9 }]).high, 1);
    assert.throws(() => stats.clusteredProportion([{ count: 2, n: 1 }]), RangeError);
  });
});
