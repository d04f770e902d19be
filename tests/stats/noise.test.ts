import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";
import { assertDigits, assertRelative, readReference } from "./reference.ts";

const reference = readReference("noise") as unknown as {
  kendall: { y: number[]; tau: number; p: number[]; slope: number }[];
  dips: { x: number[]; dip: number }[];
  clusters: { scores: number[]; clusters: number[]; mean: number; standardError: number };
  sarle: { x: number[]; coefficient: number };
};

function autoregressive(seed: string, n: number, phi: number): Float64Array {
  const random = stats.rng(seed);
  const series = new Float64Array(n);
  let x = random.normal() / Math.sqrt(1 - phi * phi);
  for (let i = 0; i < n; i++) {
    series[i] = x;
    x = phi * x + random.normal();
  }
  return series;
}

describe("autocorrelation and effective sample size", () => {
  it("n(1-ρ)/(1+ρ), never above n nor below 1", () => {
    assert.equal(stats.effectiveSampleSize({ n: 100, autocorrelation: 0.5 }).value, 100 / 3);
    assert.equal(stats.effectiveSampleSize({ n: 100, autocorrelation: -0.5 }).value, 100);
    assert.equal(stats.effectiveSampleSize({ n: 10, autocorrelation: 0.99 }).value, 1);
    assert.equal(stats.effectiveSampleSize({ n: 0, autocorrelation: 0 }).reason, "no-data");
    assert.throws(() => stats.effectiveSampleSize({ n: 10, autocorrelation: 2 }), RangeError);
  });

  it("finds the coefficient of an autoregressive series, and counts its worth", () => {
    const series = autoregressive("ar", 4000, 0.6);
    assert.ok(Math.abs(stats.autocorrelation(series).value! - 0.6) < 0.06);
    assert.ok(Math.abs(stats.autocorrelation(series, { lag: 2 }).value! - 0.36) < 0.08);
    assert.ok(Math.abs(stats.effectiveSampleSize(series).value! - 1000) < 250);
  });

  it("a constant or short series has no autocorrelation, with the reason", () => {
    assert.equal(stats.autocorrelation([1, 1, 1, 1]).reason, "no-variation");
    assert.equal(stats.autocorrelation([1, 2]).reason, "too-few");
    assert.equal(stats.effectiveSampleSize([1, 1, 1]).reason, "no-variation");
    assert.throws(() => stats.autocorrelation([1, 2, 3], { lag: 0 }), RangeError);
  });
});

describe("Mann-Kendall drift", () => {
  it("agrees with SciPy's exact Kendall test and Theil-Sen slope", () => {
    for (const { y, tau, p, slope } of reference.kendall) {
      for (const [i, alternative] of (["less", "two-sided", "greater"] as const).entries()) {
        const ours = stats.mannKendall(y, { alternative });
        assert.equal(ours.method, "mann-kendall-exact");
        assertRelative(ours.p, p[i]!, 1e-9, `n ${y.length} ${alternative}`);
      }
      assertRelative(stats.mannKendall(y).tau!, tau, 1e-12, "tau");
      assertRelative(stats.mannKendall(y).slope!, slope, 1e-9, "slope");
    }
  });

  it("sees a drift and not noise; ties and long series go through the normal approximation", () => {
    const random = stats.rng("drift");
    const noise = Array.from({ length: 80 }, () => random.normal());
    assert.ok(stats.mannKendall(noise).p > 0.01);
    const drifting = stats.mannKendall(noise.map((x, i) => x + 0.05 * i));
    assert.ok(drifting.p < 1e-6 && drifting.slope! > 0.03 && drifting.slope! < 0.07);
    assert.equal(stats.mannKendall([1, 1, 2, 2, 3, 3]).method, "mann-kendall-normal");
    // By hand: S = 12, variance (6·5·17 - 3·2·1·9)/18 = 456/18, and one is taken off for continuity.
    const byHand = 2 * stats.normalCdf(-11 / Math.sqrt(456 / 18));
    assertRelative(stats.mannKendall([1, 1, 2, 2, 3, 3]).p, byHand, 1e-12, "tied p");
  });

  it("keeps its level on independent data", () => {
    const random = stats.rng("kendall level");
    let small = 0;
    for (let r = 0; r < 2000; r++) {
      if (stats.mannKendall(Array.from({ length: 15 }, () => random.uniform())).p <= 0.1) small++;
    }
    assert.ok(small / 2000 <= 0.1 + 0.02, `${small / 2000}`);
    assert.ok(small / 2000 > 0.05);
  });

  it("data that cannot be judged are never evidence", () => {
    assert.deepEqual([stats.mannKendall([1, 2]).p, stats.mannKendall([1, 2]).reason], [1, "too-few"]);
    assert.deepEqual([stats.mannKendall([4, 4, 4]).p, stats.mannKendall([4, 4, 4]).reason], [1, "no-variation"]);
    assert.equal(stats.mannKendall([1, Number.NaN, 2]).reason, "not-finite");
  });
});

