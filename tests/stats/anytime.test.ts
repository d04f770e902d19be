import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stats } from "./namespace.ts";
import { assertDigits } from "./reference.ts";

type Rng = ReturnType<typeof stats.rng>;

/** Differences of independent items: a drop and the share of items that disagree. */
function superPopulation(
  random: Rng,
  n: number,
  { drop, discordance }: { drop: number; discordance: number },
): Float64Array {
  const worse = (discordance + drop) / 2;
  return Float64Array.from({ length: n }, () => {
    const u = random.uniform();
    return u < worse ? 1 : u < discordance ? -1 : 0;
  });
}

/** A set with exactly these counts, in random order. */
function finiteSet(random: Rng, n: number, worse: number, better: number): Float64Array {
  const ordered = Array.from({ length: n }, (_, i) => (i < worse ? 1 : i < worse + better ? -1 : 0));
  return Float64Array.from(random.shuffle(ordered));
}

describe("betting e-processes", () => {
  it("false verdicts at the margin stay within α, however often one looks", () => {
    const random = stats.rng("ville");
    let [pass, fail] = [0, 0];
    const repetitions = 1500;
    for (let r = 0; r < repetitions; r++) {
      const data = superPopulation(random, 400, { drop: 0.05, discordance: 0.15 });
      const process = stats.bettingProcess({ margin: 0.05, alpha: 0.1 });
      for (const d of data) process.update(d);
      const { passAt, failAt } = process.state();
      if (passAt !== undefined) pass++;
      if (failAt !== undefined) fail++;
    }
    // α = .1 plus 3 sigma of 1,500 repetitions.
    assert.ok(pass / repetitions < 0.123, `false pass ${pass / repetitions}`);
    assert.ok(fail / repetitions < 0.123, `false fail ${fail / repetitions}`);
    assert.ok(pass > 0 && fail > 0, "a test that never errs at the margin would have no power");
  });

  it("finite set: with the drop exactly at the margin neither side errs more than α", () => {
    const random = stats.rng("finite ville");
    let [pass, fail] = [0, 0];
    const repetitions = 1000;
    // 300 · .07 is 21.000000000000004 in floating point: exactly at the margin must not become below it.
    for (let r = 0; r < repetitions; r++) {
      const options = { margin: 0.07, alpha: 0.1, claim: "finite-set", items: 300 } as const;
      const process = stats.bettingProcess(options);
      for (const d of finiteSet(random, 300, 31, 10)) process.update(d);
      const { passAt, failAt } = process.state();
      if (passAt !== undefined) pass++;
      if (failAt !== undefined) fail++;
    }
    assert.ok(pass / repetitions < 0.128, `false pass ${pass / repetitions}`);
    assert.ok(fail / repetitions < 0.128, `false fail ${fail / repetitions}`);
  });

  it("finite set: off the margin the verdict is the set's own answer by the last item at the latest", () => {
    const random = stats.rng("finite answer");
    let wrong = 0;
    for (let r = 0; r < 300; r++) {
      const better = random.below(12);
      const worse = random.below(25);
      const data = finiteSet(random, 200, worse, better);
      const { verdict, claim } = stats.bettingTest(data, { margin: 0.03, claim: "finite-set", items: 200 });
      assert.equal(claim, "finite-set");
      const drop = worse - better;
      if (drop === 6) continue;
      assert.notEqual(verdict, "undecided");
      if (verdict !== (drop < 6 ? "pass" : "fail")) wrong++;
    }
    assert.ok(wrong / 300 <= 0.05 + 0.04, `wrong ${wrong}`);
  });

  it("refutes with certainty when the items left cannot reach the margin", () => {
    // 10 items, margin .5: after six items without a drop the rest cannot make five.
    const test = stats.bettingTest(new Float64Array(10), { margin: 0.5, claim: "finite-set", items: 10, alpha: 1e-9 });
    assert.deepEqual([test.verdict, test.ePass, test.used], ["pass", Infinity, 6]);
    const worst = stats.bettingTest(new Float64Array(10).fill(1), {
      margin: 0.3,
      claim: "finite-set",
      items: 10,
      alpha: 1e-9,
    });
    assert.equal(worst.verdict, "fail");
    assert.ok(worst.used <= 10);
  });

  it("stops early: the share of 5,000 items used is at most that of the design's measurements", () => {
    const random = stats.rng("early stop");
    const share = (options: { drop: number; discordance: number; margin: number }, isSet: boolean) => {
      let used = 0;
      for (let r = 0; r < 40; r++) {
        const worse = Math.round(2500 * (options.discordance + options.drop));
        const better = Math.round(2500 * (options.discordance - options.drop));
        const data = isSet ? finiteSet(random, 5000, worse, better) : superPopulation(random, 5000, options);
        const claim = isSet ? ({ claim: "finite-set", items: 5000 } as const) : {};
        used += stats.bettingTest(data, { margin: options.margin, ...claim }).used;
      }
      return used / 40 / 5000;
    };
    const clean = { drop: 0, discordance: 0.02, margin: 0.01 };
    const looser = { drop: 0, discordance: 0.05, margin: 0.02 };
    const broken = { drop: 0.05, discordance: 0.05, margin: 0.01 };
    // The design measured .38/.28, .23/.18 and .044/.043 with geometric bets; linear ones stop sooner on average.
    // The allowances are for the spread of 40 repetitions.
    for (const [setting, most, mostSet] of [
      [clean, 0.42, 0.28],
      [looser, 0.25, 0.18],
      [broken, 0.044, 0.043],
    ] as const) {
      assert.ok(share(setting, false) <= most, `super-population ${share(setting, false)} of ${most}`);
      assert.ok(share(setting, true) <= mostSet, `finite set ${share(setting, true)} of ${mostSet}`);
    }
  });

  it("any-regression: FAIL at 0 and PASS at the tolerance run side by side, and FAIL wins", () => {
    const process = stats.bettingProcess({ margin: 0.3, failMargin: 0 });
    const random = stats.rng("both");
    for (const d of superPopulation(random, 1500, { drop: 0.15, discordance: 0.15 })) process.update(d);
    const { passAt, failAt, verdict } = process.state();
    assert.ok(passAt !== undefined && failAt !== undefined);
    assert.equal(verdict, "fail");
  });

  it("mixture of one item is worked out by hand", () => {
    const process = stats.bettingProcess({ margin: 0.2, bets: [0.5] });
    process.update(0);
    // PASS 1 + .5·(.2 - 0)/(1 - .2), FAIL 1 + .5·(0 - .2)/(1 + .2)
    assert.ok(Math.abs(process.state().ePass - 1.125) < 1e-15);
    assert.ok(Math.abs(process.state().eFail - (1 - 0.1 / 1.2)) < 1e-15);
  });

  it("data that cannot be judged stay undecided; impossible arguments throw", () => {
    assert.deepEqual(
      [stats.bettingTest([], { margin: 0.1 }).verdict, stats.bettingTest([], { margin: 0.1 }).reason],
      ["undecided", "no-data"],
    );
    const broken = stats.bettingTest([0, Number.NaN], { margin: 0.1 });
    assert.deepEqual([broken.verdict, broken.reason, broken.pPass], ["undecided", "not-finite", 1]);
    assert.throws(() => stats.bettingTest([2], { margin: 0.1 }), RangeError);
    assert.throws(() => stats.bettingProcess({ margin: 1 }), RangeError);
    assert.throws(() => stats.bettingProcess({ margin: 0.1, claim: "finite-set" }), RangeError);
    assert.throws(() => stats.bettingProcess({ margin: 0.1, bets: [] }), RangeError);
    const full = stats.bettingProcess({ margin: 0.1, claim: "finite-set", items: 1 });
    full.update(0);
    assert.throws(() => full.update(0), RangeError);
  });
});

