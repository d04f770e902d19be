import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";

describe("corrected lower limit of a paired drop", () => {
  it("never lies above Tango's, and agrees with its p-value at every margin", () => {
    for (const n of [5, 20, 100, 1000]) {
      for (let b = 0; b <= Math.min(n, 25); b++) {
        for (let c = 0; c <= Math.min(25, n - b); c += 3) {
          const table = { a: n - b - c, b, c, d: 0 };
          const { low } = stats.pairedLowerLimit(table, { level: 0.9 });
          assert.ok(low <= stats.tangoInterval(table, { level: 0.9 }).low + 1e-12, JSON.stringify(table));
          for (const margin of [0, 0.01, 0.05]) {
            const p = stats.pairedDropAbove(table, { difference: margin });
            assert.equal(low > margin, p < 0.05, `${JSON.stringify(table)} margin ${margin}: low ${low}, p ${p}`);
          }
        }
      }
    }
  });

  it("keeps a gate of few expected drops within alpha, where Tango alone fails a third more often", () => {
    // 500 items, every discordant one a drop, 1 % of the items: b is binomial and c is 0.
    let [plain, corrected] = [0, 0];
    for (let b = 0; b <= 30; b++) {
      const p = stats.binomialPmf(b, { n: 500, p: 0.01 });
      const table = { a: 500 - b, b, c: 0, d: 0 };
      if (stats.tangoTest(table, { difference: 0.01 }).pAbove < 0.05) plain += p;
      if (stats.pairedDropAbove(table, { difference: 0.01 }) < 0.05) corrected += p;
    }
    assert.ok(plain > 0.065, `Tango ${plain}`);
    assert.ok(corrected < 0.05, `corrected ${corrected}`);
  });

  it("says nothing of an empty table", () => {
    assert.equal(stats.pairedLowerLimit({ a: 0, b: 0, c: 0, d: 0 }).reason, "no-data");
    assert.equal(stats.pairedDropAbove({ a: 0, b: 0, c: 0, d: 0 }), 1);
  });
});
