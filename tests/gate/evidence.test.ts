import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EarlyStop } from "../../harness/domain/comparison.ts";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { gateEvidence } from "../../harness/gate/early-gate.ts";
import { ALONE, bothSides, confidenceSequence, type Evidence, gatherEvidence } from "../../harness/gate/evidence.ts";
import { cellNeeds, claimFamilies } from "../../harness/gate/stopping.ts";
import { bettingTest } from "../../harness/stats/betting-test.ts";
import { rng } from "../../harness/stats/rng.ts";
import { comparison, gateSpec, latencyOf } from "../fixtures/bare-comparison.ts";

/** Paired items of `classes` classes in turn: lost and gained at random with these chances. */
function early(
  seed: string,
  {
    n,
    lost,
    gained,
    classes = 2,
    claim = "super-population",
    population = n,
  }: {
    n: number;
    lost: number;
    gained: number;
    classes?: number;
    claim?: EarlyStop["claim"];
    population?: number;
  },
): EarlyStop {
  const random = rng(seed);
  const baseline = new Uint8Array(n);
  const candidate = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const u = random.uniform();
    baseline[i] = u < lost || (u >= lost + gained && u < 0.95) ? 1 : 0;
    candidate[i] = u >= lost && u < 0.95 ? 1 : 0;
  }
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  return {
    claim,
    sequence: { baseline, candidate, labels },
    population,
    classSizes: Array.from({ length: classes }, () => population / classes),
    classNames: Array.from({ length: classes }, (_, k) => `c${k}`),
  };
}

const overall = { groupOf: () => 0, groupSizes: [100_000] };

describe("evidence", () => {
  it("of one group is the betting test's, stopped at the same item", () => {
    const { sequence } = early("one", { n: 4000, lost: 0.01, gained: 0.01 });
    const values = Float64Array.from(sequence.baseline, (x, i) => x - (sequence.candidate[i] as number));
    const evidence = gatherEvidence(
      { values, ...overall },
      { margin: 0.01, alpha: 0.05, claim: "super-population", families: ALONE },
    );
    assert.equal(evidence.passAt, bettingTest(values, { margin: 0.01 }).passAt);
    assert.ok((evidence.passAt as number) > 300);
    assert.equal(evidence.failAt, undefined);
    assert.ok(evidence.ePass >= 20);
  });

  it("of several groups is the weakest group's for a pass, and the mean of all for a fail", () => {
    const options = { margin: 0.05, alpha: 0.05, claim: "super-population" as const, families: ALONE };
    const bad = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0 : 1));
    const groups = { values: bad, groupOf: (i: number) => i % 2, groupSizes: [100, 100] };
    const both = gatherEvidence(groups, options);
    const alone = gatherEvidence(
      { values: bad.filter((_, i) => i % 2 === 1), groupOf: () => 0, groupSizes: [100] },
      options,
    );
    assert.equal(both.passAt, undefined);
    assert.equal(both.ePass, 1);
    assert.ok(both.failAt !== undefined && both.failAt >= 2 * (alone.failAt as number));
    assert.equal(gatherEvidence({ ...groups, groupSizes: [100, 100, 0] }, options).failAt, both.failAt);
  });

  it("for a corrected claim is reached later, and never without the uncorrected one", () => {
    const { sequence } = early("family", { n: 4000, lost: 0.01, gained: 0.01 });
    const values = Float64Array.from(sequence.baseline, (x, i) => x - (sequence.candidate[i] as number));
    const { passAt, surePassAt } = gatherEvidence(
      { values, ...overall },
      { margin: 0.01, alpha: 0.05, claim: "super-population", families: { pass: 8, fail: 8 } },
    );
    assert.ok((surePassAt as number) > (passAt as number));
  });

  it("of two sides passes when both do, and fails when one does", () => {
    const part = {
      ePass: 30,
      eFail: 1,
      passAt: 40,
      failAt: undefined,
      surePassAt: 50,
      sureFailAt: undefined,
      used: 90,
    };
    const other = {
      ePass: 1,
      eFail: 60,
      passAt: undefined,
      failAt: 70,
      surePassAt: undefined,
      sureFailAt: 80,
      used: 90,
    };
    assert.deepEqual(bothSides(part, other), {
      ePass: 1,
      eFail: 30,
      passAt: undefined,
      failAt: 70,
      surePassAt: undefined,
      sureFailAt: 80,
      used: 90,
    });
    assert.equal(bothSides(part, part).passAt, 40);
  });

  it("refuses an observation of a group that has none", () => {
    assert.throws(
      () =>
        gatherEvidence(
          { values: [0], groupOf: () => 1, groupSizes: [5, 0] },
          { margin: 0.1, alpha: 0.05, claim: "super-population", families: ALONE },
        ),
      RangeError,
    );
  });

  it("errs at the margin in at most α of the runs, whenever it stops, for either claim and over classes", () => {
    const runs = 400;
    const wrong = { pass: 0, fail: 0, classFail: 0 };
    for (let run = 0; run < runs; run++) {
      // The true drop is the margin: .03 lost, .02 gained.
      const given = early(`margin ${run}`, { n: 1500, lost: 0.03, gained: 0.02 });
      const spec = gateSpec();
      const gate = gateEvidence(spec, comparison({ early: given }), ALONE) as Evidence;
      if (gate.passAt !== undefined) wrong.pass++;
      if (gate.failAt !== undefined) wrong.fail++;
      const classes = gateEvidence(
        gateSpec({ metric: "quality.class_accuracy" }),
        comparison({ early: given }),
        ALONE,
      ) as Evidence;
      if (classes.failAt !== undefined) wrong.classFail++;
    }
    // Standard error 1.1 %.
    for (const [name, count] of Object.entries(wrong))
      assert.ok(count / runs <= 0.05 + 0.033, `${name}: ${count / runs}`);
    assert.ok(wrong.pass + wrong.fail > 0, "with 400 runs at the margin some must err");
  });
});

