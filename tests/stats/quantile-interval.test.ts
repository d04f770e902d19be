import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stats } from "./namespace.ts";
import { assertRelative, readReference } from "./reference.ts";

type Reference = { sample: number[]; level: number; expected: number[] };

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("quantile intervals by order statistics", () => {
  it("a two-sided interval of the median needs 6 at 95 % and 8 at 99 %", () => {
    assert.equal(stats.quantileSampleSize({ level: 0.95 }), 6);
    assert.equal(stats.quantileSampleSize({ level: 0.99 }), 8);
    assert.equal(stats.quantileInterval(upTo(5)).reason, "too-few");
    const six = stats.quantileInterval(upTo(6));
    assert.deepEqual([six.value, six.low, six.high, six.reason], [3.5, 1, 6, undefined]);
  });

  it("a one-sided 95 % bound of p50, p90, p95, p99 needs 5, 29, 59, 299", () => {
    const needed = [0.5, 0.9, 0.95, 0.99].map((quantile) =>
      stats.quantileSampleSize({ quantile, level: 0.9, side: "high" }),
    );
    assert.deepEqual(needed, [5, 29, 59, 299]);
    const { high, reason } = stats.quantileInterval(upTo(28), { quantile: 0.9, level: 0.9 });
    assert.deepEqual([high, reason], [Infinity, "too-few"]);
    assert.equal(stats.quantileInterval(upTo(29), { quantile: 0.9, level: 0.9 }).high, 29);
  });

  it("names the order statistics, and each side errs by at most half of what the level leaves out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 300 }), fc.constantFrom(0.5, 0.25, 0.9), (n, quantile) => {
        const result = stats.quantileInterval(upTo(n), { quantile, level: 0.9 });
        if (result.value === undefined) return assert.fail("judged");
        const { lowRank, highRank } = result;
        if (lowRank !== undefined) {
          assert.equal(result.low, lowRank);
          assert.ok(stats.binomialCdf(lowRank - 1, { n, p: quantile }) <= 0.05);
          assert.ok(stats.binomialCdf(lowRank, { n, p: quantile }) > 0.05);
        }
        if (highRank !== undefined) {
          assert.equal(result.high, highRank);
          assert.ok(stats.binomialCdf(highRank - 1, { n, p: quantile, tail: "upper" }) <= 0.05);
          assert.ok(stats.binomialCdf(highRank - 2, { n, p: quantile, tail: "upper" }) > 0.05);
        }
        assert.ok(result.low <= result.value && result.value <= result.high);
      }),
    );
  });

  it("covers the true p90 of an exponential sample at least at the level", () => {
    const random = stats.rng("quantile coverage");
    let missed = 0;
    for (let r = 0; r < 3000; r++) {
      const sample = Array.from({ length: 60 }, () => -Math.log(1 - random.uniform()));
      const { low, high } = stats.quantileInterval(sample, { quantile: 0.9, level: 0.9 });
      if (low > Math.log(10) || high < Math.log(10)) missed++;
    }
    assert.ok(missed / 3000 <= 0.1 + 0.02, `missed ${missed / 3000}`);
    assert.ok(missed > 0, "a finite interval misses sometimes");
  });

  it("says why data cannot be judged and rejects impossible arguments", () => {
    assert.equal(stats.quantileInterval([]).reason, "no-data");
    assert.equal(stats.quantileInterval([1, 2, Number.NaN]).reason, "not-finite");
    assert.throws(() => stats.quantileInterval([1, 2], { quantile: 1 }), RangeError);
    assert.throws(() => stats.quantileInterval([1, 2], { level: -0.5 }), RangeError);
  });
});

describe("coefficient of variation", () => {
  it("agrees with the formula worked in SciPy", () => {
    const { sample, level, expected } = readReference("coefficient-of-variation") as unknown as Reference;
    const { value, low, high } = stats.coefficientOfVariation(sample, { level });
    assertRelative(value!, expected[0]!, 1e-13, "coefficient");
    assertRelative(low, expected[1]!, 1e-12, "low");
    assertRelative(high, expected[2]!, 1e-12, "high");
  });

  it("covers the true coefficient of normal data at the level", () => {
    const random = stats.rng("cv coverage");
    let missed = 0;
    for (let r = 0; r < 3000; r++) {
      const sample = Array.from({ length: 10 }, () => 1 + 0.1 * random.normal());
      const { low, high } = stats.coefficientOfVariation(sample, { level: 0.9 });
      if (low > 0.1 || high < 0.1) missed++;
    }
    // 5 sigma of a share of .1 over 3,000 is .027.
    assert.ok(Math.abs(missed / 3000 - 0.1) < 0.027, `missed ${missed / 3000}`);
  });

  it("says why data cannot be judged: constant, centered on zero, single", () => {
    assert.deepEqual(stats.coefficientOfVariation([5, 5, 5]).reason, "no-variation");
    assert.equal(stats.coefficientOfVariation([-1, 1, 0]).reason, "mean-not-positive");
    assert.equal(stats.coefficientOfVariation([4]).reason, "too-few");
    assert.equal(stats.coefficientOfVariation([4, Infinity]).reason, "not-finite");
  });
});
