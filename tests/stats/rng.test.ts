import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generatorFrom } from "../../harness/stats/rng.ts";
import { stats } from "./namespace.ts";
import { readReference } from "./reference.ts";

describe("rng", () => {
  it("gives the words of an independent implementation of xoshiro128**", () => {
    const { state, words } = readReference("generator") as unknown as { state: number[]; words: number[] };
    const random = generatorFrom(Uint32Array.from(state), "reference");
    const ours = Array.from({ length: 1000 }, () => random.uint32());
    assert.deepEqual([...ours.slice(0, 12), ...ours.slice(-3)], words);
  });

  it("repeats bit for bit: these values are frozen with the algorithm id", () => {
    assert.equal(stats.RNG_ALGORITHM, "xoshiro128**/1");
    const random = stats.rng(42);
    assert.equal(random.seed, "42");
    assert.deepEqual(
      [random.uint32(), random.uniform(), random.normal(), random.below(1000), [...random.permutation(6)]],
      [41192862, 0.007256154717891872, 0.27892111526580265, 575, [4, 5, 0, 1, 3, 2]],
    );
  });

  it("a derived stream depends on seed and label only, not on what was drawn", () => {
    const parent = stats.rng(7);
    const before = parent.derive("blocks").uint32();
    for (let i = 0; i < 10; i++) parent.uint32();
    assert.equal(parent.derive("blocks").uint32(), before);
    assert.equal(stats.rng("7/blocks").uint32(), before);
    assert.equal(parent.derive("blocks").seed, "7/blocks");
    assert.notEqual(parent.derive("items").uint32(), before);
  });

  it("neighboring seeds and labels give unrelated words", () => {
    // 2,000 seeds: every output bit is on in half of them (5 sigma is 112) and no word repeats more than chance allows.
    const words = Array.from({ length: 2000 }, (_, seed) => stats.rng(seed).uint32());
    for (let bit = 0; bit < 32; bit++) {
      const on = words.filter((word) => (word >>> bit) & 1).length;
      assert.ok(Math.abs(on - 1000) < 112, `bit ${bit}: ${on}`);
    }
    assert.ok(new Set(words).size >= 1998);
  });

  it("uniform numbers lie in [0, 1) and fill it evenly", () => {
    const random = stats.rng("uniform");
    const bins = new Array<number>(20).fill(0);
    for (let i = 0; i < 40_000; i++) {
      const u = random.uniform();
      assert.ok(u >= 0 && u < 1);
      bins[Math.floor(u * 20)]!++;
    }
    const chi = bins.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    assert.ok(stats.chiSquareCdf(chi, { df: 19, tail: "upper" }) > 1e-4, `chi-square ${chi}`);
  });

  it("integers below n are even for n that does not divide 2^32, singly and in bulk", () => {
    const random = stats.rng("below");
    for (const n of [3, 7, 1000]) {
      for (const bulk of [false, true]) {
        const drawn = new Uint32Array(60_000);
        if (bulk) random.fillBelow(drawn, n);
        else for (let i = 0; i < drawn.length; i++) drawn[i] = random.below(n);
        const counts = new Array<number>(n).fill(0);
        for (const value of drawn) counts[value]!++;
        const expected = drawn.length / n;
        const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        assert.ok(
          stats.chiSquareCdf(chi, { df: n - 1, tail: "upper" }) > 1e-4,
          `n ${n} bulk ${bulk}: chi-square ${chi}`,
        );
      }
    }
  });

  it("large ranges are free of modulo bias: below 3·2^30 the upper third comes up a third of the time", () => {
    const random = stats.rng("bias");
    let upper = 0;
    for (let i = 0; i < 30_000; i++) if (random.below(3 * 2 ** 30) >= 2 ** 31) upper++;
    // Without rejection the share would be 1/4.
    assert.ok(Math.abs(upper / 30_000 - 1 / 3) < 0.014, `${upper}`);
  });

  it("normal numbers have the moments and the quantiles of the normal distribution", () => {
    const random = stats.rng("normal");
    const drawn = Float64Array.from({ length: 40_000 }, () => random.normal());
    assert.ok(Math.abs(stats.mean(drawn)) < 0.025);
    assert.ok(Math.abs(stats.standardDeviation(drawn) - 1) < 0.018);
    const sorted = drawn.sort();
    for (const p of [0.01, 0.25, 0.5, 0.9]) {
      const within = sorted.filter((z) => z <= stats.normalQuantile(p)).length / sorted.length;
      assert.ok(
        Math.abs(within - p) < 5 * Math.sqrt((p * (1 - p)) / sorted.length),
        `share below the ${p} quantile: ${within}`,
      );
    }
  });

  it("resampled sums have the exact mean and variance of draws with replacement, whatever the number of values", () => {
    const random = stats.rng("resampled sums");
    for (const n of [1, 2, 5, 32, 513, 1000, 1025, 3000]) {
      const values = Array.from({ length: n }, () => random.normal());
      const sums = new Float64Array(4000);
      random.resampleSums(values, sums);
      const center = stats.mean(values);
      const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
      const z = (stats.mean(sums) - n * center) / Math.sqrt(variance / sums.length || 1);
      assert.ok(Math.abs(z) < 4.5, `n ${n}: mean off by ${z} sigma`);
      // The variance of 4,000 near-normal sums is known within 2.2 % (one sigma).
      if (n > 1) assert.ok(Math.abs(stats.sampleVariance(sums) / variance - 1) < 0.11, `n ${n}: variance`);
    }
  });

  it("resampled sums draw every value equally often", () => {
    // A sum of one-hot values counts the draws of that value.
    for (const n of [3, 10, 700]) {
      const random = stats.rng(`one hot ${n}`);
      const repetitions = 400;
      const counts = Array.from({ length: Math.min(n, 40) }, (_, i) => {
        const sums = new Float64Array(repetitions);
        random.resampleSums(
          Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
          sums,
        );
        return sums.reduce((total, sum) => total + sum, 0);
      });
      const sigma = Math.sqrt(repetitions * (1 - 1 / n));
      for (const count of counts) assert.ok(Math.abs(count - repetitions) < 4.5 * sigma, `n ${n}: ${count}`);
    }
  });

  it("shuffles uniformly: all 24 orders of four items come up equally often, and no item is lost", () => {
    const random = stats.rng("orders");
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle(["a", "b", "c", "d"]).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    assert.equal(seen.size, 24);
    const chi = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(stats.chiSquareCdf(chi, { df: 23, tail: "upper" }) > 1e-4);
    assert.deepEqual(
      [...random.permutation(500)].sort((a, b) => a - b),
      Array.from({ length: 500 }, (_, i) => i),
    );
  });

  it("throws RangeError on seeds and ranges that cannot be", () => {
    assert.throws(() => stats.rng(-1), RangeError);
    assert.throws(() => stats.rng(1.5), RangeError);
    assert.throws(() => stats.rng(""), RangeError);
    assert.throws(() => stats.rng(1).below(0), RangeError);
    assert.throws(() => stats.rng(1).below(2 ** 33), RangeError);
    assert.throws(() => stats.rng(1).fillBelow(new Uint32Array(1), 0), RangeError);
    assert.throws(() => stats.rng(1).resampleSums([], new Float64Array(1)), RangeError);
    assert.throws(() => stats.rng(1).derive(""), RangeError);
  });
});
