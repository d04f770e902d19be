import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sumResamples } from "../../harness/stats/bulk-draws.ts";
import { resampleKernel } from "../../harness/stats/resample-kernel.ts";
import { stats } from "./namespace.ts";
import { readReference } from "./reference.ts";

type Case = { name: string; statistic: "mean" | "median"; x: number[]; low: number; high: number; se: number };
const cases = readReference("bootstrap")["cases"] as unknown as Case[];

describe("BCa bootstrap", () => {
  for (const { name, statistic, x, low, high, se } of cases) {
    it(`agrees with SciPy for the ${statistic} of a ${name} sample`, () => {
      const ours = stats.bootstrapBca(x, { rng: stats.rng("bca"), statistic, level: 0.9, resamples: 40_000 });
      // A 5 % limit of 40,000 replicates is known within about .011 standard errors; medians move in jumps between values.
      const tolerance = se * (statistic === "mean" ? 0.06 : 0.25);
      assert.ok(Math.abs(ours.low - low) < tolerance, `low ${ours.low} against ${low}, standard error ${se}`);
      assert.ok(Math.abs(ours.high - high) < tolerance, `high ${ours.high} against ${high}`);
    });
  }

  it("the fast paths give the distribution that plain resampling gives", () => {
    const random = stats.rng("fast paths");
    const x = Array.from({ length: 31 }, () => random.normal() ** 2);
    for (const [fast, slow] of [
      ["mean", (sample: Float64Array) => stats.mean(sample)],
      ["median", (sample: Float64Array) => stats.quantileOfSorted(Float64Array.from(sample).sort(), 0.5)],
      [{ quantile: 0.8 }, (sample: Float64Array) => stats.quantileOfSorted(Float64Array.from(sample).sort(), 0.8)],
    ] as const) {
      const options = { level: 0.8, resamples: 6000 };
      const quick = stats.bootstrapBca(x, { ...options, rng: stats.rng("a"), statistic: fast });
      const plain = stats.bootstrapBca(x, { ...options, rng: stats.rng("b"), statistic: slow });
      const width = plain.high - plain.low;
      assert.equal(quick.value, plain.value);
      assert.ok("bias" in quick && "bias" in plain);
      assert.ok(Math.abs(quick.acceleration - plain.acceleration) < 1e-12);
      assert.ok(Math.abs(quick.bias - plain.bias) < 0.09, `bias ${quick.bias} against ${plain.bias}`);
      assert.ok(Math.abs(quick.low - plain.low) < 0.15 * width && Math.abs(quick.high - plain.high) < 0.15 * width);
    }
  });

  it("an even number of values: the median fast path averages two neighbors", () => {
    const x = [1, 2, 4, 8, 16, 32, 64, 128];
    const plain = (sample: Float64Array) => stats.quantileOfSorted(Float64Array.from(sample).sort(), 0.5);
    const quick = stats.bootstrapBca(x, { rng: stats.rng(1), statistic: "median", level: 0.5, resamples: 20_000 });
    const slow = stats.bootstrapBca(x, { rng: stats.rng(2), statistic: plain, level: 0.5, resamples: 20_000 });
    assert.deepEqual([quick.low, quick.high], [slow.low, slow.high]);
  });

  it("sums the same bits, and leaves the same state, in WebAssembly as in JavaScript", () => {
    // Without it, both sides would be the loop in JavaScript.
    assert.ok(resampleKernel(2) !== undefined && resampleKernel(3) !== undefined);
    const random = stats.rng("kernel");
    for (const n of [2, 3, 7, 10, 31, 333, 1000, 1023, 1024, 1025, 2000, 9001, 16_384, 17_000]) {
      const values = Float64Array.from({ length: n }, () => random.normal() * 10 ** random.below(6));
      const runs = [{}, { kernelFor: () => undefined }].map((options) => {
        const state = Uint32Array.of(n, 2, 3, 4);
        const out = new Float64Array(Math.max(301, Math.ceil(30_000 / n)));
        sumResamples(state, values, out, options);
        return { state: [...state], bits: [...new BigUint64Array(out.buffer)] };
      });
      assert.deepEqual(runs[0], runs[1], `n = ${n}`);
    }
  });

  it("repeats bit for bit with the same seed and differs with another", () => {
    const x = Array.from({ length: 40 }, (_, i) => Math.sqrt(i));
    const at = (seed: number) => stats.bootstrapBca(x, { rng: stats.rng(seed), resamples: 999 });
    assert.deepEqual(at(5), at(5));
    assert.notEqual(at(5).low, at(6).low);
  });

  it("covers the mean of a skewed population near the level", () => {
    const random = stats.rng("bca coverage");
    let missed = 0;
    for (let r = 0; r < 600; r++) {
      const sample = Array.from({ length: 50 }, () => -Math.log(1 - random.uniform()));
      const { low, high } = stats.bootstrapBca(sample, { rng: random, level: 0.9, resamples: 999 });
      if (low > 1 || high < 1) missed++;
    }
    // Known to be about .11 at n = 50 for exponential data; 4 sigma is .05.
    assert.ok(Math.abs(missed / 600 - 0.11) < 0.05, `missed ${missed / 600}`);
  });

  it("says why data cannot be judged, and when resamples are too few", () => {
    const options = { rng: stats.rng(1) };
    assert.equal(stats.bootstrapBca([], options).reason, "no-data");
    assert.equal(stats.bootstrapBca([1, Number.NaN], options).reason, "not-finite");
    assert.equal(stats.bootstrapBca([1], options).reason, "too-few");
    assert.equal(stats.bootstrapBca([3, 3, 3], options).reason, "no-variation");
    const thirty = Array.from({ length: 30 }, (_, i) => i);
    const short = stats.bootstrapBca(thirty, { ...options, resamples: 20, level: 0.99 });
    assert.deepEqual([short.low, short.reason], [-Infinity, "too-few-resamples"]);
    const broken = stats.bootstrapBca([1, 2, 3], { ...options, statistic: () => Number.NaN, resamples: 10 });
    assert.equal(broken.reason, "not-finite");
    assert.throws(() => stats.bootstrapBca([1, 2], { ...options, resamples: 0 }), RangeError);
    assert.throws(() => stats.bootstrapBca([1, 2], { ...options, statistic: { quantile: 2 } }), RangeError);
  });
});

