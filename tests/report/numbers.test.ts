import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seconds, wait } from "../../harness/report/durations.ts";
import { accuracyStyle, estimateText, levelText, POINTS, SPEED, styled } from "../../harness/report/estimates.ts";
import { ABSENT, aboutCount, bytes, count, decimal, percent } from "../../harness/report/numbers.ts";
import { estimate } from "../fixtures/summary-builder.ts";

describe("decimal", () => {
  it("rounds, groups thousands, and never prints a negative zero", () => {
    assert.equal(decimal(4562.25, { digits: 1 }), "4,562.3");
    assert.equal(decimal(1234567, { digits: 0 }), "1,234,567");
    assert.equal(decimal(-0.0001, { digits: 1 }), "0.0");
    assert.equal(decimal(-1234.5, { digits: 1 }), "-1,234.5");
  });

  it("prints a dash for what is not a number, never 0 or NaN", () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.equal(decimal(value, { digits: 1 }), ABSENT);
    }
  });

  it("adds digits rather than round onto or across a limit", () => {
    assert.equal(decimal(0.9996, { digits: 1, limits: [1] }), "0.9996");
    assert.equal(decimal(1.0004, { digits: 1, limits: [1] }), "1.0004");
    assert.equal(decimal(0.96, { digits: 1, limits: [1] }), "0.96");
    assert.equal(decimal(0.94, { digits: 1, limits: [1] }), "0.9");
    assert.equal(decimal(1, { digits: 1, limits: [1] }), "1.0");
    assert.equal(decimal(-0.00004, { digits: 1, limits: [0] }), "-0.00004");
  });

  it("takes a limit as met where only binary noise parts it from the value", () => {
    assert.equal(decimal(0.07 * 100, { digits: 1, limits: [7] }), "7.0");
  });

  it("stays on the value's side of the limit, whatever both are", () => {
    const number = fc.double({ min: -200, max: 200, noNaN: true });
    fc.assert(
      fc.property(number, fc.integer({ min: -1000, max: 1000 }), (value, tenths) => {
        const limit = tenths / 10;
        if (Math.abs(value - limit) < 1e-6) return;
        const shown = Number(decimal(value, { digits: 1, limits: [limit] }).replaceAll(",", ""));
        assert.equal(Math.sign(shown - limit), Math.sign(value - limit));
      }),
    );
  });

  it("keeps significant digits of small ratios", () => {
    assert.equal(decimal(0.00512, { digits: 2, significant: 2 }), "0.0051");
    assert.equal(decimal(1.714, { digits: 2, significant: 2 }), "1.71");
  });
});

describe("counts, shares and bytes", () => {
  it("rounds what is needed up to two digits, never down", () => {
    assert.equal(aboutCount(4562), "4,600");
    assert.equal(aboutCount(4601), "4,700");
    assert.equal(aboutCount(101), "110");
    assert.equal(aboutCount(7), "7");
    assert.equal(aboutCount(99), "99");
    assert.equal(aboutCount(1_000_001), "1,100,000");
  });

  it("shows shares in percent, and finer next to a limit", () => {
    assert.equal(percent(0.27), "27 %");
    assert.equal(percent(1.004, { limits: [1] }), "100.4 %");
    assert.equal(percent(null), ABSENT);
    assert.equal(count(null), ABSENT);
  });

  it("shows bytes in decimal units with three digits", () => {
    assert.equal(bytes(0), "0 B");
    assert.equal(bytes(999), "999 B");
    assert.equal(bytes(999.7), "1.00 kB");
    assert.equal(bytes(83_100_000), "83.1 MB");
    assert.equal(bytes(999_999), "1.00 MB");
    assert.equal(bytes(234_000_000_000), "234 GB");
    assert.equal(bytes(null), ABSENT);
  });
});

describe("durations", () => {
  it("shows a measured time in the unit that suits it", () => {
    assert.equal(seconds(0.000412), "412 µs");
    assert.equal(seconds(0.00123), "1.23 ms");
    assert.equal(seconds(0.9999), "1.00 s");
    assert.equal(seconds(0), "0.00 µs");
    assert.equal(seconds(null), ABSENT);
  });

  it("says a wait as a person does", () => {
    const expected: readonly (readonly [number, string])[] = [
      [0.2, "under 1 s"],
      [8.4, "8 s"],
      [71, "70 s"],
      [355, "6 minutes"],
      [89 * 60, "89 minutes"],
      [9000, "2.5 hours"],
      [400_000, "4.6 days"],
    ];
    for (const [value, text] of expected) assert.equal(wait(value), text);
    assert.equal(wait(null), ABSENT);
  });
});

describe("estimates", () => {
  it("shows a ratio with its interval, all three with the same digits", () => {
    assert.equal(estimateText(estimate(1.714, 1.658, 1.762), SPEED), "1.71x [1.66, 1.76]");
    assert.equal(estimateText(estimate(0.0051, 0.0049, 0.0053), SPEED), "0.0051x [0.0049, 0.0053]");
  });

  it("shows a bound that does not exist as a dash", () => {
    assert.equal(estimateText(estimate(1, null, 1.2), POINTS), "100.0 [–, 120.0]");
    assert.equal(estimateText(estimate(1.1, null, null), SPEED), "1.10x [–, –]");
    assert.equal(estimateText(estimate(null, null, null), SPEED), ABSENT);
    assert.equal(estimateText(null, SPEED), ABSENT);
  });

  it("never shows an upper bound on the other side of the margin that it passed", () => {
    assert.equal(estimateText(estimate(0.004, -0.001, 0.009996), POINTS, [0.01]), "0.4000 [-0.1000, 0.9996]");
    assert.equal(estimateText(estimate(0.012, 0.010004, 0.014), POINTS, [0.01]), "1.2000 [1.0004, 1.4000]");
  });

  it("gives accuracy a second decimal from 2,000 items on", () => {
    assert.equal(styled(0.8719, accuracyStyle(10_000)), "87.19");
    assert.equal(styled(0.8719, accuracyStyle(1999)), "87.2");
  });

  it("names a level with the digits it has", () => {
    assert.equal(levelText(0.9), "90 %");
    assert.equal(levelText(1 - 2 * 0.05), "90 %");
    assert.equal(levelText(0.998), "99.8 %");
  });
});
