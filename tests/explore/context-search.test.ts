import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CONTEXT_STEP, nextContext, type TriedContext } from "../../harness/explore/context-search.ts";

const search = { min: 1024, max: 32768, resolution: 0.1 };

/** Runs a search against a model that works up to a length. */
function searched(limit: number, options = search): TriedContext[] {
  const tried: TriedContext[] = [];
  for (let next = nextContext(tried, options); next !== undefined; next = nextContext(tried, options)) {
    tried.push({ context: next, passed: next <= limit });
    assert.ok(tried.length < 40, "it ends");
  }
  return tried;
}

test("lengths double until one fails, then halve the gap", () => {
  const lengths = searched(5000).map(({ context }) => context);
  assert.deepEqual(lengths.slice(0, 4), [1024, 2048, 4096, 8192]);
  const best = Math.max(...lengths.filter((one) => one <= 5000));
  const worst = Math.min(...lengths.filter((one) => one > 5000));
  assert.ok(worst - best <= Math.max(CONTEXT_STEP, best * search.resolution), `${best}, ${worst}`);
});

test("the search ends at the largest length where all pass, and at the first where none does", () => {
  assert.deepEqual(searched(1e9).at(-1), { context: 32768, passed: true });
  assert.deepEqual(searched(0), [{ context: 1024, passed: false }]);
});

test("nothing above a failure is tried, whatever passed there", () => {
  const tried = [
    { context: 1024, passed: true },
    { context: 4096, passed: false },
    { context: 8192, passed: true },
  ];
  const next = nextContext(tried, search) as number;
  assert.ok(next > 1024 && next < 4096);
});

test("for every limit the answer is within the resolution, and never above the limit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1024, max: 32768 }), (limit) => {
      const tried = searched(limit);
      const best = Math.max(...tried.filter(({ passed }) => passed).map(({ context }) => context));
      assert.ok(best <= limit);
      assert.ok(limit - best <= Math.max(CONTEXT_STEP, best * search.resolution) || best === search.max);
    }),
  );
});

test("an impossible search is a RangeError", () => {
  assert.throws(() => nextContext([], { min: 10, max: 5, resolution: 0.1 }), RangeError);
  assert.throws(() => nextContext([], { ...search, resolution: 0 }), RangeError);
});
