import assert from "node:assert/strict";
import { test } from "node:test";
import { assessNoise } from "../../harness/gate/session-noise.ts";

const steady = Array.from({ length: 12 }, (_, i) => 1 + 0.002 * Math.sin(i * 2.4));
const alternating = (share: number) => steady.map((value, i) => (i % 2 === 0 ? value : value * (1 + share)));

test("a steady baseline is not noisy, and its CV is that of its block medians", () => {
  const { isNoisy, latencyCv, splitHalf } = assessNoise([steady], 0.05, 0.05);
  assert.equal(isNoisy, false);
  assert.ok((latencyCv?.value as number) < 0.002);
  assert.deepEqual([latencyCv?.n, splitHalf?.n], [12, 6]);
});

test("a baseline that differs from itself beyond the margin is noisy, slower or faster", () => {
  for (const share of [0.2, -0.2]) {
    const { isNoisy, splitHalf } = assessNoise([alternating(share)], 0.05, 0.05);
    assert.equal(isNoisy, true);
    assert.ok(Math.abs((splitHalf?.value as number) - share) < 0.01);
  }
});

test("a difference within the margin is not noise, and the margin decides", () => {
  assert.equal(assessNoise([alternating(0.03)], 0.05, 0.05).isNoisy, false);
  assert.equal(assessNoise([alternating(0.03)], 0.01, 0.05).isNoisy, true);
});

test("one noisy baseline among steady ones makes the session noisy, in whatever order", () => {
  for (const order of [
    [steady, alternating(0.3)],
    [alternating(0.3), steady],
  ]) {
    const { isNoisy, splitHalf } = assessNoise(order, 0.05, 0.05);
    assert.equal(isNoisy, true);
    assert.ok((splitHalf?.value as number) > 0.2);
  }
});

test("pairs with a missing block are left out, and neighbors stay neighbors", () => {
  const holes: (number | undefined)[] = [...alternating(0.2)];
  holes[3] = undefined;
  const { isNoisy, splitHalf } = assessNoise([holes], 0.05, 0.05);
  assert.deepEqual([isNoisy, splitHalf?.n], [true, 5]);
});

test("too few blocks say nothing", () => {
  assert.deepEqual(assessNoise([], 0.05, 0.05), { latencyCv: null, splitHalf: null, isNoisy: false });
  assert.deepEqual(assessNoise([[1], [undefined, undefined]], 0.05, 0.05), {
    latencyCv: null,
    splitHalf: null,
    isNoisy: false,
  });
});
