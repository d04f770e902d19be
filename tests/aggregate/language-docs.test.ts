import assert from "node:assert/strict";
import { test } from "node:test";
import { divergence } from "../../harness/aggregate/divergence.ts";
import { divergenceDoc, tokenDeterminismDoc } from "../../harness/aggregate/language-docs.ts";
import { tokenDeterminism } from "../../harness/aggregate/token-determinism.ts";
import { rng } from "../../harness/stats/index.ts";

test("an infinite divergence and a single prompt become null with a reason, never a number", () => {
  const positions = [{ kind: "full" as const, reference: [0, -Infinity], variant: [-Infinity, 0] }];
  const infinite = divergence(
    [
      { prompt: "a", positions },
      { prompt: "b", positions },
    ],
    { rng: rng(1) },
  );
  const alone = divergence([{ prompt: "a", positions: [{ kind: "full", reference: [0], variant: [0] }] }], {
    rng: rng(1),
  });
  for (const [found, reason] of [
    [infinite, "not-finite"],
    [alone, "too-few"],
  ] as const) {
    assert.ok(found !== undefined);
    const { mean } = divergenceDoc(found, "m/f16");
    assert.deepEqual([mean.value, mean.low, mean.high, mean.reason], [null, null, null, reason]);
  }
});

test("determinism without a pair has no rate", () => {
  const { cold } = tokenDeterminismDoc(tokenDeterminism([]));
  assert.deepEqual([cold.rate.value, cold.rate.reason, cold.pairs], [null, "no-data", 0]);
});
