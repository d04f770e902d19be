import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exp, expm1, log, log1p } from "../../harness/stats/elementary.ts";
import { stats } from "./namespace.ts";
import { readReference } from "./reference.ts";

type NistSet = { name: string; mean: number; sd: number; lag1: number; y: number[] };
const sets = readReference("nist-univariate")["sets"] as unknown as NistSet[];

/** Decimal digits to which two numbers agree: -log10 of the relative error, at most 15. */
function digits(actual: number | undefined, certified: number): number {
  if (actual === undefined) return 0;
  const off = Math.abs(actual - certified) / Math.abs(certified);
  return off === 0 ? 15 : Math.min(15, -Math.log10(off));
}

describe("NIST StRD univariate", () => {
  for (const { name, mean, sd, lag1, y } of sets) {
    it(`${name}: mean, standard deviation and lag-1 autocorrelation to 13 digits`, () => {
      assert.ok(digits(stats.mean(y), mean) >= 13, `mean ${stats.mean(y)}`);
      // Michelso and Mavro are decimal fractions: rounding them to doubles alone costs up to 2 digits of the deviations.
      assert.ok(
        digits(stats.standardDeviation(y), sd) >= (name === "Mavro" ? 12.5 : 13),
        `sd ${stats.standardDeviation(y)}`,
      );
      assert.ok(digits(stats.autocorrelation(y).value, lag1) >= 13, `r ${stats.autocorrelation(y).value}`);
    });
  }

  it("NumAcc1: 10,000,002 and 1 exactly, from three numbers", () => {
    const y = [10000001, 10000003, 10000002];
    assert.deepEqual([stats.mean(y), stats.standardDeviation(y), stats.autocorrelation(y).value], [10000002, 1, -0.5]);
  });

  for (const [name, base, sdDigits] of [
    ["NumAcc2", 1, 13],
    // The data themselves, rounded to doubles, pin the standard deviation to 9 and 8 digits only.
    ["NumAcc3", 1000000, 9],
    ["NumAcc4", 10000000, 8],
  ] as const) {
    it(`${name}: ${base}.2 and .1, r -.999, from 1,001 alternating numbers`, () => {
      const y = Array.from({ length: 1001 }, (_, i) => Number(`${base}.${i === 0 ? 2 : i % 2 === 1 ? 1 : 3}`));
      assert.ok(digits(stats.mean(y), base + 0.2) >= 13, `mean ${stats.mean(y)}`);
      assert.ok(digits(stats.standardDeviation(y), 0.1) >= sdDigits, `sd ${stats.standardDeviation(y)}`);
      assert.ok(digits(stats.autocorrelation(y).value, -0.999) >= sdDigits, `r ${stats.autocorrelation(y).value}`);
    });
  }
});

describe("elementary functions", () => {
  it("agree with the platform's within 4 units in the last place over the whole range", () => {
    const close = (ours: number, theirs: number, what: string) =>
      assert.ok(Math.abs(ours - theirs) <= 4 * Number.EPSILON * Math.abs(theirs), `${what}: ${ours} against ${theirs}`);
    for (let i = -700; i <= 700; i++) {
      const x = i + ((i * 0.6180339887) % 1);
      close(exp(x), Math.exp(x), `exp(${x})`);
      const y = Math.exp(x);
      close(log(y * 1.37), Math.log(y * 1.37), `log(${y})`);
    }
    for (let i = 1; i < 400; i++) {
      const x = 0.9999 ** i * 2 ** (-i / 9);
      for (const signed of [x, -x]) {
        close(log1p(signed), Math.log1p(signed), `log1p(${signed})`);
        close(expm1(signed), Math.expm1(signed), `expm1(${signed})`);
      }
    }
  });

  it("edges: zeros, infinities, subnormals, NaN", () => {
    assert.deepEqual([log(0), log(1), log(Infinity), log(-1)], [-Infinity, 0, Infinity, Number.NaN]);
    assert.deepEqual([exp(0), exp(-Infinity), exp(Infinity), exp(Number.NaN)], [1, 0, Infinity, Number.NaN]);
    assert.deepEqual([log1p(-1), log1p(0), expm1(0), exp(710), exp(-746)], [-Infinity, 0, 0, Infinity, 0]);
    assert.ok(Math.abs(log(Number.MIN_VALUE) / Math.log(Number.MIN_VALUE) - 1) < 1e-15);
    assert.equal(exp(-745), Math.exp(-745));
  });
});
