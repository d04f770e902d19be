import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksNeeded, itemsNeeded } from "../../harness/gate/needed.ts";
import * as stats from "../../harness/stats/index.ts";
import { ratiosAround } from "../fixtures/comparison-builder.ts";

type Table = { a: number; b: number; c: number; d: number };

function items(table: Table, margin: number, alpha = 0.05, secondsPerItem: number | undefined = 0.001) {
  return itemsNeeded({
    effect: stats.tangoInterval(table, { level: 1 - 2 * alpha }),
    table,
    margin,
    alpha,
    secondsPerItem,
  });
}

test("items are near the planning numbers, 1,237 at 2 % discordance, 2,474 at 4 %, margin 1 %", () => {
  for (const [table, planned] of [
    [{ a: 98, b: 1, c: 1, d: 0 }, 1237],
    [{ a: 96, b: 2, c: 2, d: 0 }, 2474],
  ] as const) {
    const total = (items(table, 0.01)?.quantity as number) + 100;
    assert.ok(total >= planned && total < 1.15 * planned, `${total} beside ${planned}`);
  }
});

test("that many items settle the gate in 80 % of the runs", () => {
  const random = stats.rng("items needed");
  const [b, c, n, margin] = [10, 10, 500, 0.01];
  const table = { a: n - b - c, b, c, d: 0 };
  const total = n + (items(table, margin)?.quantity as number);
  const runs = 1000;
  let settled = 0;
  for (let run = 0; run < runs; run++) {
    const drawn = { a: 0, b: 0, c: 0, d: 0 };
    for (let item = 0; item < total; item++) {
      const u = random.uniform() * n;
      drawn[u < b ? "b" : u < b + c ? "c" : "a"]++;
    }
    if (stats.tangoInterval(drawn, { level: 0.9 }).high < margin) settled++;
  }
  // Standard error 1.3 %.
  assert.ok(settled / runs > 0.76 && settled / runs < 0.85, `${settled / runs}`);
});

test("that many blocks settle the gate in 80 % of the runs", () => {
  const random = stats.rng("blocks needed");
  for (const [sd, change] of [
    [0.06, 0],
    [0.1, 0],
    [0.1, 0.15],
  ] as const) {
    const shape = Float64Array.of(-1.2, -0.8, -0.4, -0.1, 0.1, 0.4, 0.8, 1.2);
    const unit = stats.standardDeviation(shape);
    const seen = shape.map((x) => change + (sd * x) / unit);
    const border = Math.log1p(0.05);
    const total = 8 + (blocks(seen, 0.05)?.quantity as number);
    const runs = 1000;
    let settled = 0;
    for (let run = 0; run < runs; run++) {
      const drawn = Float64Array.from({ length: total }, () => change + sd * random.normal());
      const { low, high } = stats.hodgesLehmann(drawn, { level: 0.9 });
      if (change < border ? high < border : low > border) settled++;
    }
    assert.ok(
      settled / runs > 0.76 && settled / runs < 0.88,
      `sd ${sd}, change ${change}: ${settled / runs} at ${total}`,
    );
  }
});

test("items come with their seconds, and without where the speed is unknown", () => {
  const table = { a: 98, b: 1, c: 1, d: 0 };
  const need = items(table, 0.01);
  assert.equal(need?.seconds, (need?.quantity as number) * 0.001);
  const effect = stats.tangoInterval(table, { level: 0.9 });
  assert.equal(itemsNeeded({ effect, table, margin: 0.01, alpha: 0.05, secondsPerItem: undefined })?.seconds, null);
});

test("where no item differs, as many are needed as bring Tango's limit below the margin", () => {
  const n = 20;
  const more = items({ a: n, b: 0, c: 0, d: 0 }, 0.01)?.quantity as number;
  const high = (total: number) => stats.tangoInterval({ a: total, b: 0, c: 0, d: 0 }, { level: 0.9 }).high;
  assert.ok(high(n + more) <= 0.01 && high(n + more - 1) > 0.01, `${n + more}`);
});

test("a drop on the margin has no number of items that would decide", () => {
  assert.equal(items({ a: 99, b: 1, c: 0, d: 0 }, 0.01), undefined);
});

test("without a table, or a value, no number is made up", () => {
  const effect = stats.tInterval([0.5, 0, 0.25], { level: 0.9 });
  assert.equal(itemsNeeded({ effect, table: undefined, margin: 0.01, alpha: 0.05, secondsPerItem: 1 }), undefined);
  assert.equal(items({ a: 0, b: 0, c: 0, d: 0 }, 0.01), undefined);
});

test("at least one more is asked for where the formula says enough", () => {
  assert.equal(items({ a: 500_000, b: 1, c: 1, d: 0 }, 0.01)?.quantity, 1);
});

function blocks(logRatios: Float64Array, margin: number, alpha = 0.05) {
  return blocksNeeded({ values: logRatios, margin: Math.log1p(margin), alpha, secondsPerBlock: 2 });
}

test("blocks are at least as many as a finite interval takes: 5 at alpha .05, 7 at .01", () => {
  assert.deepEqual(blocks(new Float64Array(0), 0.05), { quantity: 5, unit: "trials", seconds: 10 });
  assert.equal(blocks(ratiosAround(0.5, 1), 0.05)?.quantity, 4);
  assert.equal(blocks(ratiosAround(0.5, 3), 0.05, 0.01)?.quantity, 4);
});

test("blocks grow with the square of the spread over the distance", () => {
  const ratios = (sd: number) => Float64Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? sd : -sd));
  const narrow = (blocks(ratios(0.05), 0.02)?.quantity as number) + 10;
  const wide = (blocks(ratios(0.1), 0.02)?.quantity as number) + 10;
  assert.ok(Math.abs(wide / narrow - 4) < 0.15, `${wide} beside ${narrow}`);
});

test("blocks with NaN, and a change on the margin, have no number", () => {
  assert.equal(blocks(Float64Array.of(0.1, Number.NaN, 0.2), 0.05), undefined);
  assert.equal(
    blocks(
      Float64Array.of(-0.01, 0.01, -0.02, 0.02).map((x) => x + Math.log1p(0.05)),
      0.05,
    ),
    undefined,
  );
});

test("what is needed is a whole number, also where it is far beyond the exact search", () => {
  const seen = Float64Array.of(0.048, 0.031, 0.069, 0.052, 0.042, 0.051);
  const need = blocks(seen, 0.05);
  assert.ok((need?.quantity ?? 0) > 20_000, `${need?.quantity}`);
  assert.ok(Number.isInteger(need?.quantity), `${need?.quantity}`);
});