/** Candidate blocks at about this ratio: no two are quite the same. */
function around(blocks: readonly number[], ratio: number): number[] {
  return blocks.map((x, i) => x * (ratio + 1e-4 * Math.sin(i)));
}

describe("a gate of a run that may stop early", () => {
  it("shows an interval whose limits are where its verdict changes, and p-values that are 1/E", () => {
    const given = early("limits", { n: 3000, lost: 0.02, gained: 0.015 });
    const gate = decideGate(gateSpec({ margin: 0.05 }), comparison({ early: given }));
    assert.equal(gate.verdict, "pass");
    assert.ok(Math.abs((gate.p_pass as number) - 1 / (gate.e_pass as number)) < 1e-15);
    const { low, high } = gate.effect as { low: number; high: number };
    assert.equal(decideGate(gateSpec({ margin: high + 1e-4 }), comparison({ early: given })).verdict, "pass");
    assert.notEqual(decideGate(gateSpec({ margin: high - 1e-4 }), comparison({ early: given })).verdict, "pass");
    const regression = decideGate(gateSpec({ margin: 0.05, policy: "any-regression" }), comparison({ early: given }));
    assert.equal(regression.verdict === "fail", low > 0);
  });

  it("names the claim: what is shown of a finite set is not shown of more like it", () => {
    const options = { n: 400, lost: 0.005, gained: 0.005, population: 500 };
    const set = decideGate(gateSpec(), comparison({ early: early("claim", { ...options, claim: "finite-set" }) }));
    const more = decideGate(gateSpec(), comparison({ early: early("claim", options) }));
    assert.match(set.effect?.method ?? "", /finite set/);
    assert.match(more.effect?.method ?? "", /super-population/);
    assert.ok((set.e_pass as number) > (more.e_pass as number));
  });

  it("knows the answer for certain when the whole finite set has been seen", () => {
    const given = early("whole", { n: 500, lost: 0.02, gained: 0.02, claim: "finite-set" });
    const table = { b: 0, c: 0 };
    for (const [i, right] of given.sequence.baseline.entries()) {
      if (right > (given.sequence.candidate[i] as number)) table.b++;
      if (right < (given.sequence.candidate[i] as number)) table.c++;
    }
    const drop = (table.b - table.c) / 500;
    assert.equal(
      decideGate(gateSpec({ margin: Math.abs(drop) + 0.002 }), comparison({ early: given })).verdict,
      "pass",
    );
  });

  it("a floor, a relative margin, equivalence and times are judged by evidence too", () => {
    const given = early("others", { n: 4000, lost: 0.004, gained: 0.004 });
    const items = (more: object) => decideGate(gateSpec(more), comparison({ early: given }));
    assert.equal(items({ policy: "floor", margin: null, limit: 0.8 }).verdict, "pass");
    assert.equal(items({ policy: "floor", margin: null, limit: 0.99 }).verdict, "fail");
    assert.equal(items({ policy: "ceiling", margin: null, limit: 0.99 }).verdict, "pass");
    assert.equal(items({ margin: 0.02, margin_kind: "relative" }).verdict, "pass");
    assert.equal(items({ margin: 0.02, policy: "equivalence" }).verdict, "pass");
    const blocks = Array.from({ length: 12 }, (_, i) => 1 + i * 1e-3);
    const times = (candidate: number[], more: object = {}) =>
      decideGate(
        gateSpec({ metric: "latency.call", margin: 0.05, margin_kind: "relative", ...more }),
        comparison({ early: given, ...latencyOf(candidate, blocks) }),
      );
    const faster = times(around(blocks, 0.6));
    assert.equal(faster.verdict, "pass");
    assert.equal(faster.settled_at, 6);
    assert.ok((faster.effect?.high as number) < 0.05 && (faster.effect?.low as number) <= -0.39);
    assert.equal(times(around(blocks, 1.3)).verdict, "fail");
    assert.equal(times(around(blocks, 1), { policy: "equivalence" }).verdict, "pass");
    assert.equal(times(around(blocks, 1), { policy: "ceiling", margin: null, limit: 1.1 }).verdict, "pass");
    assert.equal(times(around(blocks, 1), { margin_kind: "absolute", margin: 0.001 }).verdict, "pass");
    assert.equal(times(around(blocks, 1.3), { policy: "any-regression" }).verdict, "fail");
    const latencyS = Float64Array.from({ length: 2000 }, (_, i) => (i % 500 === 0 ? 0.02 : 0.004 + i * 1e-9));
    const quantile = decideGate(
      gateSpec({ metric: "latency.call", policy: "quantile-limit", margin: null, limit: 0.01, quantile: 0.98 }),
      comparison({ early: given, latencyS }),
    );
    assert.equal(quantile.verdict, "pass");
    assert.equal(quantile.effect?.method, "betting over calls");
  });

  it("an exact count is no verdict before every item has been counted", () => {
    const spec = gateSpec({ policy: "exact", margin: 0.5 });
    const part = comparison({ early: early("exact", { n: 100, lost: 0, gained: 0, population: 200 }) });
    assert.equal(decideGate(spec, part).verdict, "inconclusive");
    assert.equal(cellNeeds([spec], part, ALONE).items, true);
  });
});

