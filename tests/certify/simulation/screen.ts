import { signedRankCritical } from "../../../harness/stats/signed-rank-null.ts";

/** Differences closer to the border than rounding are on neither side of it. */
const ROUNDING = 1e-12;

/** Whether an interval could end on one side of the border at all. */
export interface Screen {
  /** False: the one-sided lower limit cannot lie above the border, or nobody asked. */
  readonly canFail: boolean;
  /** False: the one-sided upper limit cannot lie below the border, or nobody asked. */
  readonly canPass: boolean;
}

/**
 * A cheap necessary condition for a verdict, so that millions of plainly inconclusive gates need not be decided in full. The lower limit
 * is the r-th smallest Walsh average; it exceeds the border only if fewer than r averages lie at or below it, and these are at
 * least as many as the ranks of the negative differences sum to, however ties are broken. What passes this screen is decided
 * by the real gate; the simulation also decides a stretch of screened cases in full and stops at any contradiction.
 */
export function screener(
  blocks: number,
  alpha: number,
  sides: "fail" | "pass" | "both" = "both",
): (logRatios: Float64Array, border: number) => Screen {
  const rank = signedRankCritical(blocks, alpha);
  const size = new Float64Array(blocks);
  const sign = new Int8Array(blocks);
  /** So many values on the wrong side have rank sums that are too large whatever their ranks. */
  const tooMany = Math.ceil((Math.sqrt(8 * rank + 1) - 1) / 2);
  return (logRatios, border) => {
    let fewer = 0;
    let more = 0;
    for (let i = 0; i < blocks; i++) {
      const difference = (logRatios[i] as number) - border;
      if (difference <= -ROUNDING) fewer++;
      else if (difference >= ROUNDING) more++;
    }
    const noFail = fewer >= tooMany || sides === "pass";
    const noPass = more >= tooMany || sides === "fail";
    if (noFail && noPass) return { canFail: false, canPass: false };
    for (let i = 0; i < blocks; i++) {
      const difference = (logRatios[i] as number) - border;
      const absolute = Math.abs(difference);
      const side = absolute < ROUNDING ? 0 : difference > 0 ? 1 : -1;
      let j = i;
      while (j > 0 && (size[j - 1] as number) > absolute) {
        size[j] = size[j - 1] as number;
        sign[j] = sign[j - 1] as number;
        j--;
      }
      size[j] = absolute;
      sign[j] = side;
    }
    let below = 0;
    let above = 0;
    for (let i = 0; i < blocks; i++) {
      if (sign[i] === -1) below += i + 1;
      else if (sign[i] === 1) above += i + 1;
    }
    return { canFail: below < rank, canPass: above < rank };
  };
}