describe("bimodality", () => {
  it("dips agree with the diptest package, ties included", () => {
    assert.ok(reference.dips.length >= 16);
    for (const { x, dip } of reference.dips) {
      assertRelative(stats.dipOfSorted(Float64Array.from(x).sort()), dip, 1e-10, `n ${x.length}`);
    }
  });

  it("Sarle's coefficient agrees with the formula worked in SciPy", () => {
    const { coefficient } = stats.bimodality(reference.sarle.x, { rng: stats.rng(1), resamples: 9 });
    assertRelative(coefficient!, reference.sarle.coefficient, 1e-10, "coefficient");
  });

  it("two separate modes are found; one mode, even a skewed one, is not", () => {
    const random = stats.rng("modes");
    const two = Array.from({ length: 80 }, (_, i) => random.normal() + (i % 2) * 6);
    const one = Array.from({ length: 80 }, () => random.normal());
    const skewed = Array.from({ length: 80 }, () => Math.exp(random.normal()));
    const options = () => ({ rng: stats.rng("null"), resamples: 199 });
    assert.equal(stats.bimodality(two, options()).p, 1 / 200);
    assert.ok(stats.bimodality(one, options()).p > 0.1);
    assert.ok(stats.bimodality(skewed, options()).p > 0.1);
  });

  it("data that cannot be judged are never evidence", () => {
    const options = { rng: stats.rng(1), resamples: 19 };
    assert.deepEqual(stats.bimodality([1, 2, 3], options).reason, "too-few");
    assert.deepEqual(
      [stats.bimodality([1, 1, 1, 1], options).p, stats.bimodality([1, 1, 1, 1], options).reason],
      [1, "no-variation"],
    );
    assert.throws(() => stats.bimodality([1, 2, 3, 4], { rng: stats.rng(1), resamples: 0 }), RangeError);
  });
});

describe("Kalibera-Jones repetitions", () => {
  it("r = ⌈√((c₂/c₁)(T₁²/T₂²))⌉ on each level", () => {
    // √(100/1 · 4/1) = 20; √(1000/100 · 1/9) = 1.05 → 2.
    assert.deepEqual(stats.kaliberaJones({ variances: [4, 1, 9], costs: [1, 100, 1000] }).repetitions, [20, 2]);
    // √(9 · 1) = 3 exactly stays 3.
    assert.deepEqual(stats.kaliberaJones({ variances: [1, 1], costs: [1, 9] }).repetitions, [3]);
  });

  it("a level without variance of its own is run once; one below a silent level has no limit", () => {
    assert.deepEqual(stats.kaliberaJones({ variances: [-0.1, 1], costs: [1, 9] }).repetitions, [1]);
    assert.deepEqual(stats.kaliberaJones({ variances: [1, 0], costs: [1, 9] }).repetitions, [undefined]);
    assert.throws(() => stats.kaliberaJones({ variances: [1], costs: [1] }), RangeError);
    assert.throws(() => stats.kaliberaJones({ variances: [1, 2], costs: [1, 0] }), RangeError);
    assert.throws(() => stats.kaliberaJones({ variances: [1, Number.NaN], costs: [1, 1] }), RangeError);
  });

  it("splits two-level data into what repetitions and what restarts add", () => {
    const random = stats.rng("components");
    const groups = Array.from({ length: 400 }, () => {
      const restart = 2 * random.normal();
      return Array.from({ length: 5 }, () => 10 + restart + random.normal());
    });
    const { within, between, n } = stats.varianceComponents(groups);
    assert.equal(n, 2000);
    assert.ok(Math.abs(within! - 1) < 0.15 && Math.abs(between! - 4) < 1.1, `${within} ${between}`);
    // By hand: means 1, 3, 5, within variance 2, so between = 4 - 2/2 = 3.
    assert.deepEqual(
      stats.varianceComponents([
        [0, 2],
        [2, 4],
        [4, 6],
      ]),
      { within: 2, between: 3, groups: 3, n: 6 },
    );
    assert.equal(stats.varianceComponents([[0, 2]]).reason, "too-few");
    assert.equal(stats.varianceComponents([[0, 2], []]).reason, "no-data");
  });
});

