import { inverseBeta } from "./beta.ts";
import { binomialCdf, binomialPmf } from "./binomial.ts";
import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { normalQuantile } from "./normal.ts";
import { requireCount, requireFraction } from "./require.ts";

/** Successes out of n trials. */
export type Counts = { readonly successes: number; readonly n: number };

/** Two-sided level of the interval, in (0, 1); .95 unless told. A one-sided gate at α asks for 1 - 2α. */
export type LevelOption = { readonly level?: number };

type Checked = { successes: number; n: number; level: number; tail: number };

function check({ successes, n }: Counts, { level = 0.95 }: LevelOption): Checked {
  requireCount("n", n);
  requireCount("successes", successes);
  if (successes > n) throw new RangeError(`successes must not exceed n, got ${successes} of ${n}`);
  requireFraction("level", level);
  return { successes, n, level, tail: (1 - level) / 2 };
}

/** Exact (Clopper-Pearson 1934) interval of a proportion: coverage is never below the level. */
export function clopperPearson(counts: Counts, options: LevelOption = {}): Estimate | Unjudged {
  const { successes, n, level, tail } = check(counts, options);
  const method = "clopper-pearson";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const low = successes === 0 ? 0 : inverseBeta(successes, n - successes + 1, tail, 1 - tail).x;
  const high = successes === n ? 1 : inverseBeta(successes + 1, n - successes, 1 - tail, tail).x;
  return { value: successes / n, low, high, level, n, method };
}

/** Score (Wilson 1927) interval of a proportion: coverage is close to the level on average. */
export function wilson(counts: Counts, options: LevelOption = {}): Estimate | Unjudged {
  const { successes, n, level, tail } = check(counts, options);
  const method = "wilson";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const z = -normalQuantile(tail);
  const p = successes / n;
  const center = 2 * successes + z * z;
  const spread = z * Math.sqrt(z * z + 4 * successes * (1 - p));
  const scale = 2 * (n + z * z);
  // At either end one limit is exactly 0 or 1; rounding must not put it beside.
  const low = successes === 0 ? 0 : (center - spread) / scale;
  const high = successes === n ? 1 : (center + spread) / scale;
  return { value: p, low, high, level, n, method };
}

/** Mid-p interval of a proportion: the exact one with only half the weight on the observed count, hence shorter. */
export function midPInterval(counts: Counts, options: LevelOption = {}): Estimate | Unjudged {
  const { successes, n, level, tail } = check(counts, options);
  const method = "mid-p";
  if (n === 0) return unjudged("no-data", { level, n, method });
  const above = (p: number) => binomialCdf(successes, { n, p, tail: "upper" }) + 0.5 * binomialPmf(successes, { n, p });
  const below = (p: number) => binomialCdf(successes - 1, { n, p }) + 0.5 * binomialPmf(successes, { n, p });
  const p = successes / n;
  const low = successes === 0 ? 0 : bisect(0, p, (x) => above(x) < tail);
  const high = successes === n ? 1 : bisect(p, 1, (x) => below(x) > tail);
  return { value: p, low, high, level, n, method };
}

/** The point in [low, high] up to which `isLeft` holds, to the last bit or 100 halvings. */
export function bisect(low: number, high: number, isLeft: (x: number) => boolean): number {
  let left = low;
  let right = high;
  for (let step = 0; step < 100; step++) {
    const middle = left + (right - left) / 2;
    if (middle <= left || middle >= right) break;
    if (isLeft(middle)) left = middle;
    else right = middle;
  }
  return left + (right - left) / 2;
}
