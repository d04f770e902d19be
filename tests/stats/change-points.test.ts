import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { energySplit } from "../../harness/stats/e-divisive.ts";
import { type NoiseModel, STATIONARY_NOISE, withStep } from "../fixtures/noise-models.ts";
import { stats } from "./namespace.ts";

const steps = (...levels: [value: number, count: number][]) =>
  levels.flatMap(([value, count]) => new Array<number>(count).fill(value));
const THREE_LEVELS = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150];

test("E-divisive finds the published changes, and the statistic to the digit", () => {
  assert.deepEqual(
    stats.eDivisive(THREE_LEVELS).map((change) => change.index),
    [5, 8],
  );
  const whole = energySplit(Float64Array.from(THREE_LEVELS), 2);
  assert.equal(whole?.index, 5);
  assert.ok(Math.abs((whole?.q ?? 0) - 761.282142857) < 5e-10);
  assert.deepEqual(
    stats.eDivisive(steps([0, 1000], [1, 1000]), { permutations: 19 }).map((change) => change.index),
    [1000],
  );
});

test("the energy statistic equals its definition over all splits and right ends", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 14 }), (values) => {
      const best = energySplit(Float64Array.from(values), 2);
      let q = -Infinity;
      for (let right = 4; right <= values.length; right++)
        for (let split = 2; split <= right - 2; split++) q = Math.max(q, energyByDefinition(values, split, right));
      assert.ok(Math.abs((best?.q ?? NaN) - q) < 1e-9, `${best?.q} instead of ${q}`);
    }),
    { numRuns: 100, seed: 1 },
  );
});

function energyByDefinition(values: readonly number[], split: number, right: number): number {
  const [x, y] = [values.slice(0, split), values.slice(split, right)];
  const mean = (list: number[]) => (list.length === 0 ? 0 : list.reduce((a, b) => a + b, 0) / list.length);
  const pairs = (list: readonly number[]) => list.flatMap((a, i) => list.slice(i + 1).map((b) => Math.abs(a - b)));
  const between = mean(x.flatMap((a) => y.map((b) => Math.abs(a - b))));
  return ((x.length * y.length) / (x.length + y.length)) * (2 * between - mean(pairs(x)) - mean(pairs(y)));
}

test("a permutation p-value is never 0, and too short or constant series have no change", () => {
  for (const { p } of stats.eDivisive(THREE_LEVELS, { permutations: 99 })) assert.ok(p >= 0.01);
  assert.deepEqual(stats.eDivisive([1, 2, 3]), []);
  assert.deepEqual(stats.eDivisive(steps([5, 30])), []);
  assert.throws(() => stats.eDivisive([1, Number.NaN, 2, 3]), RangeError);
});

test("Potts gives the published segments", () => {
  const values = [1, 1, 1, 2, 2, 2, 3, 3, 3];
  assert.deepEqual(stats.potts(values, { gamma: 0.1 }), [3, 6, 9]);
  assert.deepEqual(stats.potts(values, { gamma: 8 }), [9]);
  assert.deepEqual(stats.potts([], { gamma: 1 }), []);
  assert.throws(() => stats.potts(values, { gamma: -1 }), RangeError);
});

test("Potts is the minimum over all segmentations", () => {
  const cost = (part: readonly number[]) => {
    const median = [...part].sort((a, b) => a - b)[part.length >> 1] as number;
    return part.reduce((sum, value) => sum + Math.abs(value - median), 0);
  };
  const total = (values: readonly number[], ends: readonly number[], gamma: number) =>
    ends.reduce((sum, end, i) => sum + cost(values.slice(ends[i - 1] ?? 0, end)), gamma * (ends.length - 1));
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 0, max: 10 }),
      (values, gamma) => {
        let least = Infinity;
        for (let mask = 0; mask < 2 ** (values.length - 1); mask++) {
          const ends = values.map((_, i) => i + 1).filter((end) => end === values.length || (mask >> (end - 1)) & 1);
          least = Math.min(least, total(values, ends, gamma));
        }
        assert.equal(total(values, stats.potts(values, { gamma }), gamma), least);
      },
    ),
    { numRuns: 150, seed: 2 },
  );
});

test("clear changes are placed exactly, with the levels around them", () => {
  const random = stats.rng("levels");
  const data = steps([10, 40], [12, 30], [9, 50]).map((level) => level + 0.1 * random.normal());
  const { changes } = stats.changePoints(data);
  assert.deepEqual(
    changes.map((change) => change.index),
    [40, 70],
  );
  for (const [i, level] of [10, 12].entries()) assert.ok(Math.abs((changes[i]?.before ?? 0) - level) < 0.1);
});

test("many changes in a long series are each found once, in order", () => {
  const random = stats.rng("comb");
  const data = Float64Array.from({ length: 4000 }, (_, i) => ((i / 100) & 1) * 0.1 + 0.02 * random.normal());
  const indices = stats.changePoints(data).changes.map((change) => change.index);
  assert.equal(indices.length, 39);
  for (const [i, index] of indices.entries()) assert.ok(Math.abs(index - 100 * (i + 1)) <= 1, `${index}`);
});

