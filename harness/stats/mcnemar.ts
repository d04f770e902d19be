import { binomialCdf, binomialPmf } from "./binomial.ts";
import { normalCdf } from "./normal.ts";
import { requireCount } from "./require.ts";

/** McNemar's four p-values of "both arms are right equally often", two-sided, and their default, the mid-p one. */
export type McNemarResult = {
  readonly b: number;
  readonly c: number;
  /** The default verdict: {@link McNemarResult.pMidP}. */
  readonly p: number;
  readonly pExact: number;
  readonly pMidP: number;
  /** Chi-square with one degree of freedom; undefined without discordant items. */
  readonly pAsymptotic: number | undefined;
  readonly pContinuityCorrected: number | undefined;
  readonly method: "mcnemar-mid-p";
};

/**
 * McNemar's test of a paired table; only the discordant counts b (baseline only right) and c (candidate only right) matter.
 * Mid-p keeps the level in practice and is far less conservative than the exact test (Fagerland, Lydersen & Laake 2013).
 */
export function mcnemar({ b, c }: { readonly b: number; readonly c: number }): McNemarResult {
  requireCount("b", b);
  requireCount("c", c);
  const n = b + c;
  const smaller = Math.min(b, c);
  const twoTails = 2 * binomialCdf(smaller, { n, p: 0.5 });
  const pExact = Math.min(1, twoTails);
  // With b = c the two tails overlap in the observed count, and mid-p is 1 by symmetry.
  const pMidP = b === c ? 1 : Math.min(1, twoTails - binomialPmf(smaller, { n, p: 0.5 }));
  const chi = Math.abs(b - c) / Math.sqrt(n);
  const corrected = Math.max(0, Math.abs(b - c) - 1) / Math.sqrt(n);
  return {
    b,
    c,
    p: pMidP,
    pExact,
    pMidP,
    pAsymptotic: n === 0 ? undefined : 2 * normalCdf(-chi),
    pContinuityCorrected: n === 0 ? undefined : 2 * normalCdf(-corrected),
    method: "mcnemar-mid-p",
  };
}
