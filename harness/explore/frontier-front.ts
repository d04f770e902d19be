/** Merits of one row, one an objective; more is better in each. */
export type Merits = readonly number[];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Merits, b: Merits): boolean {
  let isBetter = false;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (x < y) return false;
    if (x > y) isBetter = true;
  }
  return isBetter;
}

/** Indices of the rows that no other row dominates, in order. Rows that are equal in everything do not dominate each other. */
export function paretoFront(rows: readonly Merits[]): number[] {
  return rows.flatMap((row, i) => (rows.some((other) => dominates(other, row)) ? [] : [i]));
}

/** Resampled merits: one row, then one objective, then one resample. */
export type Draws = readonly (readonly Float64Array[])[];

export interface DominanceShares {
  /** `pair[i][j]`: share of the resamples in which row i dominates row j. */
  readonly pair: readonly Float64Array[];
  /** Share of the resamples in which no row dominates row i. */
  readonly front: Float64Array;
}

/** Counts dominance over resamples in which all the rows are drawn together. */
export function dominanceShares(draws: Draws, resamples: number): DominanceShares {
  const n = draws.length;
  const pair = draws.map(() => new Float64Array(n));
  const front = new Float64Array(n);
  for (let d = 0; d < resamples; d++) {
    const merits = draws.map((objectives) => objectives.map((values) => values[d] as number));
    for (let j = 0; j < n; j++) {
      let isDominated = false;
      for (let i = 0; i < n; i++) {
        if (!dominates(merits[i] as number[], merits[j] as number[])) continue;
        (pair[i] as Float64Array)[j] = (pair[i]?.[j] ?? 0) + 1;
        isDominated = true;
      }
      if (!isDominated) front[j] = (front[j] as number) + 1;
    }
  }
  const share = (counts: Float64Array) => counts.map((count) => count / resamples);
  return { pair: pair.map(share), front: share(front) };
}
