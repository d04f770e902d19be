import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PlannedCell } from "../../harness/domain/generated/plan-v1.ts";
import { planRandom } from "../../harness/plan/plan-random.ts";
import { schedule } from "../../harness/plan/schedule.ts";

const cell = (tag: string, baseline = "m/fp32"): PlannedCell => ({
  cell_id: `m/${tag}`,
  variant_id: `m/${tag}`,
  baseline_cell_id: baseline,
  threads: 1,
  batch_size: 1,
  slug: `m__${tag}`,
});
const cellsOf = (n: number) => ["fp32", ...Array.from({ length: n - 1 }, (_, i) => `q${i}`)].map((tag) => cell(tag));
const plan = (seed: number, cells: PlannedCell[], blocks: number, evaluateRuns = 1, canaryRuns = 2) =>
  schedule({ cells, blocks, evaluateRuns, canaryRuns, random: planRandom(seed) });

test("each block holds every cell once, the baseline too, and the first blocks evaluate everything", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 32 - 1),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (seed, n, blocks, evaluateRuns) => {
        const cells = cellsOf(n);
        const trials = plan(seed, cells, blocks, evaluateRuns);
        const wanted = cells.map(({ cell_id }) => cell_id).sort();
        for (let block = 0; block < blocks; block++) {
          const inBlock = trials.filter((trial) => trial.kind === "trial" && trial.block === block);
          assert.deepEqual(inBlock.map(({ cell_id }) => cell_id).sort(), wanted);
          for (const { evaluates } of inBlock) assert.equal(evaluates, block < evaluateRuns ? "all" : "subset");
        }
        assert.equal(trials.length, blocks * n + 2);
        assert.deepEqual(
          trials.map(({ seq }) => seq),
          Array.from(trials.keys()),
        );
        assert.equal(new Set(trials.map(({ trial_id }) => trial_id)).size, trials.length);
        // Blocks follow one another: a later block never begins before an earlier one ends.
        const order = trials.map(({ block }) => block);
        assert.deepEqual(
          order,
          [...order].sort((x, y) => x - y),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("canaries come first and run each baseline in turn", () => {
  const cells = [cell("fp32"), cell("q8"), cell("big", "m/big")];
  const canaries = plan(1, cells, 2, 1, 3).slice(0, 6);
  assert.deepEqual(
    canaries.map(({ kind, cell_id }) => [kind, cell_id]),
    [0, 1, 2].flatMap(() => [
      ["canary", "m/fp32"],
      ["canary", "m/big"],
    ]),
  );
});

test("the order in a block is uniform over all permutations", () => {
  const blocks = 6000;
  const counts = new Map<string, number>();
  const trials = plan(2026, cellsOf(3), blocks, 1, 0);
  for (let block = 0; block < blocks; block++) {
    const order = trials
      .slice(block * 3, block * 3 + 3)
      .map(({ cell_id }) => cell_id)
      .join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  const expected = blocks / 6;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // P(chi-square with 5 degrees of freedom > 20.5) = .001; the seed is fixed, so this does not flicker.
  assert.ok(chiSquare < 20.5, `chi-square ${chiSquare}`);
});

test("a trial's seed stays as it is when a cell is added", () => {
  const before = new Map(plan(9, cellsOf(3), 5).map(({ trial_id, seed }) => [trial_id, seed]));
  const after = new Map(plan(9, cellsOf(4), 5).map(({ trial_id, seed }) => [trial_id, seed]));
  for (const [id, seed] of before) assert.equal(after.get(id), seed);
  assert.equal(new Set(after.values()).size, after.size);
});

test("another seed gives other orders and other trial seeds, the same seed the same", () => {
  assert.deepEqual(plan(3, cellsOf(5), 8), plan(3, cellsOf(5), 8));
  const [x, y] = [plan(3, cellsOf(5), 8), plan(4, cellsOf(5), 8)];
  assert.notDeepEqual(
    x.map(({ cell_id }) => cell_id),
    y.map(({ cell_id }) => cell_id),
  );
  assert.notDeepEqual(
    x.map(({ seed }) => seed),
    y.map(({ seed }) => seed),
  );
});
