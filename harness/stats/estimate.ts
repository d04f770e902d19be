/** Why data could not be judged, or could be judged only in part. Closed, so that a gate can map every one to a finding. */
export type StatsReason =
  /** There is not one observation. */
  | "no-data"
  /** An observation is NaN or infinite. */
  | "not-finite"
  /** Fewer observations than the level asks for: at least one limit is infinite. */
  | "too-few"
  /** Fewer resamples than the level asks for. */
  | "too-few-resamples"
  /** All observations are equal, so the procedure has no scale. */
  | "no-variation"
  /** The procedure needs a positive mean. */
  | "mean-not-positive"
  /** No sample size reaches the power asked for: the assumed truth lies on or beyond the margin. */
  | "beyond-margin";

/** A value with its interval, in the unit of the data. An infinite limit always comes with a reason. */
export type Estimate = {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided nominal level of [low, high], in (0, 1). A one-sided gate at α reads the interval of level 1 - 2α. */
  readonly level: number;
  /** Observations that went in. */
  readonly n: number;
  /** Id of the procedure, for the record. */
  readonly method: string;
  readonly reason?: StatsReason;
};

/** What stands in for an {@link Estimate} where the data cannot be judged: no value, the whole line as interval, and the reason. */
export type Unjudged = {
  readonly value: undefined;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly n: number;
  readonly method: string;
  readonly reason: StatsReason;
};

/** The {@link Unjudged} of a procedure. */
export function unjudged(
  reason: StatsReason,
  { level, n, method }: { level: number; n: number; method: string },
): Unjudged {
  return { value: undefined, low: -Infinity, high: Infinity, level, n, method, reason };
}

/** The reason why these observations cannot be judged at all, or undefined when they can. */
export function whyUnusable(data: ArrayLike<number>): "no-data" | "not-finite" | undefined {
  if (data.length === 0) return "no-data";
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return "not-finite";
  return undefined;
}
