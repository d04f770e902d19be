import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planRandom } from "../../harness/plan/plan-random.ts";
import { stratifiedOrder } from "../../harness/plan/stratified-order.ts";

test("items are chosen once each, in equal shares of every class as long as it lasts", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 70 }),
      fc.nat(1000),
      (list, count, seed) => {
        const labels = Int32Array.from(list);
        const order = stratifiedOrder(labels, count, planRandom(seed));
        assert.equal(order.length, Math.min(count, labels.length));
        assert.equal(new Set(order).size, order.length);
        const left = new Map<number, number>();
        const taken = new Map<number, number>();
        for (const label of labels) left.set(label, (left.get(label) ?? 0) + 1);
        for (const item of order) taken.set(labels[item]!, (taken.get(labels[item]!) ?? 0) + 1);
        const most = Math.max(...taken.values());
        // A class has at least one less than the largest share, unless all of its items are in.
        for (const [label, size] of left) assert.ok((taken.get(label) ?? 0) >= Math.min(size, most - 1));
      },
    ),
    { numRuns: 200 },
  );
});

test("the first items of a longer order are the shorter order, and a seed repeats it", () => {
  const labels = Int32Array.from({ length: 50 }, (_, i) => i % 7);
  const long = stratifiedOrder(labels, 40, planRandom(3));
  assert.deepEqual(stratifiedOrder(labels, 12, planRandom(3)), long.slice(0, 12));
  assert.notDeepEqual(stratifiedOrder(labels, 40, planRandom(4)), long);
});

test("no items give no order", () => {
  assert.deepEqual(stratifiedOrder(new Int32Array(0), 5, planRandom(1)), []);
});
