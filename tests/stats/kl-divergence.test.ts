import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { clusterBootstrap, klDivergence, klFromTopK, perplexity, rng } from "../../harness/stats/index.ts";

type Interval = [value: number, low: number, high: number, standardError: number];
const scipy = JSON.parse(readFileSync(join(packageRoot(), "tests/fixtures/stats/kl-divergence.json"), "utf8")) as {
  entropy: { log_p: number[]; log_q: number[]; value: number }[];
  clusters: number[][];
  mean: Interval;
  median: Interval;
  p99: Interval;
};

describe("the Kullback-Leibler divergence", () => {
  it("is scipy.stats.entropy's", () => {
    for (const { log_p, log_q, value } of scipy.entropy) {
      assert.ok(Math.abs(klDivergence(log_p, log_q) - value) < 1e-12 * Math.max(1, value));
    }
  });

  it("is 0 of equal distributions, does not depend on a common factor, and is infinite where q rules out what p does not", () => {
    const logs = [-1, -2, -0.5];
    assert.equal(klDivergence(logs, logs), 0);
    assert.ok(
      klDivergence(
        logs,
        logs.map((x) => x + 3),
      ) < 1e-15,
    );
    assert.equal(klDivergence([0, -Infinity], [-Infinity, 0]), Infinity);
    assert.equal(klDivergence([0, -Infinity], [Math.log(0.5), Math.log(0.5)]), Math.log(2));
  });

  it("refuses lengths that differ, NaN, and no mass", () => {
    assert.throws(() => klDivergence([0], [0, 0]), RangeError);
    assert.throws(() => klDivergence([Number.NaN], [0]), RangeError);
    assert.throws(() => klDivergence([], []), RangeError);
  });

  it("from the likeliest tokens is a lower bound that grows to the whole with k", () => {
    for (const { log_p, log_q, value } of scipy.entropy) {
      const top = (logs: number[], k: number) =>
        logs
          .map((logprob, token) => ({ token, logprob }))
          .sort((a, b) => b.logprob - a.logprob)
          .slice(0, k);
      let last = 0;
      for (const k of [1, 2, 5, 20, 400]) {
        const found = klFromTopK(top(log_p, k), top(log_q, 400));
        assert.ok(found !== undefined);
        assert.ok(found.lowerBound <= value + 1e-6, `k ${k}: ${found.lowerBound} > ${value}`);
        assert.ok(found.lowerBound >= last - 1e-9);
        last = found.lowerBound;
      }
      assert.ok(Math.abs(last - value) < 1e-5 * Math.max(1, value));
    }
  });

  it("from lists without a common token is undefined, and never negative for rounding", () => {
    assert.equal(klFromTopK([{ token: 1, logprob: -1 }], [{ token: 2, logprob: -1 }]), undefined);
    const rounded = klFromTopK([{ token: 1, logprob: 0 }], [{ token: 1, logprob: 1e-7 }]);
    assert.equal(rounded?.lowerBound, 0);
  });

  it("perplexity of a uniform guess over n tokens is n", () => {
    assert.ok(Math.abs((perplexity([Math.log(0.25), Math.log(0.25)]) as number) - 4) < 1e-12);
    assert.equal(perplexity([]), undefined);
  });
});

describe("the bootstrap over clusters", () => {
  for (const [name, statistic] of [
    ["mean", "mean"],
    ["median", { quantile: 0.5 }],
    ["p99", { quantile: 0.99 }],
  ] as const) {
    it(`${name}: value as NumPy's, limits as scipy.stats.bootstrap's over clusters`, () => {
      const [value, low, high, standardError] = scipy[name];
      const found = clusterBootstrap(scipy.clusters, { rng: rng(name), statistic, resamples: 20_000 });
      assert.ok(found.value !== undefined && Math.abs(found.value - value) < 1e-12 * Math.abs(value));
      // 20,000 resamples on either side leave limits uncertain by a few hundredths of the standard error; quantiles move in steps.
      const allowed = (statistic === "mean" ? 0.08 : 0.25) * standardError;
      assert.ok(Math.abs(found.low - low) < allowed, `low ${found.low}, SciPy ${low}`);
      assert.ok(Math.abs(found.high - high) < allowed, `high ${found.high}, SciPy ${high}`);
    });
  }

  it("is wider than one that takes positions of a prompt for independent", () => {
    const source = rng("hierarchy");
    const clusters = Array.from({ length: 30 }, () => {
      const shared = source.normal();
      return Array.from({ length: 40 }, () => shared + 0.1 * source.normal());
    });
    const width = (found: { low: number; high: number }) => found.high - found.low;
    const clustered = clusterBootstrap(clusters, { rng: rng(1), statistic: "mean" });
    const naive = clusterBootstrap(
      clusters.flat().map((x) => [x]),
      { rng: rng(1), statistic: "mean" },
    );
    assert.ok(width(clustered) > 4 * width(naive));
  });

  it("covers the true mean of a hierarchy about as often as it says", () => {
    const source = rng("coverage");
    let covered = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const clusters = Array.from({ length: 40 }, () => {
        const shared = source.normal();
        return Array.from({ length: 5 }, () => shared + source.normal());
      });
      const { low, high } = clusterBootstrap(clusters, { rng: source, statistic: "mean", resamples: 400 });
      if (low <= 0 && 0 <= high) covered++;
    }
    // 95 % nominal; the percentile method at 40 clusters loses about 1.5 points, and 400 runs have a standard error of 1.1.
    assert.ok(covered / runs > 0.9 && covered / runs < 0.98, `${covered} of ${runs}`);
  });

  it("does not judge one cluster, none, or NaN", () => {
    const of = (clusters: number[][]) => clusterBootstrap(clusters, { rng: rng(1), statistic: "mean" });
    for (const [clusters, reason] of [
      [[], "no-data"],
      [[[], []], "no-data"],
      [[[1, 2], []], "too-few"],
      [[[1], [Number.NaN]], "not-finite"],
    ] as const) {
      const found = of(clusters.map((one) => [...one]));
      assert.deepEqual([found.value, "reason" in found && found.reason], [undefined, reason]);
    }
  });
});
