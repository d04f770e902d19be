import assert from "node:assert/strict";
import { test } from "node:test";
import { type TokenTrace, tokenDeterminism } from "../../harness/aggregate/token-determinism.ts";

const trace = (
  prompt: string,
  state: "cold" | "warm",
  tokenIds: number[] | undefined,
  more: Partial<TokenTrace> = {},
) => ({ prompt, state, status: "completed", tokenIds, ...more }) satisfies TokenTrace;

test("cold and warm replies that are stable each, and differ from each other, are told apart", () => {
  const traces = [1, 2, 3].flatMap(() => [trace("a", "cold", [1, 2, 3]), trace("a", "warm", [1, 2, 4])]);
  const { cold, warm, across } = tokenDeterminism(traces);
  assert.deepEqual([cold.rate.value, cold.rate.n, warm.rate.value, warm.rate.n], [1, 3, 1, 3]);
  assert.deepEqual([across.rate.value, across.rate.n, across.firstDivergence], [0, 9, 2]);
});

test("replies to different prompts are never a pair", () => {
  const { cold } = tokenDeterminism([trace("a", "cold", [1]), trace("b", "cold", [1])]);
  assert.deepEqual([cold.rate.n, cold.rate.value], [0, undefined]);
});

test("a reply that begins another differs from it where it ends", () => {
  const { cold } = tokenDeterminism([trace("a", "cold", [1, 2]), trace("a", "cold", [1, 2, 3])]);
  assert.deepEqual([cold.rate.value, cold.firstDivergence], [0, 2]);
});

test("a failed reply equals nothing, not even another failed one", () => {
  const failed = trace("a", "cold", undefined, { status: "failed" });
  const { cold } = tokenDeterminism([failed, failed, trace("a", "cold", [1])]);
  assert.deepEqual([cold.rate.n, cold.rate.count, cold.divergences.length], [3, 0, 0]);
});

test("replies without token ids are not taken for equal: they are counted apart", () => {
  const { cold } = tokenDeterminism([trace("a", "cold", undefined), trace("a", "cold", undefined)]);
  assert.deepEqual([cold.rate.n, cold.rate.value, cold.uncompared], [0, undefined, 2]);
});

test("the gap of log-probability at the first difference is read from both replies", () => {
  const detailed = (own: number, other: number, gap: number) => [
    {
      id: own,
      text: "",
      logprob: -0.5,
      top: [
        { id: own, text: "", logprob: -0.5 },
        { id: other, text: "", logprob: -0.5 - gap },
      ],
    },
  ];
  const { cold } = tokenDeterminism([
    trace("a", "cold", [7], { details: detailed(7, 8, 0.02) }),
    trace("a", "cold", [8], { details: detailed(8, 7, 0.04) }),
  ]);
  assert.equal(cold.divergences.length, 1);
  assert.ok(Math.abs((cold.medianLogprobGap as number) - 0.03) < 1e-12);
  const bare = tokenDeterminism([trace("a", "cold", [7]), trace("a", "cold", [8])]);
  assert.equal(bare.cold.medianLogprobGap, undefined);
});

test("pairs of one prompt hang together: the limits know", () => {
  const many = Array.from({ length: 10 }, (_, i) => `p${i}`).flatMap((prompt, i) =>
    Array.from({ length: 6 }, (_, k) => trace(prompt, "cold", i === 0 ? [k] : [1])),
  );
  const { cold } = tokenDeterminism(many);
  assert.deepEqual([cold.rate.n, cold.rate.count], [150, 135]);
  assert.ok(cold.rate.effectiveN < 20, `${cold.rate.effectiveN}`);
});
