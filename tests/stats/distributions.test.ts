import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { betaCdf, betaQuantile } from "../../harness/stats/beta.ts";
import { binomialCdf, binomialPmf, binomialQuantile } from "../../harness/stats/binomial.ts";
import { chiSquareCdf, chiSquareQuantile } from "../../harness/stats/chi-square.ts";
import { logGamma } from "../../harness/stats/gamma.ts";
import { normalCdf, normalQuantile } from "../../harness/stats/normal.ts";
import { tCdf, tQuantile } from "../../harness/stats/student-t.ts";
import { assertRelative, numbersOf, readReference } from "./reference.ts";

const TOLERANCE = 1e-12;

function agree(file: string, key: string, compute: (...args: number[]) => number, tolerance = TOLERANCE): void {
  const rows = readReference(file)[key];
  assert.ok(rows && rows.length > 10, `${file}.${key} has reference rows`);
  for (const row of rows) {
    const numbers = numbersOf(row);
    const expected = numbers.pop()!;
    assertRelative(compute(...numbers), expected, tolerance, `${file}.${key}(${numbers})`);
  }
}

describe("distributions agree with SciPy within 1e-12 over the whole range", () => {
  it("normal", () => {
    agree("normal", "cdf", (z) => normalCdf(z!));
    agree("normal", "cdf", (z) => normalCdf(-z!, { tail: "upper" }));
    agree("normal", "quantile", (p) => normalQuantile(p!));
  });
  it("beta", () => {
    agree("beta", "cdf", (a, b, x) => betaCdf(x!, { a: a!, b: b! }));
    agree("beta", "quantile", (a, b, p) => betaQuantile(p!, { a: a!, b: b! }));
  });
  it("Student's t", () => {
    agree("student-t", "cdf", (t, df) => tCdf(t!, { df: df! }));
    agree("student-t", "cdf", (t, df) => tCdf(-t!, { df: df!, tail: "upper" }));
    agree("student-t", "quantile", (p, df) => tQuantile(p!, { df: df! }));
  });
  it("chi-square", () => {
    agree("chi-square", "cdf", (x, df) => chiSquareCdf(x!, { df: df! }));
    agree("chi-square", "quantile", (p, df) => chiSquareQuantile(p!, { df: df! }));
  });
  it("binomial", () => {
    agree("binomial", "cdf", (k, n, p) => binomialCdf(k!, { n: n!, p: p! }));
    agree("binomial", "pmf", (k, n, p) => binomialPmf(k!, { n: n!, p: p! }));
    agree("binomial", "quantile", (q, n, p) => binomialQuantile(q!, { n: n!, p: p! }), 0);
  });
  it("ln Γ", () => {
    agree("log-gamma", "values", (x) => logGamma(x!));
  });
});
