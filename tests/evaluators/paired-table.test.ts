import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pairedTable } from "../../harness/evaluators/paired-table.ts";

test("a both, b only the first, c only the second, d neither; overall and by class", () => {
  const outcome = pairedTable(Uint8Array.from([1, 1, 0, 0, 1, 1]), Uint8Array.from([1, 0, 1, 0, 0, 1]), {
    labels: Int32Array.from([0, 0, 2, 2, 2, 0]),
    classes: 3,
  });
  assert.deepEqual(outcome, {
    reason: undefined,
    n: 6,
    overall: { a: 2, b: 2, c: 1, d: 1 },
    perClass: [
      { label: 0, n: 3, a: 2, b: 1, c: 0, d: 0 },
      { label: 1, n: 0, a: 0, b: 0, c: 0, d: 0 },
      { label: 2, n: 3, a: 0, b: 1, c: 1, d: 1 },
    ],
  });
});

test("without labels there is the overall table alone", () => {
  assert.deepEqual(pairedTable([true, false].map(Number), [1, 1]), {
    reason: undefined,
    n: 2,
    overall: { a: 1, b: 0, c: 1, d: 0 },
    perClass: [],
  });
});

test("no items give a result with a reason; what is not paired a RangeError", () => {
  const empty = { n: 0, reason: "there are no items to pair", overall: { a: 0, b: 0, c: 0, d: 0 }, perClass: [] };
  assert.deepEqual(pairedTable([], []), empty);
  assert.throws(() => pairedTable([1], [1, 0]), RangeError);
  assert.throws(() => pairedTable([1], [1], { labels: new Int32Array(2), classes: 1 }), RangeError);
  assert.throws(() => pairedTable([1], [1], { labels: Int32Array.of(1), classes: 1 }), RangeError);
});

test("classes add up to the whole, and swapping the two swaps b and c", () => {
  const item = fc.tuple(fc.nat(1), fc.nat(1), fc.nat(2));
  fc.assert(
    fc.property(fc.array(item, { minLength: 1 }), (items) => {
      const by = { labels: Int32Array.from(items, (i) => i[2]), classes: 3 };
      const [first, second] = [items.map((i) => i[0]), items.map((i) => i[1])];
      const [forth, back] = [pairedTable(first, second, by), pairedTable(second, first, by)];
      for (const key of ["a", "b", "c", "d"] as const) {
        assert.equal(
          forth.perClass.reduce((sum, table) => sum + table[key], 0),
          forth.overall[key],
        );
      }
      const { a, b, c, d } = forth.overall;
      assert.deepEqual(back.overall, { a, b: c, c: b, d });
      assert.equal(a + b + c + d, items.length);
    }),
  );
});
