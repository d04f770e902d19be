import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stats } from "./namespace.ts";
import { assertDigits, assertRelative, readReference } from "./reference.ts";

type Case = { x: number[]; y: number[]; u: number; p: number[] };
const SIDES = ["less", "two-sided", "greater"] as const;
const casesOf = (key: string) => readReference("rank-tests")[key] as unknown as Case[];

/** Mid-rank of every value among all. */
const midranks = (values: number[]) =>
  values.map((v) => values.filter((w) => w < v).length + (values.filter((w) => w === v).length + 1) / 2);

describe("signed-rank test", () => {
  it("agrees with SciPy's exact p-values without ties", () => {
    for (const { x, p } of casesOf("signedRank")) {
      for (const [i, alternative] of SIDES.entries()) {
        const ours = stats.signedRank(x, { alternative });
        assert.equal(ours.method, "signed-rank-exact");
        assertRelative(ours.p, p[i]!, 1e-12, `n ${x.length} ${alternative}`);
      }
    }
  });

  it("agrees with SciPy's tie- and continuity-corrected normal p-values for many ties", () => {
    for (const { x, p } of casesOf("signedRankNormal")) {
      for (const [i, alternative] of SIDES.entries()) {
        const ours = stats.signedRank(x, { alternative });
        assert.equal(ours.method, "signed-rank-normal");
        assertRelative(ours.p, p[i]!, 1e-11, alternative);
      }
    }
  });

  it("with ties and zeros it equals the enumeration of all signs", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 }), (data) => {
        const kept = data.filter((x) => x !== 0);
        if (kept.length === 0) return;
        const ranks = midranks(kept.map(Math.abs));
        const observed = ranks.reduce((sum, rank, i) => sum + (kept[i]! > 0 ? rank : 0), 0);
        let [atMost, atLeast] = [0, 0];
        for (let signs = 0; signs < 2 ** kept.length; signs++) {
          const sum = ranks.reduce((total, rank, i) => total + ((signs >> i) & 1 ? rank : 0), 0);
          if (sum <= observed) atMost++;
          if (sum >= observed) atLeast++;
        }
        const result = stats.signedRank(data, { alternative: "less" });
        assert.equal(result.statistic, observed);
        assert.ok(Math.abs(result.p - atMost / 2 ** kept.length) < 1e-12);
        const upper = stats.signedRank(data, { alternative: "greater" }).p;
        assert.ok(Math.abs(upper - atLeast / 2 ** kept.length) < 1e-12);
      }),
    );
  });

  it("decides as the Hodges-Lehmann interval of the same level does", () => {
    const random = stats.rng("duality");
    for (let r = 0; r < 200; r++) {
      const data = Array.from({ length: 14 }, () => random.normal());
      const { low, high } = stats.hodgesLehmann(data, { level: 0.9 });
      const location = 0.4;
      assert.equal(stats.signedRank(data, { location, alternative: "less" }).p <= 0.05, high < location);
      assert.equal(stats.signedRank(data, { location, alternative: "greater" }).p <= 0.05, low > location);
    }
  });

  it("data that cannot be judged are never evidence", () => {
    assert.deepEqual([stats.signedRank([]).p, stats.signedRank([]).reason], [1, "no-data"]);
    assert.deepEqual([stats.signedRank([0, 0]).p, stats.signedRank([0, 0]).reason], [1, "no-variation"]);
    assert.equal(stats.signedRank([Number.NaN]).reason, "not-finite");
    assert.throws(() => stats.signedRank([1], { location: Number.NaN }), RangeError);
  });
});

