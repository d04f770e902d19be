/** What one walk along the staircase between "≤ v" and "> v" of an implicit sorted matrix finds. */
type Staircase = { count: number; largestWithin: number; smallestBeyond: number };

/**
 * The k-th smallest (1-based) of the Walsh averages (x_i + x_j)/2, i ≤ j, of ascending data, without forming them.
 * Bisects on the value; each step walks the staircase in O(n) and snaps both ends to averages that occur, so the result is
 * one of them exactly.
 */
export function kthWalshAverage(ascending: Float64Array, k: number): number {
  const half = ascending.map((x) => x / 2);
  const n = half.length;
  const walk = (v: number): Staircase => {
    const found = { count: 0, largestWithin: -Infinity, smallestBeyond: Infinity };
    let j = n - 1;
    for (let i = 0; i < n; i++) {
      const x = half[i]!;
      while (j >= i && x + half[j]! > v) j--;
      if (j >= i) {
        found.count += j - i + 1;
        const within = x + half[j]!;
        if (within > found.largestWithin) found.largestWithin = within;
      }
      // The row's first average beyond v; rows start on the diagonal.
      const next = Math.max(j + 1, i);
      if (next < n) {
        const beyond = x + half[next]!;
        if (beyond < found.smallestBeyond) found.smallestBeyond = beyond;
      }
    }
    return found;
  };
  return select(walk, k, half[0]! + half[0]!, half[n - 1]! + half[n - 1]!);
}

/** The k-th smallest (1-based) of the differences x_i - y_j of two ascending samples, without forming them. */
export function kthDifference(ascendingX: Float64Array, ascendingY: Float64Array, k: number): number {
  const m = ascendingX.length;
  const n = ascendingY.length;
  const walk = (v: number): Staircase => {
    const found = { count: 0, largestWithin: -Infinity, smallestBeyond: Infinity };
    // As x grows, the y that keep x - y within v start further right.
    let j = 0;
    for (let i = 0; i < m; i++) {
      const x = ascendingX[i]!;
      while (j < n && x - ascendingY[j]! > v) j++;
      if (j < n) {
        found.count += n - j;
        const within = x - ascendingY[j]!;
        if (within > found.largestWithin) found.largestWithin = within;
      }
      if (j > 0) {
        const beyond = x - ascendingY[j - 1]!;
        if (beyond < found.smallestBeyond) found.smallestBeyond = beyond;
      }
    }
    return found;
  };
  return select(walk, k, ascendingX[0]! - ascendingY[n - 1]!, ascendingX[m - 1]! - ascendingY[0]!);
}

/** Narrows [low, high], both values that occur, down to the k-th. */
function select(walk: (v: number) => Staircase, k: number, smallest: number, largest: number): number {
  let low = smallest;
  let high = largest;
  while (low < high) {
    let middle = low + (high - low) / 2;
    if (!(middle < high)) middle = low;
    const { count, largestWithin, smallestBeyond } = walk(middle);
    if (count >= k) high = largestWithin;
    else low = smallestBeyond;
  }
  return high;
}
