/**
 * Twice the mid-ranks (1-based, ties share their mean) of numbers in ascending order, given in that order: whole numbers, so
 * that rank sums can index an array. Also Σ(t³ - t) over groups of t ties, for the variance of rank sums.
 */
export function doubledMidranks(ascending: ArrayLike<number>): { doubled: Int32Array; tieCubes: number } {
  const n = ascending.length;
  const doubled = new Int32Array(n);
  let tieCubes = 0;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && ascending[end] === ascending[start]) end++;
    // Ranks start+1 ... end: twice their mean is start + 1 + end.
    doubled.fill(start + 1 + end, start, end);
    const ties = end - start;
    tieCubes += ties * ties * ties - ties;
    start = end;
  }
  return { doubled, tieCubes };
}
