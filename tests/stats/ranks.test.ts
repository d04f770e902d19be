import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { rankSumCdf } from "../../harness/stats/rank-sum-null.ts";
import { signedRankCdf } from "../../harness/stats/signed-rank-null.ts";
import { stats } from "./namespace.ts";

const numbers = (minLength: number, maxLength: number) =>
  fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ min: -9, max: 9, noNaN: true })), {
    minLength,
    maxLength,
  });

const median = (values: number[]) =>
  stats.quantileOfSorted(
    values.sort((p, q) => p - q),
    0.5,
  );

describe("Hodges-Lehmann", () => {
  it("one sample: equals the median of all Walsh averages, for any data and ties", () => {
    fc.assert(
      fc.property(numbers(1, 24), (data) => {
        const averages = data.flatMap((x, i) => data.slice(i).map((y) => x / 2 + y / 2));
        assert.ok(Math.abs(stats.hodgesLehmann(data).value! - median(averages)) < 1e-12);
      }),
    );
  });

  it("two samples: equals the median of all differences", () => {
    fc.assert(
      fc.property(numbers(1, 15), numbers(1, 15), (x, y) => {
        const differences = x.flatMap((p) => y.map((q) => p - q));
        assert.ok(Math.abs(stats.hodgesLehmann(x, y).value! - median(differences)) < 1e-12);
      }),
    );
  });

  it("limits are the Walsh averages that the exact signed-rank distribution names", () => {
    // n = 6, level .95: only P(T ≤ 0) = 1/64 fits in .025, so the limits are the extremes.
    const six = [1, 2, 4, 8, 16, 32];
    assert.deepEqual([stats.hodgesLehmann(six).low, stats.hodgesLehmann(six).high], [1, 32]);
    // n = 9, one-sided .01: P(T ≤ 3) = 5/512 fits, P(T ≤ 4) does not, so the 4th from either end.
    const nine = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    const { low, high } = stats.hodgesLehmann(nine, { level: 0.98 });
    assert.deepEqual([low, high], [2.5, 144]);
  });

  it("is unbounded, with the reason, when n is too small for the level", () => {
    const five = stats.hodgesLehmann([1, 2, 3, 4, 5]);
    assert.deepEqual([five.value, five.low, five.high, five.reason], [3, -Infinity, Infinity, "too-few"]);
    assert.equal(stats.hodgesLehmann([1, 2, 3, 4, 5], { level: 0.9 }).low, 1);
    assert.equal(stats.hodgesLehmann([1, 2, 3], [4, 5, 6]).reason, "too-few");
    assert.equal(stats.hodgesLehmann([1, 2, 3, 4], [5, 6, 7, 8]).low, -7);
  });

  it("says why data cannot be judged", () => {
    assert.equal(stats.hodgesLehmann([]).reason, "no-data");
    assert.equal(stats.hodgesLehmann([1, Number.NaN, 3]).reason, "not-finite");
    assert.equal(stats.hodgesLehmann([1, 2], []).reason, "no-data");
    assert.equal(stats.hodgesLehmann([1, 2], [Infinity]).reason, "not-finite");
    assert.throws(() => stats.hodgesLehmann([1, 2, 3], { level: 0 }), RangeError);
  });

  it("contains the estimate, grows with the level, shifts and mirrors with the data", () => {
    fc.assert(
      fc.property(numbers(8, 30), (data) => {
        const narrow = stats.hodgesLehmann(data, { level: 0.8 });
        const wide = stats.hodgesLehmann(data, { level: 0.95 });
        const mirror = stats.hodgesLehmann(
          data.map((x) => -x),
          { level: 0.8 },
        );
        assert.ok(narrow.low <= narrow.value! && narrow.value! <= narrow.high);
        assert.ok(wide.low <= narrow.low && narrow.high <= wide.high);
        assert.ok(Math.abs(mirror.low + narrow.high) < 1e-12 && Math.abs(mirror.high + narrow.low) < 1e-12);
      }),
    );
  });

  it("equal data give a point, and the answer may be exactly 0 among large numbers", () => {
    const { value, low, high } = stats.hodgesLehmann(new Array<number>(20).fill(3.25));
    assert.deepEqual([value, low, high], [3.25, 3.25, 3.25]);
    assert.equal(stats.hodgesLehmann([-1e9, -3, 0, 3, 1e9]).value, 0);
  });

  it("keeps the exact level in seeded normal samples", () => {
    const random = stats.rng("hodges-lehmann coverage");
    let missed = 0;
    const repetitions = 4000;
    for (let r = 0; r < repetitions; r++) {
      const { low, high } = stats.hodgesLehmann(
        Array.from({ length: 12 }, () => random.normal()),
        { level: 0.9 },
      );
      if (low > 0 || high < 0) missed++;
    }
    // The exact interval at n = 12 misses with chance .0923 (P(T ≤ 17) = .0461 a side): 5 sigma is .023.
    assert.ok(Math.abs(missed / repetitions - 0.0923) < 0.023, `missed ${missed / repetitions}`);
  });
});

describe("null distributions", () => {
  it("signed rank: small cases by hand", () => {
    assert.equal(signedRankCdf(0, 5), 1 / 32);
    assert.equal(signedRankCdf(3, 9), 5 / 512);
    assert.equal(signedRankCdf(14, 5), 31 / 32);
    assert.equal(signedRankCdf(-1, 5), 0);
    assert.equal(signedRankCdf(15, 5), 1);
  });

  it("signed rank: Edgeworth's series meets the exact distribution at the switch", () => {
    // n = 301 by series lies between the exact values around it, scaled to the same z.
    for (const z of [-3, -2, -1, 0, 1]) {
      const at = (n: number) => {
        const sd = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
        const k = Math.round((n * (n + 1)) / 4 + z * sd);
        return signedRankCdf(k, n) - stats.normalCdf((k + 0.5 - (n * (n + 1)) / 4) / sd);
      };
      assert.ok(Math.abs(at(300) - at(301)) < 2e-6, `z ${z}: ${at(300)} against ${at(301)}`);
    }
  });

  it("rank sum: small cases by hand, and both tails sum to 1", () => {
    assert.ok(Math.abs(rankSumCdf(0, 3, 3) - 1 / 20) < 1e-15);
    assert.ok(Math.abs(rankSumCdf(1, 3, 4) - 2 / 35) < 1e-15);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(143), (m, n, u) => {
        assert.ok(Math.abs(rankSumCdf(u, m, n) + rankSumCdf(m * n - u - 1, m, n) - 1) < 1e-12);
        assert.ok(Math.abs(rankSumCdf(u, m, n) - rankSumCdf(u, n, m)) < 1e-15);
      }),
    );
  });
});
