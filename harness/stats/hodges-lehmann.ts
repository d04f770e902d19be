import { type Estimate, type Unjudged, unjudged, whyUnusable } from "./estimate.ts";
import type { LevelOption } from "./proportion.ts";
import { kthDifference, kthWalshAverage } from "./rank-select.ts";
import { rankSumCritical } from "./rank-sum-null.ts";
import { requireFraction } from "./require.ts";
import { signedRankCritical } from "./signed-rank-null.ts";

/**
 * Hodges-Lehmann estimate with Wilcoxon's exact interval, in the unit of the data.
 *
 * `hodgesLehmann(differences)`: the median of all Walsh averages (x_i + x_j)/2, i ≤ j; the interval inverts the signed-rank
 * test, and for log-ratios a block it is the library's default effect. `hodgesLehmann(x, y)`: the median of all differences
 * x_i - y_j; the interval inverts the Mann-Whitney test. Exact up to n = 300 (two samples: about 60 a side), then by
 * Edgeworth's series. Ties only make the interval conservative. Where n is too small for the level both limits are infinite
 * and the reason is "too-few": .95 needs 6 differences or 4 a side.
 */
export function hodgesLehmann(differences: ArrayLike<number>, options?: LevelOption): Estimate | Unjudged;
export function hodgesLehmann(x: ArrayLike<number>, y: ArrayLike<number>, options?: LevelOption): Estimate | Unjudged;
export function hodgesLehmann(
  x: ArrayLike<number>,
  second: ArrayLike<number> | LevelOption = {},
  third: LevelOption = {},
): Estimate | Unjudged {
  return isList(second) ? twoSample(x, second, third) : oneSample(x, second);
}

function isList(argument: ArrayLike<number> | LevelOption): argument is ArrayLike<number> {
  return "length" in argument;
}

function oneSample(data: ArrayLike<number>, { level = 0.95 }: LevelOption): Estimate | Unjudged {
  requireFraction("level", level);
  const n = data.length;
  const method = "hodges-lehmann-signed-rank";
  const why = whyUnusable(data);
  if (why) return unjudged(why, { level, n, method });
  const sorted = Float64Array.from(data).sort();
  const total = (n * (n + 1)) / 2;
  const limits = { rank: signedRankCritical(n, (1 - level) / 2), total, level, n, method };
  return assemble((k) => kthWalshAverage(sorted, k), limits);
}

function twoSample(x: ArrayLike<number>, y: ArrayLike<number>, { level = 0.95 }: LevelOption): Estimate | Unjudged {
  requireFraction("level", level);
  const n = x.length + y.length;
  const method = "hodges-lehmann-rank-sum";
  const why = whyUnusable(x) ?? whyUnusable(y);
  if (why) return unjudged(why, { level, n, method });
  const sortedX = Float64Array.from(x).sort();
  const sortedY = Float64Array.from(y).sort();
  const total = x.length * y.length;
  const limits = { rank: rankSumCritical(x.length, y.length, (1 - level) / 2), total, level, n, method };
  return assemble((k) => kthDifference(sortedX, sortedY, k), limits);
}

type Limits = { rank: number; total: number; level: number; n: number; method: string };

/** Median and limits out of the sorted list of `total` combinations that `kth` reads, 1-based. */
function assemble(kth: (k: number) => number, { rank, total, level, n, method }: Limits): Estimate {
  const upperMiddle = kth(Math.floor(total / 2) + 1);
  const value = total % 2 === 1 ? upperMiddle : kth(total / 2) / 2 + upperMiddle / 2;
  if (rank === 0) return { value, low: -Infinity, high: Infinity, level, n, method, reason: "too-few" };
  return { value, low: kth(rank), high: kth(total + 1 - rank), level, n, method };
}
