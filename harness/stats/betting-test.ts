import { type BettingOptions, type BettingState, bettingProcess } from "./betting-process.ts";
import { whyUnusable } from "./estimate.ts";

export type BettingTest = BettingState & {
  readonly n: number;
  /** Anytime-valid p-values, 1 / the largest e-value so far; at most 1. */
  readonly pPass: number;
  readonly pFail: number;
  readonly method: "betting";
  readonly reason?: "no-data" | "not-finite";
};

/**
 * Runs {@link bettingProcess} over differences (baseline - candidate, + is worse, each in [-1, 1]) in the order given, which must be
 * uniformly random, until PASS or FAIL is shown or they end. `used` says after how many. Data that cannot be judged
 * stay "undecided", with the reason.
 */
export function bettingTest(differences: ArrayLike<number>, options: BettingOptions): BettingTest {
  const process = bettingProcess(options);
  const n = differences.length;
  const reason = whyUnusable(differences);
  let [mostPass, mostFail] = [1, 1];
  if (reason === undefined) {
    for (let i = 0; i < n; i++) {
      process.update(differences[i]!);
      const { ePass, eFail } = process.state();
      mostPass = Math.max(mostPass, ePass);
      mostFail = Math.max(mostFail, eFail);
      if (process.verdict !== "undecided") break;
    }
  }
  return {
    ...process.state(),
    n,
    pPass: 1 / mostPass,
    pFail: 1 / mostFail,
    method: "betting",
    ...(reason === undefined ? {} : { reason }),
  };
}