describe("clusters and repeats", () => {
  it("the clustered standard error agrees with statsmodels", () => {
    const { scores, clusters, mean, standardError } = reference.clusters;
    const ours = stats.clusteredStandardError(scores, { clusters });
    assert.ok("standardError" in ours);
    assertRelative(ours.value, mean, 1e-12, "mean");
    assertRelative(ours.standardError, standardError, 1e-12, "standard error");
    assert.equal(ours.clusters, new Set(clusters).size);
  });

  it("one item a cluster is the plain standard error with divisor n; perfect copies count once", () => {
    const single = stats.clusteredStandardError([1, 2, 3, 6], { clusters: ["a", "b", "c", "d"] });
    const doubled = stats.clusteredStandardError([1, 1, 2, 2, 3, 3, 6, 6], { clusters: [0, 0, 1, 1, 2, 2, 3, 3] });
    assert.ok("standardError" in single && "standardError" in doubled);
    assert.ok(Math.abs(single.standardError - Math.sqrt(14) / 4) < 1e-15);
    assert.ok(Math.abs(single.standardError - doubled.standardError) < 1e-15);
  });

  it("covers the mean of clustered data, where items taken as independent do not", () => {
    const random = stats.rng("clusters");
    let [covered, naive] = [0, 0];
    for (let r = 0; r < 400; r++) {
      const scores: number[] = [];
      const clusters: number[] = [];
      for (let c = 0; c < 30; c++) {
        const common = random.normal();
        for (let i = 0; i < 8; i++) {
          scores.push(common + random.normal());
          clusters.push(c);
        }
      }
      const aware = stats.clusteredStandardError(scores, { clusters, level: 0.9 });
      const plain = stats.tInterval(scores, { level: 0.9 });
      if (aware.low <= 0 && 0 <= aware.high) covered++;
      if (plain.low <= 0 && 0 <= plain.high) naive++;
    }
    assert.ok(covered / 400 > 0.84, `covered ${covered / 400}`);
    assert.ok(naive / 400 < 0.7, `naive ${naive / 400}`);
  });

  it("repeats: Var = (ω² + σ²/K)/n, and both parts are found", () => {
    const random = stats.rng("repeats");
    const scores = Array.from({ length: 600 }, () => {
      const item = 0.5 * random.normal();
      return Array.from({ length: 4 }, () => item + random.normal());
    });
    const result = stats.repeatAwareStandardError(scores);
    assert.ok("betweenItems" in result);
    assert.ok(Math.abs(result.withinItem! - 1) < 0.1 && Math.abs(result.betweenItems - 0.25) < 0.1);
    const { betweenItems, withinItem } = result;
    const planned = stats.plannedStandardError({ betweenItems, withinItem: withinItem!, items: 600, repeats: 4 });
    assertRelative(planned, result.standardError, 1e-9, "the parts add up");
    assert.ok(stats.plannedStandardError({ betweenItems, withinItem: withinItem!, items: 600, repeats: 40 }) < planned);
  });

  it("says why data cannot be judged", () => {
    assert.equal(stats.clusteredStandardError([1, 2], { clusters: [0, 0] }).reason, "too-few");
    assert.equal(stats.clusteredStandardError([1, 1], { clusters: [0, 1] }).reason, "no-variation");
    assert.equal(stats.repeatAwareStandardError([]).reason, "no-data");
    assert.equal(stats.repeatAwareStandardError([[1], []]).reason, "no-data");
    assert.equal(stats.repeatAwareStandardError([[1, 2]]).reason, "too-few");
    const once = stats.repeatAwareStandardError([[1], [2], [4]]);
    assert.ok("withinItem" in once && once.withinItem === undefined);
    assert.throws(() => stats.clusteredStandardError([1, 2], { clusters: [0] }), RangeError);
    assert.throws(
      () => stats.plannedStandardError({ betweenItems: -1, withinItem: 0, items: 1, repeats: 1 }),
      RangeError,
    );
  });
});

describe("service level and determinism", () => {
  it("MLPerf's rule at .99: p .90 with 0, 1, 2, 5, 10 over takes 44, 64, 81, 127, 197 queries", () => {
    const totals = (quantile: number) =>
      [0, 1, 2, 5, 10].map((overLatency) => stats.mlperfQueries({ quantile, overLatency }));
    assert.deepEqual(totals(0.9), [44, 64, 81, 127, 197]);
    assert.deepEqual(totals(0.99), [459, 662, 838, 1307, 2010]);
  });

  it("the allowance is the other way around", () => {
    assert.equal(stats.mlperfAllowance({ n: 43, quantile: 0.9 }), undefined);
    assert.equal(stats.mlperfAllowance({ n: 44, quantile: 0.9 }), 0);
    assert.equal(stats.mlperfAllowance({ n: 196, quantile: 0.9 }), 9);
    assert.equal(stats.mlperfAllowance({ n: 197, quantile: 0.9 }), 10);
    assert.throws(() => stats.mlperfQueries({ quantile: 1 }), RangeError);
    assert.throws(() => stats.mlperfQueries({ quantile: 0.9, overLatency: -1 }), RangeError);
  });

  it("K identical runs of n items bound the flip rate by 1 - α^(1/((K-1)n))", () => {
    const { value, high, n } = stats.flipRateBound({ items: 1000, runs: 4 });
    assert.deepEqual([value, n], [0, 3000]);
    assertRelative(high, 1 - 0.05 ** (1 / 3000), 1e-10, "bound");
    assertDigits(stats.flipRateBound({ items: 20, runs: 2, alpha: 0.025 }).high, 0.1684, 4);
    assert.equal(stats.flipRateBound({ items: 1, runs: 2, flips: 1 }).high, 1);
  });

  it("one run, or a run of nothing, is not evidence of determinism", () => {
    for (const nothing of [
      { items: 1000, runs: 1 },
      { items: 0, runs: 5 },
      { items: 10, runs: 0 },
    ]) {
      const { value, high, reason } = stats.flipRateBound(nothing);
      assert.deepEqual([value, high, reason], [undefined, 1, "too-few"]);
    }
    assert.throws(() => stats.flipRateBound({ items: 2, runs: 2, flips: 3 }), RangeError);
  });
});