describe("block bootstrap", () => {
  /** A first-order autoregressive series. */
  function autoregressive(random: ReturnType<typeof stats.rng>, n: number, phi: number): Float64Array {
    const series = new Float64Array(n);
    let x = random.normal() / Math.sqrt(1 - phi * phi);
    for (let i = 0; i < n; i++) {
      series[i] = x;
      x = phi * x + random.normal();
    }
    return series;
  }

  it("covers the mean of an autocorrelated series, where independent resampling does not", () => {
    const random = stats.rng("block coverage");
    let [blocks, independent] = [0, 0];
    const repetitions = 300;
    for (let r = 0; r < repetitions; r++) {
      const series = autoregressive(random, 200, 0.6);
      const block = stats.blockBootstrap(series, { rng: random, level: 0.9, resamples: 499 });
      const naive = stats.bootstrapBca(series, { rng: random, level: 0.9, resamples: 499 });
      if (block.low <= 0 && 0 <= block.high) blocks++;
      if (naive.low <= 0 && 0 <= naive.high) independent++;
    }
    assert.ok(blocks / repetitions > 0.8, `blocks cover ${blocks / repetitions}`);
    assert.ok(independent / repetitions < 0.68, `independent resampling covers ${independent / repetitions}`);
  });

  it("picks blocks of 1 or little more for independent data and longer ones as dependence grows", () => {
    const random = stats.rng("block length");
    const average = (phi: number) =>
      stats.mean(Array.from({ length: 40 }, () => stats.blockLength(autoregressive(random, 400, phi))));
    const [none, some, strong] = [average(0), average(0.5), average(0.9)];
    assert.ok(none < 4 && none < some && some < strong && strong > 15, `${none} ${some} ${strong}`);
  });

  it("the sums of the mean's fast path equal the general path draw by draw", () => {
    const series = autoregressive(stats.rng("paths"), 53, 0.4);
    const options = { level: 0.8, resamples: 300, blockLength: 5 };
    const quick = stats.blockBootstrap(series, { ...options, rng: stats.rng(3) });
    const general = stats.blockBootstrap(series, {
      ...options,
      rng: stats.rng(3),
      statistic: (sample) => stats.mean(sample),
    });
    assert.ok(Math.abs(quick.low - general.low) < 1e-12 && Math.abs(quick.high - general.high) < 1e-12);
  });

  it("says why data cannot be judged", () => {
    const options = { rng: stats.rng(1) };
    assert.equal(stats.blockBootstrap([1, 2, 3], options).reason, "too-few");
    assert.equal(stats.blockBootstrap(new Array<number>(10).fill(1), options).reason, "no-variation");
    assert.throws(() => stats.blockBootstrap([1, 2, 3], { ...options, blockLength: 0 }), RangeError);
  });
});

