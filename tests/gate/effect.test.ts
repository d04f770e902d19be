import assert from "node:assert/strict";
import { test } from "node:test";
import { effectDoc, mapEffect, relativeChange, scoreDrop, speedupOf } from "../../harness/gate/effect.ts";
import { scoresOf } from "../fixtures/comparison-builder.ts";

const close = (x: number | undefined | null, y: number, within = 1e-12) =>
  assert.ok(Math.abs((x as number) - y) < within, `${x} is not ${y}`);

test("a change of -.5 [-.6, -.4] is a speedup of 2 [1.67, 2.5]", () => {
  const speedup = speedupOf({ value: -0.5, low: -0.6, high: -0.4, level: 0.9, n: 9, method: "x" });
  close(speedup.value, 2);
  close(speedup.low, 1 / 0.6);
  close(speedup.high, 2.5);
});

test("bounds that do not exist stay infinite through every transform, and are null with a reason on disk", () => {
  const change = relativeChange(Float64Array.of(-0.7, -0.69), 0.9);
  assert.deepEqual([change.low, change.high], [-Infinity, Infinity]);
  const speedup = speedupOf(change);
  assert.deepEqual([speedup.low, speedup.high], [-Infinity, Infinity]);
  const doc = effectDoc(mapEffect(change, (x) => x + 1));
  assert.deepEqual([doc.low, doc.high, doc.reason], [null, null, "too-few"]);
});

test("nothing measured is null with a reason, never 0", () => {
  const doc = effectDoc(relativeChange(new Float64Array(0), 0.9));
  assert.deepEqual([doc.value, doc.low, doc.high, doc.n, doc.reason], [null, null, null, 0, "no-data"]);
});

test("the drop of runs that agree is Tango's", () => {
  // statistics.md section 2: 4,9,3,16 at .95 -> .1875 [-.0270905, .3896975].
  const drop = scoreDrop(scoresOf({ a: 4, b: 9, c: 3, d: 16 }), 0.95);
  close(drop.value, 0.1875);
  close(drop.high, 0.3896975, 5e-8);
  assert.ok(drop.low <= -0.0270905 + 5e-8);
});

test("the drop of runs that disagree is the mean, t below and the strict table above", () => {
  const differences = Float64Array.of(-8, 2, 3, 4, 5, 6).map((x) => x / 10);
  const strict = { a: 0, b: 5, c: 1, d: 0 };
  const drop = scoreDrop({ n: 6, total: 1, table: undefined, differences, strict }, 0.95);
  // statistics.md section 3: {-8,2,3,4,5,6} -> 2 [-3.351092806, 7.351092806].
  close(drop.value, 0.2);
  close(drop.low, -0.3351092806, 1e-10);
  close(drop.high, scoreDrop(scoresOf(strict), 0.95).high);
});