describe("the stopping rule", () => {
  const gates = [
    gateSpec(),
    gateSpec({ id: "latency", metric: "latency.call", margin: 0.05, margin_kind: "relative" }),
  ];

  it("asks for items and blocks until each is settled, and for nothing once a violation is certain", () => {
    const blocks = Array.from({ length: 10 }, () => 1);
    const open = comparison({ early: early("open", { n: 50, lost: 0, gained: 0 }) });
    assert.deepEqual(cellNeeds(gates, open, ALONE), { items: true, blocks: true });
    const fast = comparison({
      early: early("open", { n: 50, lost: 0, gained: 0 }),
      ...latencyOf(
        blocks.map(() => 0.5),
        blocks,
      ),
    });
    assert.deepEqual(cellNeeds(gates, fast, ALONE), { items: true, blocks: false });
    const broken = comparison({ early: early("broken", { n: 200, lost: 0.5, gained: 0 }) });
    assert.deepEqual(cellNeeds(gates, broken, ALONE), { items: false, blocks: false });
    assert.deepEqual(cellNeeds([], open, ALONE), { items: undefined, blocks: undefined });
  });

  it("a candidate's pass is one of all candidates' claims, a required variant's stands alone", () => {
    const cells = (["baseline", "required", "candidate", "candidate", "candidate"] as const).map((role) => ({ role }));
    assert.deepEqual(claimFamilies(gates, cells, "candidate"), { pass: 3, fail: 2 });
    assert.deepEqual(claimFamilies(gates, cells, "required"), { pass: 1, fail: 4 });
  });
});

describe("a confidence sequence", () => {
  it("is the whole range before anything was seen, and shrinks", () => {
    const options = { alpha: 0.05, claim: "super-population" as const, items: 5000 };
    assert.deepEqual(confidenceSequence([], options), { low: -1, high: 1 });
    const few = confidenceSequence(new Float64Array(50), options);
    const many = confidenceSequence(new Float64Array(2000), options);
    assert.ok(many.high < few.high && many.low > few.low);
    assert.ok(many.high > 0 && many.low < 0);
  });
});
