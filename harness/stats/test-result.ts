/** Which departure from the null hypothesis counts as evidence: the first sample (or the location) is less, greater, or either. */
export type Alternative = "two-sided" | "less" | "greater";

/** The p-value of an alternative out of both tails of a discrete distribution, each including the observed value. */
export function pOf(alternative: Alternative, { lower, upper }: { lower: number; upper: number }): number {
  if (alternative === "less") return Math.min(1, lower);
  if (alternative === "greater") return Math.min(1, upper);
  return Math.min(1, 2 * Math.min(lower, upper));
}
