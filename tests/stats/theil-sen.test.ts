import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rng, theilSen } from "../../harness/stats/index.ts";

type Case = { x: number[]; y: number[]; level: number; slope: number; low: number; high: number };
const fixture = new URL("../../../tests/fixtures/stats/theil-sen.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, "utf8")) as { cases: Case[] };

test("the slope is SciPy's, and the limits are its or one slope further out", () => {
  for (const { x, y, level, slope, low, high } of cases) {
    const ours = theilSen(x, y, { level });
    assert.ok(ours.value !== undefined && Math.abs(ours.value - slope) < 1e-12, `${ours.value} for ${slope}`);
    const slopes = x
      .flatMap((a, i) => x.slice(i + 1).map((b, k) => ((y[i + 1 + k] as number) - (y[i] as number)) / (b - a)))
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const rank = (value: number) => slopes.findIndex((one) => Math.abs(one - value) < 1e-12);
    if (!Number.isFinite(ours.low)) assert.ok(x.length <= 5);
    else {
      assert.ok(ours.low <= low + 1e-12 && ours.high >= high - 1e-12);
      assert.ok(rank(low) - rank(ours.low) <= 2, `${rank(low)} and ${rank(ours.low)} of ${slopes.length}`);
    }
  }
});

test("a line is found though a quarter of its points are wild", () => {
  const x = Array.from({ length: 40 }, (_, i) => i);
  const y = x.map((at) => (at % 4 === 0 ? 1e6 : 2 * at + 1));
  const { value } = theilSen(x, y);
  assert.ok(value !== undefined && Math.abs(value - 2) < 1e-9);
});

test("the interval holds the true slope as often as its level says", () => {
  const random = rng(71);
  const cauchy = (): number => Math.tan(Math.PI * (random.uniform() - 0.5));
  let hits = 0;
  const runs = 1000;
  for (let run = 0; run < runs; run++) {
    const x = Array.from({ length: 15 }, (_, i) => i);
    const { low, high } = theilSen(
      x,
      x.map((at) => 0.5 * at + cauchy()),
      { level: 0.9 },
    );
    if (low <= 0.5 && high >= 0.5) hits++;
  }
  // Exact and conservative: .90 or a little more, and 4 standard errors of room below.
  assert.ok(hits / runs > 0.9 - 0.038 && hits / runs < 0.96, `${hits} of ${runs}`);
});

test("too few points for the level have no limits, and a reason", () => {
  assert.deepEqual(
    [theilSen([1, 2, 3, 4], [1, 2, 3, 4]).reason, theilSen([1, 2, 3, 4], [1, 2, 3, 4]).low],
    ["too-few", -Infinity],
  );
  assert.ok(Number.isFinite(theilSen([1, 2, 3, 4, 5], [1, 3, 2, 5, 4]).low));
  assert.equal(theilSen([], []).reason, "no-data");
  assert.equal(theilSen([1], [1]).reason, "too-few");
  assert.equal(theilSen([3, 3], [1, 2]).reason, "no-variation");
  assert.equal(theilSen([1, 2], [1, Number.NaN]).reason, "not-finite");
  assert.throws(() => theilSen([1], [1, 2]), RangeError);
  assert.throws(() => theilSen([1, 2], [1, 2], { level: 1 }), RangeError);
});
