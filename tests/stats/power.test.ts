import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";
import { assertDigits, numbersOf, readReference } from "./reference.ts";

/** Log-ratio spread of one pair of independent arms with a CV of 2 % each. */
const TWO_PERCENT = 0.02 * Math.SQRT2;

describe("power of paired accuracy gates", () => {
  it("is the share of simulated tables that the gate's interval decides, within simulation error", () => {
    const random = stats.rng("paired power");
    for (const [plan, n] of [
      [{ discordance: 0.1, margin: 0.06, drop: 0.01 }, 250],
      [{ discordance: 0.08, margin: 0.01, drop: 0.05, claim: "fail" }, 300],
    ] as const) {
      let hits = 0;
      const repetitions = 4000;
      for (let r = 0; r < repetitions; r++) {
        let [b, c] = [0, 0];
        for (let i = 0; i < n; i++) {
          const u = random.uniform();
          if (u < (plan.discordance + plan.drop) / 2) b++;
          else if (u < plan.discordance) c++;
        }
        const table = { a: n - b - c, b, c, d: 0 };
        const test =
          "claim" in plan
            ? stats.pairedDropAbove
            : (...args: Parameters<typeof stats.tangoTest>) => stats.tangoTest(...args).pBelow;
        if (test(table, { difference: plan.margin }) <= 0.05) hits++;
      }
      const power = stats.pairedPower({ ...plan, n });
      assert.ok(power > 0.4 && power < 0.97, `a power that says something: ${power}`);
      assert.ok(Math.abs(hits / repetitions - power) < 0.03, `simulated ${hits / repetitions}, computed ${power}`);
    }
  });

  it("at the margin it is the error rate, close to α", () => {
    const pass = stats.pairedPower({ n: 2000, discordance: 0.05, margin: 0.01, drop: 0.01 });
    const fail = stats.pairedPower({ n: 2000, discordance: 0.05, margin: 0.01, drop: 0.01, claim: "fail" });
    assert.ok(Math.abs(pass - 0.05) < 0.006 && Math.abs(fail - 0.05) < 0.006, `${pass} ${fail}`);
  });

  it("the exact sample size reaches its power where the normal formula falls short", () => {
    const plan = { discordance: 0.02, margin: 0.01 };
    const normal = stats.pairedSampleSize({ ...plan, power: 0.8 });
    const exact = stats.pairedSampleSize({ ...plan, power: 0.8, method: "exact" });
    assert.equal(normal.n, 1237);
    assert.ok(stats.pairedPower({ ...plan, n: normal.n! }) < 0.79);
    assert.ok(exact.n! > normal.n! && exact.n! < 1.15 * normal.n!);
    const reached = stats.pairedPower({ ...plan, n: exact.n! });
    assert.ok(reached >= 0.8 && reached < 0.82, `${reached}`);
  });

  it("the detectable margin is the one at which the power is just reached", () => {
    const margin = stats.pairedDetectable({ n: 1000, discordance: 0.03, power: 0.9 });
    assert.ok(stats.pairedPower({ n: 1000, discordance: 0.03, margin: margin * 1.001 }) >= 0.9);
    assert.ok(stats.pairedPower({ n: 1000, discordance: 0.03, margin: margin * 0.97 }) < 0.9);
  });

  it("a truth on the wrong side has no sample size; impossible plans throw", () => {
    const wrong = stats.pairedSampleSize({ discordance: 0.1, margin: 0.02, drop: 0.01, claim: "fail" });
    assert.deepEqual([wrong.n, wrong.reason], [undefined, "beyond-margin"]);
    assert.equal(stats.pairedPower({ n: 0, discordance: 0.1, margin: 0.02 }), 0);
    assert.throws(() => stats.pairedPower({ n: 10, discordance: 0.1, margin: 0.02, drop: 0.2 }), RangeError);
    assert.throws(() => stats.pairedPower({ n: 10, discordance: 0, margin: 0.02 }), RangeError);
    assert.throws(() => stats.pairedSampleSize({ discordance: 0.1, margin: 0.02, power: 1 }), RangeError);
  });
});