test("the result does not depend on unit, offset or a monotone scale, and mirrors with the data", () => {
  const random = stats.rng("monotone");
  const data = withStep((STATIONARY_NOISE["iid"] as NoiseModel)(100, random), 30, 0.03);
  const indices = (values: ArrayLike<number>) => stats.changePoints(values).changes.map((change) => change.index);
  const expected = indices(data);
  assert.equal(expected.length, 1);
  assert.deepEqual(indices(data.map((x) => 1000 * x - 3)), expected);
  assert.deepEqual(indices(data.map((x) => Math.exp(5 * x))), expected);
  assert.deepEqual(indices(data.map((x) => -x)), expected);
});

test("series that cannot be judged have no change and say why", () => {
  assert.equal(stats.changePoints([1, 2, 3]).reason, "too-few");
  assert.equal(stats.changePoints(steps([1, 50])).reason, "no-variation");
  assert.equal(stats.changePoints([...steps([1, 30]), Number.NaN]).reason, "not-finite");
  for (const n of [20, 21, 37])
    assert.equal(stats.changePoints(Array.from({ length: n }, (_, i) => i % 2)).reason, undefined);
});

test("the committed rates meet their targets", () => {
  const rates = JSON.parse(
    readFileSync(new URL("../../../tests/fixtures/stats/change-rates.json", import.meta.url), "utf8"),
  );
  assert.deepEqual(Object.keys(rates.false_series), Object.keys(STATIONARY_NOISE));
  for (const [name, { high99 }] of Object.entries<{ high99: number }>(rates.false_series))
    assert.ok(high99 <= 0.05, `${name}: ${high99}`);
  assert.ok(rates.power["2 % after 30 points"].low99 >= 0.8);
  assert.ok(rates.power["5 % after 8 points"].low99 >= 0.8);
});

test("a small sample agrees with the committed rates", () => {
  const runs = 300;
  for (const name of ["iid", "ar1-0.5", "ar1-0.9", "cauchy"]) {
    const random = stats.rng(`sample/${name}`);
    let hits = 0;
    for (let run = 0; run < runs; run++)
      if (stats.changePoints((STATIONARY_NOISE[name] as NoiseModel)(100, random)).changes.length > 0) hits++;
    // Of a rate of 5 %, 30 of 300 or more have a chance of 3 in 10,000.
    assert.ok(hits < 30, `${name}: ${hits} of ${runs} series without change show one`);
  }
});

test("the online detector is quiet before a change, quick after it, and says since when", () => {
  const random = stats.rng("online");
  const detector = new stats.OnlineDetector({ mean: 10, sd: 0.2, phi: 0 }, { runLength: 10_000 });
  for (let i = 0; i < 500; i++)
    assert.equal(detector.add(10 + 0.2 * random.normal()), undefined, `false alarm at ${i}`);
  let alarm: ReturnType<typeof detector.add>;
  while (alarm === undefined) alarm = detector.add(10.5 + 0.2 * random.normal());
  assert.equal(alarm.direction, "up");
  assert.ok(alarm.at < 515, `noticed at ${alarm.at}`);
  assert.ok(Math.abs(alarm.since - 500) <= 5, `since ${alarm.since}`);
});

test("one spike of any size raises no alarm, and a point that is not finite says nothing", () => {
  const detector = new stats.OnlineDetector({ mean: 0, sd: 1, phi: 0 });
  for (const value of [0, 1e300, 0, Number.NaN, Infinity, -1e300, 0]) assert.equal(detector.add(value), undefined);
  assert.equal(detector.count, 7);
});

test("the online detector alarms downward as it does upward", () => {
  const run = (sign: number) => {
    const detector = new stats.OnlineDetector({ mean: 0, sd: 1, phi: 0.5 });
    for (let i = 0; i < 100; i++) {
      const alarm = detector.add(3 * sign);
      if (alarm !== undefined) return alarm;
    }
    return undefined;
  };
  assert.equal(run(1)?.direction, "up");
  assert.deepEqual(run(-1), { ...run(1), direction: "down" });
});

test("creep below every single threshold is drift against the pinned value", () => {
  const random = stats.rng("creep");
  const runs = Array.from({ length: 25 }, (_, i) => 0.004 * i + 0.003 * random.normal());
  const verdictAt = (n: number) => stats.cumulativeDrift(runs.slice(0, n), { reference: 0, margin: 0.05 }).verdict;
  assert.equal(verdictAt(10), "within");
  assert.equal(verdictAt(25), "beyond");
  assert.equal(stats.cumulativeDrift(runs.slice(0, 3), { reference: 0, margin: 0.05 }).verdict, "undecided");
  assert.equal(stats.cumulativeDrift([], { reference: 0, margin: 0.05 }).verdict, "undecided");
});

test("the ratchet holds the lowest level that lasted, not the lowest point", () => {
  const random = stats.rng("ratchet");
  const noise = (level: number, count: number) => Array.from({ length: count }, () => level + 0.01 * random.normal());
  const lucky = [...noise(10, 10), 5, ...noise(10, 12)];
  const held = stats.ratchet(lucky, { margin: 0.2 });
  assert.ok(Math.abs((held.level ?? 0) - 10) < 0.05);
  assert.equal(held.verdict, "within");
  const given = stats.ratchet([...noise(10, 10), ...noise(9, 10), ...noise(10, 10)], { margin: 0.2 });
  assert.ok(Math.abs((given.level ?? 0) - 9) < 0.05);
  assert.ok((given.at ?? 0) >= 9 && (given.at ?? 0) <= 15);
  assert.equal(given.verdict, "beyond");
  assert.equal(stats.ratchet(noise(10, 11), { margin: 0.2 }).level, undefined);
});
