import { type BettingProcess, bettingProcess } from "./betting-process.ts";

export type SignEProcessOptions = {
  /** Log-ratio (or other effect, + is worse) that PASS must show the median to lie below. */
  readonly margin: number;
  /** Effect that FAIL must show the median to exceed; the margin unless told. */
  readonly failMargin?: number;
  /** Error probability a side; .05 unless told. */
  readonly alpha?: number;
};

/**
 * Anytime-valid test of the median of independent blocks (log-ratios candidate / baseline): bets on the sign of each block's
 * distance from the margin, so it needs no more than independence and holds for any noise. An effect exactly at the margin counts
 * against the claim being tested.
 */
export function signEProcess({ margin, failMargin = margin, alpha = 0.05 }: SignEProcessOptions): BettingProcess {
  for (const [name, value] of Object.entries({ margin, failMargin })) {
    if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number, got ${value}`);
  }
  // "Median ≥ margin" makes the signs of (effect - margin), ties counted as +1, have mean ≥ 0; and the mirror image.
  const pass = bettingProcess({ margin: 0, alpha });
  const fail = bettingProcess({ margin: 0, alpha });
  const update = (effect: number): void => {
    if (!Number.isFinite(effect)) throw new RangeError(`an effect must be a finite number, got ${effect}`);
    pass.update(effect < margin ? -1 : 1);
    fail.update(effect > failMargin ? 1 : -1);
  };
  const verdict = () => {
    if (fail.state().failAt !== undefined) return "fail";
    return pass.state().passAt === undefined ? "undecided" : "pass";
  };
  return {
    update,
    get verdict() {
      return verdict();
    },
    get ePass() {
      return pass.ePass;
    },
    get eFail() {
      return fail.eFail;
    },
    state: () => {
      const { ePass, passAt, used, claim } = pass.state();
      const { eFail, failAt } = fail.state();
      return { verdict: verdict(), ePass, eFail, passAt, failAt, used, claim };
    },
  };
}
