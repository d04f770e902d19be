import assert from "node:assert/strict";
import { test } from "node:test";
import type { ThermalSample } from "../../harness/explore/thermal-bins.ts";
import { analyzeThermalTrace } from "../../harness/explore/thermal-trace.ts";
import { rng } from "../../harness/stats/index.ts";

type Course = (atS: number) => Omit<ThermalSample, "atS">;

/** Samples twice a second with relative noise on the rate. */
function trace(course: Course, { noise = 0.01, seconds = 600, seed = 1 } = {}): ThermalSample[] {
  const random = rng(seed);
  return Array.from({ length: seconds * 2 }, (_, i) => {
    const atS = i / 2;
    const { rate, ...rest } = course(atS);
    return { atS, rate: rate * (1 + noise * random.normal()), ...rest };
  });
}

/** Exponential approach, as a heat sink warms. */
const warming = (atS: number, from: number, to: number, tauS = 120): number => to - (to - from) * Math.exp(-atS / tauS);

const steady: Course = (atS) => ({ rate: 100, temperatureC: warming(atS, 40, 70), clockHz: 1.9e9, throttled: false });
const soak: Course = (atS) => ({ rate: 100 - 0.03 * atS, temperatureC: 40 + 0.06 * atS, throttled: false });
const throttling: Course = (atS) =>
  atS < 200
    ? { rate: 100, temperatureC: warming(atS, 40, 95), clockHz: 1.9e9, throttled: false }
    : { rate: 55, temperatureC: 92, clockHz: 1.0e9, throttled: true };
const recovering: Course = (atS) =>
  atS > 250 && atS < 350
    ? { rate: 60, temperatureC: 93, clockHz: 1.1e9, throttled: true }
    : { rate: 100, temperatureC: 75, clockHz: 1.9e9, throttled: false };

test("steady, soak, throttle, and throttle with recovery are told apart, whatever the noise's seed", () => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const noise of [0.001, 0.01, 0.03]) {
      const verdict = (course: Course) => analyzeThermalTrace(trace(course, { seed, noise })).verdict;
      assert.equal(verdict(steady), "stable", `steady, ${noise}, ${seed}`);
      assert.equal(verdict(soak), "heat-soak", `soak, ${noise}, ${seed}`);
      assert.equal(verdict(throttling), "throttled", `throttling, ${noise}, ${seed}`);
      assert.equal(verdict(recovering), "recovered", `recovering, ${noise}, ${seed}`);
    }
  }
});

test("jitter of .1 % is stable, and so is a trend of .1 % that is certain", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const jitter = trace(() => ({ rate: 100, temperatureC: 60 }), { noise: 0.001, seed });
    assert.equal(analyzeThermalTrace(jitter).verdict, "stable");
  }
  const trend = analyzeThermalTrace(
    trace((atS) => ({ rate: 100 * (1 - 1e-6 * atS), temperatureC: 60 }), { noise: 1e-5 }),
  );
  assert.ok(trend.rateSlope.high < 0);
  assert.equal(trend.verdict, "stable");
});

test("a 2.4x slowdown at temperature is not stable, with and without a word from the sensors", () => {
  const slow = (extra: (hot: boolean) => object): Course => {
    return (atS) => ({ rate: atS < 90 ? 100 : 100 / 2.4, ...extra(atS >= 90) });
  };
  const told = analyzeThermalTrace(trace(slow((hot) => ({ temperatureC: hot ? 95 : 50, throttled: hot }))));
  assert.equal(told.verdict, "throttled");
  assert.ok(told.loss?.value !== undefined && Math.abs(told.loss.value - (1 - 1 / 2.4)) < 0.01);
  assert.equal(analyzeThermalTrace(trace(slow((hot) => ({ temperatureC: hot ? 95 : 50 })))).verdict, "heat-soak");
  const silent = analyzeThermalTrace(trace(slow(() => ({}))));
  assert.equal(silent.verdict, "slowed");
  assert.ok(silent.reasons.includes("TEMPERATURE_MISSING"));
  // A flat course at temperature, from the first second on.
  const flat = trace(() => ({ rate: 100 / 2.4, temperatureC: 95 }));
  assert.notEqual(analyzeThermalTrace(flat, { referenceRate: 100 }).verdict, "stable");
});

test("a trace that is throttled from the first second is not stable, though it is flat", () => {
  const throttled = trace(() => ({ rate: 40, temperatureC: 95, throttled: true }));
  assert.equal(analyzeThermalTrace(throttled).verdict, "throttled");
});

test("one slow moment is no dip", () => {
  const hiccup = trace((atS) => ({ rate: atS >= 300 && atS < 304 ? 20 : 100, temperatureC: 60 }));
  assert.equal(analyzeThermalTrace(hiccup).verdict, "stable");
});

test("a loss about as large as the limit, and noise that hides it, is not decided", () => {
  const undecided = analyzeThermalTrace(
    trace((atS) => ({ rate: atS < 60 ? 100 : 95.1, temperatureC: 60 }), { noise: 0.25, seconds: 240 }),
  );
  assert.notEqual(undecided.verdict, "stable");
});

test("a short trace, an empty one and one without a rate are inconclusive", () => {
  const short = analyzeThermalTrace(trace(steady, { seconds: 90 }));
  assert.equal(short.verdict, "inconclusive");
  assert.deepEqual(short.reasons.includes("TOO_SHORT"), true);
  assert.deepEqual(analyzeThermalTrace([]).reasons, ["RATE_UNUSABLE"]);
  assert.equal(analyzeThermalTrace(trace(() => ({ rate: 0 }))).verdict, "inconclusive");
  assert.equal(analyzeThermalTrace([{ atS: 0, rate: Number.NaN }]).verdict, "inconclusive");
});

test("the rate goes with the clock and against the throttle bit", () => {
  const { correlation, throttledShare } = analyzeThermalTrace(trace(throttling));
  assert.ok((correlation.clock ?? 0) > 0.5);
  assert.ok((correlation.throttled ?? 0) < -0.5);
  assert.ok(Math.abs((throttledShare ?? 0) - 2 / 3) < 0.01);
});
