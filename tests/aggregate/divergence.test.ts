import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparablePositions, divergence } from "../../harness/aggregate/divergence.ts";
import type { TokenDetail } from "../../harness/domain/language-runtime.ts";
import { klDivergence, rng } from "../../harness/stats/index.ts";

const detail = (id: number, top: readonly (readonly [id: number, p: number])[]): TokenDetail => ({
  id,
  text: `t${id}`,
  logprob: Math.log(top.find(([one]) => one === id)?.[1] ?? 0.001),
  top: top.map(([one, p]) => ({ id: one, text: `t${one}`, logprob: Math.log(p) })),
});

describe("divergence of a quant", () => {
  const p = [0.7, 0.2, 0.1].map(Math.log);
  const q = [0.5, 0.3, 0.2].map(Math.log);

  it("of full distributions: mean, agreement, and perplexity beside them", () => {
    const prompts = ["a", "b", "c"].map((prompt) => ({
      prompt,
      positions: [
        { kind: "full" as const, reference: p, variant: q, actual: 0 },
        { kind: "full" as const, reference: p, variant: p, actual: 0 },
      ],
    }));
    const found = divergence(prompts, { rng: rng(1) });
    assert.ok(found !== undefined);
    assert.equal(found.source, "full");
    assert.deepEqual([found.prompts, found.positions, found.unmatched], [3, 6, 0]);
    assert.ok(Math.abs((found.mean.value as number) - klDivergence(p, q) / 2) < 1e-12);
    assert.equal(found.median.value, 0);
    assert.equal(found.topAgreement.value, 1);
    assert.ok(Math.abs((found.perplexity.reference as number) - 1 / 0.7) < 1e-12);
    assert.ok((found.perplexity.variant as number) > (found.perplexity.reference as number));
  });

  it("of lists is a lower bound and says how much of the reference it saw", () => {
    const positions = [
      {
        kind: "top-k" as const,
        reference: detail(0, [
          [0, 0.7],
          [1, 0.2],
        ]),
        variant: detail(0, [
          [0, 0.5],
          [1, 0.3],
        ]),
      },
    ];
    const found = divergence(
      [
        { prompt: "a", positions },
        { prompt: "b", positions },
      ],
      { rng: rng(1) },
    );
    assert.ok(found !== undefined);
    assert.ok(Math.abs((found.coveredMass as number) - 0.9) < 1e-9);
    assert.ok((found.mean.value as number) <= klDivergence(p, q) + 1e-12);
    assert.ok((found.mean.value as number) > 0);
  });

  it("a position whose lists share nothing is counted, not dropped", () => {
    const positions = [
      { kind: "top-k" as const, reference: detail(0, [[0, 0.9]]), variant: detail(5, [[5, 0.9]]) },
      { kind: "top-k" as const, reference: detail(0, [[0, 0.9]]), variant: detail(0, [[0, 0.9]]) },
    ];
    const found = divergence(
      [
        { prompt: "a", positions },
        { prompt: "b", positions },
      ],
      { rng: rng(1) },
    );
    assert.deepEqual([found?.positions, found?.unmatched, found?.topAgreement.value], [4, 2, 0.5]);
  });

  it("nothing to compare, or two kinds at once, is no result", () => {
    assert.equal(divergence([], { rng: rng(1) }), undefined);
    const mixed = [
      { kind: "full" as const, reference: p, variant: q },
      { kind: "top-k" as const, reference: detail(0, [[0, 1]]), variant: detail(0, [[0, 1]]) },
    ];
    assert.equal(divergence([{ prompt: "a", positions: mixed }], { rng: rng(1) }), undefined);
  });

  it("two replies are compared up to and including the token where they part", () => {
    const same = detail(1, [[1, 0.9]]);
    const other = detail(2, [
      [2, 0.6],
      [1, 0.4],
    ]);
    assert.equal(comparablePositions([same, same, same], [same, other, same]).length, 2);
    assert.equal(comparablePositions([same, same], [same]).length, 1);
    assert.equal(comparablePositions([{ ...same, top: [] }], [same]).length, 0);
  });
});
