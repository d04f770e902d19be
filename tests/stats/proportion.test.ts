import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stats } from "./namespace.ts";
import { assertDigits } from "./reference.ts";

const INTERVALS = [stats.clopperPearson, stats.wilson, stats.midPInterval];

describe("one proportion", () => {
  it("15 of 148: the published Clopper-Pearson, Wilson and mid-p limits", () => {
    const published = [
      [0.0578, 0.1617],
      [0.0624, 0.1605],
      [0.0601, 0.1581],
    ] as const;
    for (const [index, interval] of INTERVALS.entries()) {
      const { low, high } = interval({ successes: 15, n: 148 });
      assertDigits(low, published[index]![0], 4, `${interval.name} low`);
      assertDigits(high, published[index]![1], 4, `${interval.name} high`);
    }
  });

  it("0 of 20: the lower limit is exactly 0, the upper ones .1684, .1611, .1391", () => {
    for (const [index, upper] of [0.1684, 0.1611, 0.1391].entries()) {
      const { low, high } = INTERVALS[index]!({ successes: 0, n: 20 });
      assert.equal(low, 0);
      assertDigits(high, upper, 4);
      const mirror = INTERVALS[index]!({ successes: 20, n: 20 });
      assert.equal(mirror.high, 1);
      assertDigits(mirror.low, 1 - upper, 4);
    }
  });

  it("contains the estimate, grows with the level, mirrors; mid-p lies inside the exact interval", () => {
    const counts = fc
      .integer({ min: 1, max: 400 })
      .chain((n) => fc.record({ successes: fc.nat(n), n: fc.constant(n) }));
    fc.assert(
      fc.property(counts, ({ successes, n }) => {
        for (const interval of INTERVALS) {
          const narrow = interval({ successes, n }, { level: 0.8 });
          const wide = interval({ successes, n }, { level: 0.98 });
          const mirror = interval({ successes: n - successes, n }, { level: 0.8 });
          assert.ok(narrow.low <= successes / n && successes / n <= narrow.high);
          assert.ok(wide.low <= narrow.low && narrow.high <= wide.high);
          assert.ok(Math.abs(1 - mirror.high - narrow.low) < 1e-12);
        }
        const exact = stats.clopperPearson({ successes, n });
        const middle = stats.midPInterval({ successes, n });
        assert.ok(exact.low <= middle.low && middle.high <= exact.high);
      }),
      { numRuns: 60 },
    );
  });

  it("Clopper-Pearson covers every true proportion at least at the level", () => {
    const n = 25;
    for (let p = 0.02; p < 1; p += 0.07) {
      let covered = 0;
      for (let k = 0; k <= n; k++) {
        const { low, high } = stats.clopperPearson({ successes: k, n }, { level: 0.9 });
        if (low <= p && p <= high) covered += stats.binomialPmf(k, { n, p });
      }
      assert.ok(covered >= 0.9, `coverage ${covered} at ${p}`);
    }
  });

  it("no trials are a reason, impossible counts a RangeError", () => {
    for (const interval of INTERVALS) {
      assert.equal(interval({ successes: 0, n: 0 }).reason, "no-data");
      assert.throws(() => interval({ successes: 3, n: 2 }), RangeError);
      assert.throws(() => interval({ successes: 1.5, n: 2 }), RangeError);
      assert.throws(() => interval({ successes: 1, n: 2 }, { level: 95 }), RangeError);
    }
  });
});
