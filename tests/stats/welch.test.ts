import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";

describe("Welch's t test", () => {
  it("gives the statistic and degrees of freedom of its formula", () => {
    // Means 3 and 6, variances 2.5 and 10 of five each: standard error √2.5, df (2.5)²/((.5² + 2²)/4).
    const { statistic, df, p } = stats.welchTest([1, 2, 3, 4, 5], [2, 4, 6, 8, 10]);
    assert.ok(Math.abs((statistic ?? 0) + 3 / Math.sqrt(2.5)) < 1e-12);
    assert.ok(Math.abs((df ?? 0) - 6.25 / (4.25 / 4)) < 1e-12);
    assert.ok(Math.abs(p - 2 * stats.tCdf(-3 / Math.sqrt(2.5), { df: 6.25 / (4.25 / 4) })) < 1e-12);
  });

  it("has opposite one-sided p-values, and none where there is no spread or too little data", () => {
    const [x, y] = [
      [1, 2, 4],
      [2, 5, 9, 7],
    ];
    const less = stats.welchTest(x, y, { alternative: "less" }).p;
    assert.ok(Math.abs(less + stats.welchTest(x, y, { alternative: "greater" }).p - 1) < 1e-12);
    assert.equal(stats.welchTest([1], [2, 3]).reason, "too-few");
    assert.equal(stats.welchTest([1, 1], [2, 2]).reason, "no-variation");
  });
});
