import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stats } from "./namespace.ts";
import { assertDigits } from "./reference.ts";

const table = (a: number, b: number, c: number, d: number) => ({ a, b, c, d });

/** The published intervals, with the decimals to which they are known. */
const PUBLISHED = [
  {
    counts: [4, 9, 3, 16],
    level: 0.95,
    value: 0.1875,
    tango: [-0.0270905, 0.3896975],
    newcombe: [-0.0273481, 0.3806716],
    decimals: 7,
  },
  { counts: [43, 0, 1, 0], level: 0.9, value: -0.0227, tango: [-0.0956624, 0.0365169], decimals: 7 },
  {
    counts: [59, 6, 16, 80],
    level: 0.95,
    value: -0.0621,
    tango: [-0.124, -0.0054],
    newcombe: [-0.1186, -0.0046],
    decimals: 4,
  },
  { counts: [0, 3, 0, 0], level: 0.95, value: 1, tango: [-0.123, 1], decimals: 4 },
  { counts: [1, 0, 0, 1], level: 0.95, value: 0, newcombe: [-0.5734, 0.5734], decimals: 4 },
  {
    counts: [40, 40, 20, 60],
    level: 0.95,
    value: 0.125,
    tango: [0.0308645, 0.2180642],
    newcombe: [0.030595, 0.2158996],
    decimals: 7,
  },
] as const;

const tables = fc
  .tuple(fc.nat(60), fc.nat(30), fc.nat(30), fc.nat(60))
  .filter(([a, b, c, d]) => a + b + c + d > 0)
  .map(([a, b, c, d]) => table(a, b, c, d));

