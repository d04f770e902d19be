/** Do repeated trials of the same weights on the same items give the same outputs? */
export type Determinism =
  | { readonly status: "undefined"; readonly n: number; readonly completed: number; readonly reason: string }
  | {
      readonly status: "measured";
      /** matching / n, 0..1. */
      readonly rate: number;
      /** Trials whose digest is the mode. */
      readonly matching: number;
      /** All trials, crashed ones too. */
      readonly n: number;
      readonly completed: number;
      /** The most frequent digest; among equals the one that came first. */
      readonly mode: string;
      /** Different digests seen. */
      readonly distinct: number;
    };

/**
 * Share of trials whose output digest is the mode of all. `undefined` stands for a trial that crashed: it counts against the rate,
 * since a crash is not determinism. Fewer than two completed trials say nothing: status "undefined", not a rate of 0 or 1.
 */
export function determinism(digests: readonly (string | undefined)[]): Determinism {
  const counts = new Map<string, number>();
  for (const digest of digests) if (digest !== undefined) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  const n = digests.length;
  const completed = [...counts.values()].reduce((sum, times) => sum + times, 0);
  // A map keeps the order of first appearance, and only a higher count replaces: the first among equals stays.
  const [mode, matching] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", 0] as [
    string,
    number,
  ]);
  if (completed < 2) {
    const reason = `determinism needs two completed trials, there ${completed === 1 ? "is one" : "are none"}`;
    return { status: "undefined", n, completed, reason };
  }
  return { status: "measured", rate: matching / n, matching, n, completed, mode, distinct: counts.size };
}