describe("sign e-process for latency", () => {
  it("keeps its level for heavy-tailed noise with the median at the margin", () => {
    const random = stats.rng("sign level");
    let [pass, fail] = [0, 0];
    for (let r = 0; r < 1500; r++) {
      const process = stats.signEProcess({ margin: 0.02, alpha: 0.1 });
      // Cauchy noise about the margin.
      for (let i = 0; i < 80; i++) process.update(0.02 + (0.01 * random.normal()) / random.normal());
      const { passAt, failAt } = process.state();
      if (passAt !== undefined) pass++;
      if (failAt !== undefined) fail++;
    }
    assert.ok(pass / 1500 < 0.123 && fail / 1500 < 0.123, `${pass} ${fail}`);
    assert.ok(pass > 0 && fail > 0);
  });

  it("finds a clear difference within a dozen blocks and counts effects at the margin against either claim", () => {
    const slower = stats.signEProcess({ margin: 0.02 });
    for (let i = 0; i < 12; i++) slower.update(0.1);
    assert.equal(slower.verdict, "fail");
    const same = stats.signEProcess({ margin: 0.02 });
    for (let i = 0; i < 12; i++) same.update(0.001);
    assert.equal(same.verdict, "pass");
    const atMargin = stats.signEProcess({ margin: 0.02 });
    for (let i = 0; i < 50; i++) atMargin.update(0.02);
    assert.equal(atMargin.verdict, "undecided");
    assert.ok(atMargin.state().ePass < 1 && atMargin.state().eFail < 1);
    assert.throws(() => atMargin.update(Number.NaN), RangeError);
    assert.throws(() => stats.signEProcess({ margin: Number.NaN }), RangeError);
  });
});

