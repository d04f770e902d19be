/** Arithmetic mean of at least one number; a second pass takes back the rounding of the first. NaN for none. */
export function mean(data: ArrayLike<number>): number {
  const n = data.length;
  const first = compensatedSum(n, (i) => data[i]!) / n;
  return first + compensatedSum(n, (i) => data[i]! - first) / n;
}

/** Variance with divisor n - 1 about the exact mean (corrected two-pass); NaN for fewer than two numbers. */
export function sampleVariance(data: ArrayLike<number>): number {
  const n = data.length;
  if (n < 2) return Number.NaN;
  const center = mean(data);
  const squares = compensatedSum(n, (i) => (data[i]! - center) * (data[i]! - center));
  const left = compensatedSum(n, (i) => data[i]! - center);
  return (squares - (left * left) / n) / (n - 1);
}

/** Square root of {@link sampleVariance}. */
export function standardDeviation(data: ArrayLike<number>): number {
  return Math.sqrt(sampleVariance(data));
}

/** Σ term(i) for i < n with the rounding errors carried along (Neumaier 1974). */
export function compensatedSum(n: number, term: (i: number) => number): number {
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < n; i++) {
    const x = term(i);
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** The p-quantile of ascending numbers, linear between order statistics (type 7, the default of R and NumPy). */
export function quantileOfSorted(ascending: ArrayLike<number>, p: number): number {
  const at = (ascending.length - 1) * p;
  const below = Math.floor(at);
  const lower = ascending[below]!;
  const upper = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return lower + (at - below) * (upper - lower);
}
