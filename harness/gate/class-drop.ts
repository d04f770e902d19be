import type { PairedScores } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { type Claims, relativeScoreDropClaims, scoreDropClaims } from "./claims.ts";
import { type Effect, relativeScoreDrop, scoreDrop } from "./effect.ts";
import { judge } from "./judge.ts";

/**
 * Drop of the worst class. A PASS claims that every class is within the margin: an intersection-union test, so each class is
 * tested at α (Berger 1982). A FAIL claims that some class is not: a union, so its lower limit is taken at α/K (Bonferroni,
 * the first step of Holm). The effect is that of the class with the largest upper limit among those that fail; where none does,
 * among those that do not pass; where all pass, among all.
 */
export function worstClass(
  classes: readonly (PairedScores & { readonly name: string })[],
  {
    policy,
    margin,
    alpha,
    marginKind = "absolute",
  }: Pick<GateSpecDoc, "policy" | "alpha"> & {
    readonly margin: number;
    readonly marginKind?: GateSpecDoc["margin_kind"];
  },
): { effect: Effect; claims: Claims; detail: string } {
  const isShare = marginKind === "relative";
  const dropOf = isShare ? relativeScoreDrop : scoreDrop;
  const claimsOf = isShare ? relativeScoreDropClaims : scoreDropClaims;
  const judged = classes.map((scores) => {
    const plain = dropOf(scores, 1 - 2 * alpha);
    const corrected = dropOf(scores, 1 - (2 * alpha) / classes.length);
    const method = `${plain.method}, lower limit at alpha/${classes.length}`;
    const effect = { ...plain, low: corrected.low, method } as Effect;
    const verdict = judge(policy, effect, margin);
    return { name: scores.name, effect, verdict, claims: claimsOf(scores, policy, margin) };
  });
  const [failing, open] = (["fail", "inconclusive"] as const).map((kind) => judged.filter((x) => x.verdict === kind));
  const pool = failing?.length ? failing : open?.length ? open : judged;
  const worst = pool.reduce((x, y) => (rank(y.effect) > rank(x.effect) ? y : x));
  const pass = known(judged.map(({ claims }) => claims.pass));
  const fail = known(judged.map(({ claims }) => claims.fail));
  return {
    effect: worst.effect,
    claims: {
      pass: pass === undefined ? undefined : Math.max(...pass),
      fail: fail === undefined ? undefined : Math.min(1, classes.length * Math.min(...fail)),
    },
    detail: worst.name,
  };
}

function known(ps: readonly (number | undefined)[]): number[] | undefined {
  return ps.every((p) => p !== undefined) ? (ps as number[]) : undefined;
}

function rank(effect: Effect): number {
  return effect.value === undefined ? Number.POSITIVE_INFINITY : effect.high;
}
