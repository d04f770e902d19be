import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mcnemar } from "../../harness/stats/mcnemar.ts";
import type { PairedTable } from "../../harness/stats/paired-table.ts";
import { relativeDropZ } from "../../harness/stats/relative-drop.ts";
import { stats } from "./namespace.ts";

/** Largest likelihood of a paired table under p(candidate) = ratio·p(baseline), by search over both free probabilities. */
function bruteForceZ({ a, b, c, d }: PairedTable, drop: number): number {
  const ratio = 1 - drop;
  const n = a + b + c + d;
  const term = (k: number, p: number) => (k === 0 ? 0 : p > 0 ? k * Math.log(p) : -Infinity);
  const likelihood = (u: number, lost: number) =>
    term(a, u - lost) + term(b, lost) + term(c, lost + (ratio - 1) * u) + term(d, 1 - ratio * u - lost);
  let best = { value: -Infinity, u: 0, lost: 0 };
  let [uLow, uHigh, lostLow, lostHigh] = [0, 1, 0, 1];
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i <= 60; i++) {
      for (let j = 0; j <= 60; j++) {
        const u = uLow + ((uHigh - uLow) * i) / 60;
        const lost = lostLow + ((lostHigh - lostLow) * j) / 60;
        if (u - lost < -1e-12 || lost + (ratio - 1) * u < -1e-12 || 1 - ratio * u - lost < -1e-12) continue;
        const value = likelihood(u, Math.max(0, lost));
        if (value > best.value) best = { value, u, lost };
      }
    }
    const [u, lost] = [(uHigh - uLow) / 8, (lostHigh - lostLow) / 8];
    [uLow, uHigh] = [Math.max(0, best.u - u), Math.min(1, best.u + u)];
    [lostLow, lostHigh] = [Math.max(0, best.lost - lost), Math.min(1, best.lost + lost)];
  }
  const discordance = 2 * best.lost + (ratio - 1) * best.u;
  return (ratio * (a + b) - (a + c)) / Math.sqrt(n * ratio * discordance);
}

describe("the drop as a share of the baseline's accuracy", () => {
  it("is tested with the likeliest discordance under the hypothesis", () => {
    for (const table of [
      { a: 43, b: 9, c: 5, d: 16 },
      { a: 80, b: 12, c: 1, d: 7 },
      { a: 20, b: 3, c: 9, d: 30 },
    ]) {
      for (const drop of [0.02, 0.1, -0.2]) {
        const z = relativeDropZ(table, drop);
        const expected = bruteForceZ(table, drop);
        assert.ok(Math.abs(z - expected) < 1e-3, `${JSON.stringify(table)} at ${drop}: ${z}, searched ${expected}`);
      }
    }
  });

  it("puts weight on a cell that was never seen, as a search does", () => {
    for (const [table, drop] of [
      [{ a: 50, b: 0, c: 0, d: 5 }, 0.05],
      [{ a: 50, b: 6, c: 0, d: 5 }, 0.01],
      [{ a: 50, b: 0, c: 4, d: 5 }, 0.03],
    ] as const) {
      const expected = bruteForceZ(table, drop);
      assert.ok(Math.abs(relativeDropZ(table, drop) - expected) < 1e-2, `${JSON.stringify(table)}: ${expected}`);
    }
  });

  it("is McNemar's asymptotic test at a drop of zero", () => {
    const { pBelow } = stats.relativeDropTest({ a: 70, b: 6, c: 16, d: 8 }, { drop: 0 });
    assert.ok(Math.abs(2 * pBelow - (mcnemar({ b: 6, c: 16 }).pAsymptotic as number)) < 1e-12);
    // The published value (statistics.md, section 2).
    assert.ok(Math.abs(2 * pBelow - 0.033006) < 5e-7);
  });

  it("has an interval whose ends are where the test changes its mind", () => {
    const table = { a: 900, b: 25, c: 12, d: 63 };
    const { value, low, high } = stats.relativeDropInterval(table, { level: 0.9 });
    assert.ok(value !== undefined && Math.abs(value - 13 / 925) < 1e-12);
    assert.ok(Math.abs(stats.relativeDropTest(table, { drop: high }).pBelow - 0.05) < 1e-9);
    assert.ok(Math.abs(stats.relativeDropTest(table, { drop: low }).pAbove - 0.05) < 1e-9);
  });

  it("judges nothing without a right answer of the baseline, and refuses impossible drops", () => {
    assert.equal(stats.relativeDropInterval({ a: 0, b: 0, c: 3, d: 9 }).value, undefined);
    assert.equal(stats.relativeDropTest({ a: 0, b: 0, c: 0, d: 9 }).reason, "no-data");
    assert.throws(() => stats.relativeDropTest({ a: 1, b: 0, c: 0, d: 0 }, { drop: 1 }), RangeError);
    assert.equal(stats.relativeDropInterval({ a: 0, b: 9, c: 0, d: 1 }).high, 1);
  });

  it("covers the true relative drop in 90 % of seeded tables", () => {
    const random = stats.rng(11);
    // Baseline right .85, candidate .82: a relative drop of 3.53 %.
    const [lost, gained, both] = [0.06, 0.03, 0.79];
    const truth = 1 - (both + gained) / (both + lost);
    let [below, above] = [0, 0];
    const tables = 2000;
    for (let i = 0; i < tables; i++) {
      const table = { a: 0, b: 0, c: 0, d: 0 };
      for (let item = 0; item < 400; item++) {
        const u = random.uniform();
        table[u < both ? "a" : u < both + lost ? "b" : u < both + lost + gained ? "c" : "d"]++;
      }
      const { low, high } = stats.relativeDropInterval(table, { level: 0.9 });
      if (low > truth) above++;
      if (high < truth) below++;
    }
    // 5 % a side, standard error .5 %.
    assert.ok(below / tables > 0.03 && below / tables < 0.07, `${below / tables} below`);
    assert.ok(above / tables > 0.03 && above / tables < 0.07, `${above / tables} above`);
  });
});