describe("power of ratio gates", () => {
  it("the noncentral t distribution agrees with SciPy within 1e-8", () => {
    for (const row of readReference("noncentral-t")["cdf"]!) {
      const [t, df, shift, p] = numbersOf(row) as [number, number, number, number];
      const ours = stats.noncentralTCdf(t, { df, shift });
      assert.ok(Math.abs(ours - p) < 1e-8, `t ${t} df ${df} shift ${shift}: ${ours} against ${p}`);
    }
  });

  it("CV 2 %, 20 pairs, margin 2 %, identical code: PASS .92 at α .05, .41 at α/36", () => {
    const plan = { n: 20, logRatioSd: TWO_PERCENT, margin: 0.02, test: "t" } as const;
    assertDigits(stats.ratioPower({ ...plan, alpha: 0.05 }), 0.915, 3);
    assertDigits(stats.ratioPower({ ...plan, alpha: 0.05 / 36 }), 0.41, 2);
    // 36 such gates all pass identical code 6 % of the time when each does at .923.
    assertDigits(stats.suitePower(new Array<number>(36).fill(0.923)), 0.06, 2);
  });

  it("CV 2 %, α .01: 90 % power for a 2 % slowdown takes about 32 pairs, for 5 % about 9", () => {
    const plan = { logRatioSd: TWO_PERCENT, margin: 0, claim: "fail", alpha: 0.01, power: 0.9 } as const;
    const two = stats.ratioSampleSize({ ...plan, effect: 0.02 }).n!;
    const five = stats.ratioSampleSize({ ...plan, effect: 0.05 }).n!;
    assert.ok(two >= 29 && two <= 34, `${two}`);
    assert.ok(five >= 8 && five <= 10, `${five}`);
  });

  it("Wilcoxon power is within 2 points of simulation, from the smallest n on", () => {
    const random = stats.rng("wilcoxon power");
    for (const [n, alpha, distance] of [
      [5, 0.05, 1.6],
      [7, 0.01, 1.6],
      [8, 0.01, 1.6],
      [9, 0.01, 1.2],
      [12, 0.05, 0.8],
      [32, 0.05, 0.5],
    ] as const) {
      let hits = 0;
      const repetitions = 5000;
      for (let r = 0; r < repetitions; r++) {
        const blocks = Array.from({ length: n }, () => random.normal());
        if (stats.signedRank(blocks, { location: distance, alternative: "less" }).p <= alpha) hits++;
      }
      const power = stats.ratioPower({ n, logRatioSd: 1, margin: Math.expm1(distance), alpha });
      // 2 points, and 2.5 standard errors of the simulation.
      const slack = 0.02 + 2.5 * Math.sqrt((power * (1 - power)) / repetitions);
      assert.ok(
        Math.abs(hits / repetitions - power) < slack,
        `n ${n}: simulated ${hits / repetitions}, computed ${power}`,
      );
    }
  });

  it("too few blocks for the level have no power, and no margin helps", () => {
    assert.equal(stats.ratioPower({ n: 4, logRatioSd: 0.02, margin: 1, alpha: 0.05 }), 0);
    assert.equal(stats.ratioPower({ n: 1, logRatioSd: 0.02, margin: 1, test: "t" }), 0);
    assert.equal(stats.ratioDetectable({ n: 4, logRatioSd: 0.02 }), undefined);
    const margin = stats.ratioDetectable({ n: 20, logRatioSd: TWO_PERCENT, power: 0.9 })!;
    assert.ok(Math.abs(stats.ratioPower({ n: 20, logRatioSd: TWO_PERCENT, margin }) - 0.9) < 1e-6);
  });

  it("a zero margin is a margin, and a truth at it has no sample size", () => {
    const { n, reason } = stats.ratioSampleSize({ logRatioSd: 0.02, margin: 0 });
    assert.deepEqual([n, reason], [undefined, "beyond-margin"]);
    assert.throws(() => stats.ratioPower({ n: 5, logRatioSd: 0, margin: 0.1 }), RangeError);
    assert.throws(() => stats.ratioPower({ n: 5, logRatioSd: 0.1, margin: -0.1 }), RangeError);
    assert.throws(() => stats.ratioPower({ n: 5, logRatioSd: 0.1, margin: 0.1, effect: -1 }), RangeError);
  });
});

describe("power of floor and ceiling gates", () => {
  it("is the chance that the Clopper-Pearson limit clears the floor, summed over all counts", () => {
    const plan = { limit: 0.8, truth: 0.9, alpha: 0.05 };
    for (const n of [10, 40, 75]) {
      let byHand = 0;
      for (let k = 0; k <= n; k++) {
        if (stats.clopperPearson({ successes: k, n }, { level: 0.9 }).low > plan.limit) {
          byHand += stats.binomialPmf(k, { n, p: plan.truth });
        }
      }
      assert.ok(Math.abs(stats.proportionPower({ ...plan, n }) - byHand) < 1e-12, `n ${n}`);
    }
  });

  it("a ceiling is the floor of the failures", () => {
    const ceiling = stats.proportionPower({ n: 60, limit: 0.1, truth: 0.02, claim: "below" });
    const floor = stats.proportionPower({ n: 60, limit: 0.9, truth: 0.98 });
    assert.ok(Math.abs(ceiling - floor) < 1e-12);
    // Without a single failure 28 items cannot show a rate below 10 %, 29 can.
    assert.equal(stats.proportionPower({ n: 28, limit: 0.1, truth: 0, claim: "below" }), 0);
    assert.equal(stats.proportionPower({ n: 29, limit: 0.1, truth: 0, claim: "below" }), 1);
  });

  it("the sample size reaches the power; a truth at the limit has none", () => {
    const { n } = stats.proportionSampleSize({ limit: 0.85, truth: 0.9, power: 0.9 });
    assert.ok(stats.proportionPower({ n: n!, limit: 0.85, truth: 0.9 }) >= 0.9);
    assert.ok(stats.proportionPower({ n: Math.floor(0.8 * n!), limit: 0.85, truth: 0.9 }) < 0.9);
    assert.equal(stats.proportionSampleSize({ limit: 0.85, truth: 0.85 }).reason, "beyond-margin");
    assert.throws(() => stats.proportionPower({ n: 5, limit: 1, truth: 0.5 }), RangeError);
    assert.throws(() => stats.suitePower([0.5, Number.NaN]), RangeError);
  });
});
