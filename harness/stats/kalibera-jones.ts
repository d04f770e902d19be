import { mean, sampleVariance } from "./descriptive.ts";
import { type StatsReason, whyUnusable } from "./estimate.ts";
import { requirePositive } from "./require.ts";

export type RepetitionPlan = {
  /**
   * Repetitions of each level but the outermost, innermost first. 1 where a level adds no variance of its own; undefined where the
   * level above adds none, so that no number is too large for it.
   */
  readonly repetitions: readonly (number | undefined)[];
  readonly method: "kalibera-jones";
};

/**
 * How often to repeat each level of a nested experiment for the narrowest interval at a given cost (Kalibera & Jones, ISMM 2013):
 * r_i = ⌈√((c_{i+1}/c_i)·(T_i²/T_{i+1}²))⌉. Innermost level first: `variances` are the T_i² that each level adds by itself, `costs`
 * what one more repetition of it costs, in any one unit (a process: its start and warm-up).
 */
export function kaliberaJones({
  variances,
  costs,
}: {
  readonly variances: readonly number[];
  readonly costs: readonly number[];
}): RepetitionPlan {
  if (variances.length !== costs.length || variances.length < 2) {
    throw new RangeError("variances and costs must name the same two or more levels");
  }
  for (const [level, cost] of costs.entries()) requirePositive(`costs[${level}]`, cost);
  for (const [level, variance] of variances.entries()) {
    // Estimates of components may come out negative, which means "none seen".
    if (!Number.isFinite(variance)) throw new RangeError(`variances[${level}] must be finite, got ${variance}`);
  }
  const repetitions = variances.slice(0, -1).map((own, level) => {
    const above = variances[level + 1]!;
    if (own <= 0) return 1;
    if (above <= 0) return undefined;
    return Math.max(1, Math.ceil(Math.sqrt((costs[level + 1]! / costs[level]!) * (own / above)) - 1e-12));
  });
  return { repetitions, method: "kalibera-jones" };
}

export type VarianceComponents = {
  /** What repetitions within one group add; undefined where no group has two. */
  readonly within: number | undefined;
  /** What groups (processes) add by themselves; at least 0; undefined for fewer than two groups. */
  readonly between: number | undefined;
  readonly groups: number;
  readonly n: number;
  readonly reason?: StatsReason;
};

/** Splits the variance of two-level data, one list of repetitions per group (process restart), into its components (ANOVA). */
export function varianceComponents(groups: readonly ArrayLike<number>[]): VarianceComponents {
  const n = groups.reduce((total, group) => total + group.length, 0);
  const count = groups.length;
  const why = count === 0 ? "no-data" : groups.map(whyUnusable).find((reason) => reason !== undefined);
  if (why) return { within: undefined, between: undefined, groups: count, n, reason: why };
  const freedom = n - count;
  const squares = groups.reduce(
    (sum, group) => sum + (group.length < 2 ? 0 : sampleVariance(group) * (group.length - 1)),
    0,
  );
  const within = freedom > 0 ? squares / freedom : undefined;
  if (count < 2 || within === undefined) return { within, between: undefined, groups: count, n, reason: "too-few" };
  const means = groups.map(mean);
  const grand = groups.reduce((sum, group, g) => sum + group.length * means[g]!, 0) / n;
  const spread = groups.reduce((sum, group, g) => sum + group.length * (means[g]! - grand) * (means[g]! - grand), 0);
  // Average group size of the unbalanced one-way layout.
  const size = (n - groups.reduce((sum, group) => sum + group.length * group.length, 0) / n) / (count - 1);
  const between = Math.max(0, (spread / (count - 1) - within) / size);
  return { within, between, groups: count, n };
}