describe("hedged capital and confidence sequences", () => {
  const golden = (Math.sqrt(5) - 1) / 2;
  const x = Array.from({ length: 1000 }, (_, k) => (((k + 1) * golden) % 1 < 0.3 ? 1 : 0));

  it("reproduces the wealth of the golden-ratio sequence: 1.06787109375, 20.5376792696, 316.702724654", () => {
    const sum = (n: number) => x.slice(0, n).reduce((total: number, value) => total + value, 0);
    assert.deepEqual([sum(10), sum(100), sum(1000)], [3, 30, 300]);
    const { wealth, firstReached } = stats.hedgedCapital(x, { mean: 0.5 });
    assertDigits(wealth[9], 1.06787109375, 11);
    assertDigits(wealth[49], 20.5376792696, 10);
    assertDigits(wealth[99], 316.702724654, 9);
    assert.equal(firstReached, 46);
    assert.equal(stats.hedgedCapital(x, { mean: 0.4 }).firstReached, 224);
  });

  it("its confidence sequence is [.163, .445] after 100 and [.240, .357] after 1,000, rounded outward", () => {
    for (const [n, low, high] of [
      [100, 163, 445],
      [1000, 240, 357],
    ] as const) {
      const sequence = stats.confidenceSequence(x.slice(0, n));
      assert.equal(Math.floor(sequence.low * 1000), low);
      assert.equal(Math.ceil(sequence.high * 1000), high);
      const running = stats.confidenceSequence(x.slice(0, n), { running: true });
      assert.ok(running.low >= sequence.low && running.high <= sequence.high);
      assert.ok(stats.hedgedCapital(x.slice(0, n), { mean: sequence.low + 1e-9 }).wealth[n - 1]! < 20);
      assert.ok(stats.hedgedCapital(x.slice(0, n), { mean: sequence.low - 1e-9 }).wealth[n - 1]! >= 20);
    }
  });

  it("covers the mean at every look, for bounded observations on another scale", () => {
    const random = stats.rng("sequence coverage");
    let missed = 0;
    for (let r = 0; r < 150; r++) {
      const data = Array.from({ length: 120 }, () => 10 + 10 * random.uniform() ** 2);
      const { low, high } = stats.confidenceSequence(data, { level: 0.9, lower: 10, upper: 20, running: true });
      const truth = 10 + 10 / 3;
      if (low > truth || high < truth) missed++;
    }
    assert.ok(missed / 150 <= 0.1 + 0.06, `missed ${missed}`);
  });

  it("says why data cannot be judged and rejects observations out of bounds", () => {
    assert.equal(stats.confidenceSequence([]).reason, "no-data");
    assert.equal(stats.hedgedCapital([Number.NaN], { mean: 0.5 }).reason, "not-finite");
    assert.throws(() => stats.confidenceSequence([2]), RangeError);
    assert.throws(() => stats.hedgedCapital([0.5], { mean: 2 }), RangeError);
    const short = stats.confidenceSequence([0.2, 0.4]);
    assert.deepEqual([short.low, short.high], [0, 1]);
  });
});

describe("mixture bounds (α .05, v_opt 100)", () => {
  const options = { variance: 100, optimalVariance: 100, alpha: 0.05 };

  it("two-sided: ρ 12.60056, bound(100) 30.35209", () => {
    assertDigits(stats.mixtureTuning({ optimalVariance: 100 }), 12.60056, 5);
    assertDigits(stats.normalMixtureBound(options), 30.35209, 5);
  });

  it("one-sided: ρ 15.80063, normal mixture 27.66071, gamma-exponential (c = 2) 33.02017", () => {
    assertDigits(stats.mixtureTuning({ optimalVariance: 100, sides: "one" }), 15.80063, 5);
    assertDigits(stats.normalMixtureBound({ ...options, sides: "one" }), 27.66071, 5);
    assertDigits(stats.gammaExponentialBound({ ...options, scale: 2 }), 33.02017, 5);
  });

  it("700 of 1,000 successes (t_opt 100): .651629, .745949", () => {
    const { low, high } = stats.bernoulliConfidenceSequence({ successes: 700, n: 1000 }, { optimalN: 100 });
    // The published digits are cut off, not rounded: .6516298..., .7459495...
    assert.equal(Math.floor(low * 1e6), 651629);
    assert.equal(Math.floor(high * 1e6), 745949);
  });

  it("a normal random walk leaves the two-sided bound at any time with probability below α", () => {
    const random = stats.rng("walk");
    const bounds = Array.from({ length: 300 }, (_, t) =>
      stats.normalMixtureBound({ variance: t + 1, optimalVariance: 50, alpha: 0.1 }),
    );
    let left = 0;
    for (let r = 0; r < 1000; r++) {
      let sum = 0;
      const hasLeft = bounds.some((bound) => {
        sum += random.normal();
        return Math.abs(sum) > bound;
      });
      if (hasLeft) left++;
    }
    assert.ok(left / 1000 < 0.128 && left > 0, `${left}`);
  });

  it("edges and impossible arguments", () => {
    assert.equal(stats.bernoulliConfidenceSequence({ successes: 0, n: 0 }, { optimalN: 10 }).reason, "no-data");
    assert.equal(stats.bernoulliConfidenceSequence({ successes: 0, n: 20 }, { optimalN: 10 }).low, 0);
    assert.throws(() => stats.normalMixtureBound({ ...options, variance: -1 }), RangeError);
    assert.throws(() => stats.gammaExponentialBound({ ...options, scale: 0 }), RangeError);
    assert.throws(() => stats.bernoulliConfidenceSequence({ successes: 2, n: 1 }, { optimalN: 10 }), RangeError);
  });
});