describe("paired accuracy", () => {
  for (const row of PUBLISHED) {
    it(`reproduces the published intervals of ${row.counts.join(", ")}`, () => {
      const [a, b, c, d] = row.counts;
      const tango = stats.tangoInterval(table(a, b, c, d), { level: row.level });
      assertDigits(tango.value, row.value, 4);
      if ("tango" in row) {
        assertDigits(tango.low, row.tango[0], row.decimals, "Tango low");
        assertDigits(tango.high, row.tango[1], row.decimals, "Tango high");
      }
      if ("newcombe" in row) {
        const newcombe = stats.newcombeInterval(table(a, b, c, d), { level: row.level });
        assertDigits(newcombe.low, row.newcombe[0], row.decimals, "Newcombe low");
        assertDigits(newcombe.high, row.newcombe[1], row.decimals, "Newcombe high");
      }
    });
  }

  it("judges a table without discordance: 2,000 items, upper limit .00135", () => {
    const { low, high } = stats.tangoInterval(table(1800, 0, 0, 200), { level: 0.9 });
    assertDigits(high, 0.00135, 5);
    assertDigits(low, -0.00135, 5);
    assert.ok(stats.tangoTest(table(1800, 0, 0, 200), { difference: 0.01 }).pBelow < 1e-5);
    assert.equal(stats.tangoTest(table(1800, 0, 0, 200)).p, 1);
  });

  it("test and interval agree: the p-value at a limit is half of what the level leaves out", () => {
    fc.assert(
      fc.property(tables, fc.constantFrom(0.8, 0.9, 0.98), (counts, level) => {
        const { low, high } = stats.tangoInterval(counts, { level });
        if (high < 1)
          assert.ok(Math.abs(stats.tangoTest(counts, { difference: high }).pBelow - (1 - level) / 2) < 1e-9);
        if (low > -1) assert.ok(Math.abs(stats.tangoTest(counts, { difference: low }).pAbove - (1 - level) / 2) < 1e-9);
      }),
    );
  });

  it("intervals contain the estimate, grow with the level and mirror when the arms are swapped", () => {
    fc.assert(
      fc.property(tables, (counts) => {
        const swapped = table(counts.a, counts.c, counts.b, counts.d);
        for (const interval of [stats.tangoInterval, stats.newcombeInterval]) {
          const narrow = interval(counts, { level: 0.8 });
          const wide = interval(counts, { level: 0.99 });
          const mirror = interval(swapped, { level: 0.8 });
          assert.ok(narrow.value !== undefined && narrow.low <= narrow.value && narrow.value <= narrow.high);
          assert.ok(wide.low <= narrow.low && narrow.high <= wide.high);
          assert.ok(Math.abs(mirror.low + narrow.high) < 1e-9 && Math.abs(mirror.high + narrow.low) < 1e-9);
        }
      }),
    );
  });

  it("refuses an empty table with a reason instead of a number", () => {
    const empty = table(0, 0, 0, 0);
    assert.deepEqual(stats.tangoInterval(empty), {
      value: undefined,
      low: -Infinity,
      high: Infinity,
      level: 0.95,
      n: 0,
      method: "tango",
      reason: "no-data",
    });
    assert.equal(stats.newcombeInterval(empty).reason, "no-data");
    assert.equal(stats.tangoTest(empty, { difference: 0.01 }).pBelow, 1);
  });

  it("throws RangeError on impossible counts, levels and differences", () => {
    assert.throws(() => stats.tangoInterval(table(1, -1, 0, 0)), RangeError);
    assert.throws(() => stats.tangoInterval(table(1, 0.5, 0, 0)), RangeError);
    assert.throws(() => stats.tangoInterval(table(1, 1, 1, 1), { level: 1 }), RangeError);
    assert.throws(() => stats.newcombeInterval(table(1, 1, Number.NaN, 1)), RangeError);
    assert.throws(() => stats.tangoTest(table(1, 1, 1, 1), { difference: 2 }), RangeError);
    assert.throws(() => stats.mcnemar({ b: 1, c: -3 }), RangeError);
  });

  it("McNemar of 6 and 16 gives the four published p-values, mid-p by default", () => {
    const result = stats.mcnemar({ b: 6, c: 16 });
    assertDigits(result.pAsymptotic, 0.033006, 6);
    assertDigits(result.pContinuityCorrected, 0.055009, 6);
    assertDigits(result.pExact, 0.052479, 6);
    assertDigits(result.pMidP, 0.03469, 6);
    assert.equal(result.p, result.pMidP);
  });

  it("McNemar of equal or no discordant counts is 1, and is symmetric", () => {
    assert.equal(stats.mcnemar({ b: 4, c: 4 }).p, 1);
    assert.equal(stats.mcnemar({ b: 4, c: 4 }).pExact, 1);
    const none = stats.mcnemar({ b: 0, c: 0 });
    assert.deepEqual([none.p, none.pExact, none.pAsymptotic], [1, 1, undefined]);
    assert.equal(stats.mcnemar({ b: 3, c: 11 }).p, stats.mcnemar({ b: 11, c: 3 }).p);
  });

  it("counts the table of two answer lists, and refuses lists of different items", () => {
    assert.deepEqual(stats.pairedTable([1, 1, 0, 0, 1], [true, false, true, false, 1]), table(2, 1, 1, 1));
    assert.throws(() => stats.pairedTable([1], [1, 0]), RangeError);
    assert.throws(() => stats.pairedTable([0.5], [1]), RangeError);
  });

  it("plans 1,237 items for ψ 2 % and 2,474 for ψ 4 % at δ 1 %, α .05, power 80 %", () => {
    assert.equal(stats.pairedSampleSize({ discordance: 0.02, margin: 0.01 }).n, 1237);
    assert.equal(stats.pairedSampleSize({ discordance: 0.04, margin: 0.01, power: 0.8, alpha: 0.05 }).n, 2474);
  });

  it("has no sample size for a drop at the margin, and says so", () => {
    const { n, reason } = stats.pairedSampleSize({ discordance: 0.02, margin: 0.01, drop: 0.01 });
    assert.deepEqual([n, reason], [undefined, "beyond-margin"]);
    assert.equal(stats.pairedSampleSize({ discordance: 0.02, margin: 0 }).reason, "beyond-margin");
    assert.throws(() => stats.pairedSampleSize({ discordance: 0.02, margin: -0.01 }), RangeError);
  });
});