describe("permutation test", () => {
  it("small samples are enumerated: the p-values are fractions of all arrangements", () => {
    const options = { rng: stats.rng(1) };
    const two = stats.permutationTest([5, 6, 7], [1, 2, 3], options);
    assert.deepEqual([two.p, two.permutations, two.method], [2 / 20, 20, "permutation-exact"]);
    assert.equal(stats.permutationTest([5, 6, 7], [1, 2, 3], { ...options, alternative: "greater" }).p, 1 / 20);
    const flips = stats.permutationTest([1, 2, 3, 4, 5], options);
    assert.deepEqual([flips.p, flips.permutations], [2 / 32, 32]);
    assert.equal(stats.permutationTest([1, 2, -3], { ...options, alternative: "less" }).p, 5 / 8);
  });

  it("random arrangements approach the exact p-value and never reach 0", () => {
    const x = [0.3, 1.2, 2.2, 0.8, 1.9, 2.5, 1.1, 0.2];
    const y = [1.3, 2.4, 2.0, 2.6, 3.1, 1.6, 2.9, 0.9];
    const exact = stats.permutationTest(x, y, { rng: stats.rng(1), permutations: 20_000 });
    const random = stats.permutationTest(x, y, { rng: stats.rng(1), permutations: 9_000 });
    assert.equal(exact.permutations, 12_870);
    assert.equal(random.method, "permutation-random");
    assert.ok(Math.abs(exact.p - random.p) < 0.015, `${exact.p} ${random.p}`);
    const far = stats.permutationTest(
      Array.from({ length: 40 }, (_, i) => 100 + i),
      { rng: stats.rng(2), permutations: 99 },
    );
    assert.equal(far.p, 0.02);
  });

  it("takes another statistic", () => {
    const largest = (x: Float64Array, y: Float64Array) => Math.max(...x) - Math.max(...y);
    const { statistic, p } = stats.permutationTest([1, 9], [2, 3], {
      rng: stats.rng(1),
      statistic: largest,
      alternative: "greater",
    });
    // 9 is in x in 3 of 6 arrangements, and the other maximum is 3 in one, 3, or 2: as extreme (≥ 6) in all three.
    assert.deepEqual([statistic, p], [6, 0.5]);
  });

  it("keeps its level: under the null p ≤ .1 comes up about a tenth of the time", () => {
    const random = stats.rng("permutation level");
    let small = 0;
    for (let r = 0; r < 1000; r++) {
      const draw = () => Array.from({ length: 7 }, () => random.normal());
      if (stats.permutationTest(draw(), draw(), { rng: random, permutations: 99 }).p <= 0.1) small++;
    }
    assert.ok(Math.abs(small / 1000 - 0.1) < 0.048, `${small / 1000}`);
  });

  it("data that cannot be judged are never evidence", () => {
    const { p, reason } = stats.permutationTest([], [1], { rng: stats.rng(1) });
    assert.deepEqual([p, reason], [1, "no-data"]);
    assert.equal(stats.permutationTest([Number.NaN], { rng: stats.rng(1) }).reason, "not-finite");
    assert.equal(stats.permutationTest([2, 2], [2, 2, 2], { rng: stats.rng(1) }).p, 1);
    assert.throws(() => stats.permutationTest([1], { rng: stats.rng(1), permutations: 0 }), RangeError);
  });
});
