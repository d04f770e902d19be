type Gap = { gap: number; left: number; right: number };

/**
 * Hartigan & Hartigan's (1985) dip of at least one ascending number: the largest distance between the empirical distribution function
 * and the nearest unimodal one, in [1/(2n), 1/4].
 *
 * In units of 1/n the empirical function steps from i to i + 1 at x_i. Each round takes the greatest convex minorant of the
 * lower corners and the least concave majorant of the upper ones over the modal interval, narrows it to where they are
 * furthest apart, and keeps the worst misfit of what is left outside; it ends when that is no less than the gap inside.
 */
export function dipOfSorted(x: ArrayLike<number>): number {
  const n = x.length;
  let low = 0;
  let high = n - 1;
  let dip = 1;
  // An interval of one value is an atom at the mode, which a unimodal law may have.
  while (x[low]! < x[high]!) {
    const minorant = hull(x, { low, high, turn: 1 });
    const majorant = hull(x, { low, high, turn: -1 });
    const { gap, left, right } = widestGap(x, minorant, majorant);
    if (gap <= dip) break;
    const below = heightsOn(x, minorant, { from: low, to: left, lift: 0 });
    below.forEach((height, k) => {
      dip = Math.max(dip, low + k + 1 - height);
    });
    const above = heightsOn(x, majorant, { from: right, to: high, lift: 1 });
    above.forEach((height, k) => {
      dip = Math.max(dip, height - (right + k));
    });
    low = left;
    high = right;
  }
  return dip / (2 * n);
}

/** Indices of the knots of the convex (turn 1) or concave (turn -1) hull of the points (x_i, i), low ≤ i ≤ high. */
function hull(x: ArrayLike<number>, { low, high, turn }: { low: number; high: number; turn: 1 | -1 }): number[] {
  const knots: number[] = [];
  for (let i = low; i <= high; i++) {
    // Of equal values the minorant sees the lowest corner, the majorant the highest.
    if (knots.length > 0 && x[knots[knots.length - 1]!] === x[i]) {
      if (turn === 1) continue;
      knots.pop();
    }
    while (knots.length > 1) {
      const b = knots[knots.length - 1]!;
      const a = knots[knots.length - 2]!;
      const cross = (x[b]! - x[a]!) * (i - a) - (b - a) * (x[i]! - x[a]!);
      if (cross * turn > 0) break;
      knots.pop();
    }
    knots.push(i);
  }
  return knots;
}

/** Heights at x_from ... x_to of the line through the knots (x_k, k + lift). */
function heightsOn(
  x: ArrayLike<number>,
  knots: readonly number[],
  { from, to, lift }: { from: number; to: number; lift: 0 | 1 },
): Float64Array {
  const heights = new Float64Array(to - from + 1);
  let k = 0;
  for (let i = from; i <= to; i++) {
    while (k + 1 < knots.length && x[knots[k + 1]!]! <= x[i]!) k++;
    heights[i - from] = lift + between(x, knots, k, x[i]!);
  }
  return heights;
}

/** Height at `value` of the line from knot k to the next one; outside the knots that of the nearest. */
function between(x: ArrayLike<number>, knots: readonly number[], k: number, value: number): number {
  const a = knots[k]!;
  const b = knots[k + 1];
  if (b === undefined || value <= x[a]!) return a;
  return a + ((b - a) * (value - x[a]!)) / (x[b]! - x[a]!);
}

/** Where majorant and minorant are furthest apart, at a knot of either, and the modal interval that this leaves. */
function widestGap(x: ArrayLike<number>, minorant: readonly number[], majorant: readonly number[]): Gap {
  let widest: Gap = { gap: 0, left: minorant[0]!, right: majorant[majorant.length - 1]! };
  // Majorant knots first: of equal gaps the authors take the one there.
  for (let j = 0, i = 0; j < majorant.length; j++) {
    const knot = majorant[j]!;
    while (i + 1 < minorant.length && x[minorant[i + 1]!]! <= x[knot]!) i++;
    const gap = knot + 1 - between(x, minorant, i, x[knot]!);
    if (gap > widest.gap) widest = { gap, left: minorant[i]!, right: knot };
  }
  for (let i = 0, j = 0; i < minorant.length; i++) {
    const knot = minorant[i]!;
    while (j + 1 < majorant.length && x[majorant[j + 1]!]! <= x[knot]!) j++;
    const gap = between(x, majorant, j, x[knot]!) + 1 - knot;
    const right = x[majorant[j]!]! >= x[knot]! ? majorant[j]! : majorant[j + 1]!;
    if (gap > widest.gap) widest = { gap, left: knot, right };
  }
  return widest;
}