describe("Mann-Whitney test", () => {
  it("{2,1,3,5} against {0,4,6,7}: U = 5, p = .2428571 / .4857143 / .8285714", () => {
    const p = SIDES.map((alternative) => stats.mannWhitney([2, 1, 3, 5], [0, 4, 6, 7], { alternative }));
    assert.equal(p[0]!.u, 5);
    assertDigits(p[0]!.p, 0.2428571, 7);
    assertDigits(p[1]!.p, 0.4857143, 7);
    assertDigits(p[2]!.p, 0.8285714, 7);
  });

  it("its smallest two-sided p is .1, .0285714, .0079365 for 3, 4, 5 a side", () => {
    for (const [n, p] of [
      [3, 0.1],
      [4, 0.0285714],
      [5, 0.0079365],
    ] as const) {
      const low = Array.from({ length: n }, (_, i) => i);
      assertDigits(
        stats.mannWhitney(
          low,
          low.map((x) => x + 100),
        ).p,
        p,
        7,
      );
    }
  });

  it("agrees with SciPy, exact without ties and corrected normal with many", () => {
    for (const [key, method] of [
      ["mannWhitney", "mann-whitney-exact"],
      ["mannWhitneyNormal", "mann-whitney-normal"],
    ] as const) {
      for (const { x, y, u, p } of casesOf(key)) {
        for (const [i, alternative] of SIDES.entries()) {
          const ours = stats.mannWhitney(x, y, { alternative });
          assert.equal(ours.u, u);
          assert.equal(ours.method, method);
          assertRelative(ours.p, p[i]!, 1e-11, `${key} ${alternative}`);
        }
      }
    }
  });

  it("with ties it equals the enumeration of all ways to deal the values out", () => {
    const values = (maxLength: number) => fc.array(fc.nat(4), { minLength: 1, maxLength });
    fc.assert(
      fc.property(values(5), values(4), (x, y) => {
        const ranks = midranks([...x, ...y]);
        const observed = ranks.slice(0, x.length).reduce((sum, rank) => sum + rank, 0);
        let [atMost, all] = [0, 0];
        for (let subset = 0; subset < 2 ** ranks.length; subset++) {
          const chosen = ranks.filter((_, i) => (subset >> i) & 1);
          if (chosen.length !== x.length) continue;
          all++;
          if (chosen.reduce((sum, rank) => sum + rank, 0) <= observed) atMost++;
        }
        assert.ok(Math.abs(stats.mannWhitney(x, y, { alternative: "less" }).p - atMost / all) < 1e-12);
        assert.ok(Math.abs(stats.mannWhitney(y, x, { alternative: "greater" }).p - atMost / all) < 1e-12);
      }),
    );
  });

  it("equal values and missing samples are never evidence", () => {
    assert.equal(stats.mannWhitney([1, 1, 1], [1, 1]).p, 1);
    assert.equal(stats.mannWhitney(new Array<number>(200).fill(1), new Array<number>(200).fill(1)).p, 1);
    assert.deepEqual([stats.mannWhitney([], [1]).p, stats.mannWhitney([], [1]).reason], [1, "no-data"]);
    assert.equal(stats.mannWhitney([1], [Number.NaN]).reason, "not-finite");
  });
});

describe("t interval, t test, prediction interval", () => {
  it("t interval of {-8, 2, 3, 4, 5, 6} is 2 [-3.351092806, 7.351092806]", () => {
    const { value, low, high } = stats.tInterval([-8, 2, 3, 4, 5, 6]);
    assert.equal(value, 2);
    assertDigits(low, -3.351092806, 9);
    assertDigits(high, 7.351092806, 9);
  });

  it("t test agrees with SciPy", () => {
    for (const { x, p } of casesOf("t")) {
      for (const [i, alternative] of SIDES.entries()) {
        assertRelative(stats.tTest(x, { location: 0.1, alternative }).p, p[i]!, 1e-11, alternative);
      }
    }
  });

  it("a prediction interval covers one new value at the level; a t interval of the mean does not", () => {
    const random = stats.rng("prediction");
    let [predicted, meant] = [0, 0];
    for (let r = 0; r < 3000; r++) {
      const history = Array.from({ length: 8 }, () => random.normal());
      const next = random.normal();
      const wide = stats.predictionInterval(history, { level: 0.9 });
      const narrow = stats.tInterval(history, { level: 0.9 });
      if (wide.low <= next && next <= wide.high) predicted++;
      if (narrow.low <= next && next <= narrow.high) meant++;
    }
    assert.ok(Math.abs(predicted / 3000 - 0.9) < 0.027, `covered ${predicted / 3000}`);
    assert.ok(meant / 3000 < 0.6);
  });

  it("one observation is too few, equal ones are a point with the reason, none is no data", () => {
    assert.deepEqual(stats.tInterval([5]), {
      value: 5,
      low: -Infinity,
      high: Infinity,
      level: 0.95,
      n: 1,
      method: "student-t",
      reason: "too-few",
    });
    const { low, high, reason } = stats.tInterval([2, 2, 2]);
    assert.deepEqual([low, high, reason], [2, 2, "no-variation"]);
    assert.equal(stats.predictionInterval([]).reason, "no-data");
    assert.equal(stats.tTest([3]).p, 1);
    assert.throws(() => stats.tInterval([1, 2], { level: 2 }), RangeError);
  });
});
