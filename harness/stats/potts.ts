/**
 * Ends (exclusive) of the segments that minimize Σ|x - median of its segment| + γ · (segments - 1): the L1 Potts functional
 * (Storath, Weinmann & Unser 2017). Exact, by dynamic programming over segment starts with a running median; O(n² log n), so for
 * series up to some thousand points. Of equal minima the one with the fewest, then the latest, changes.
 */
export function potts(data: ArrayLike<number>, { gamma }: { readonly gamma: number }): number[] {
  if (!(gamma >= 0 && gamma < Infinity))
    throw new RangeError(`gamma must be a finite number of at least 0, got ${gamma}`);
  const n = data.length;
  const best = new Float64Array(n + 1);
  const from = new Int32Array(n + 1);
  // One cut more than there are segments is counted below; this takes it back.
  best[0] = -gamma;
  for (let end = 1; end <= n; end++) {
    const deviation = new MedianDeviation(end);
    best[end] = Infinity;
    for (let start = end - 1; start >= 0; start--) {
      const cost = deviation.add(data[start] as number);
      const total = best[start]! + gamma + cost;
      if (total <= best[end]!) {
        best[end] = total;
        from[end] = start;
      }
      // Deviations only grow with the segment, and no start costs less than -γ.
      if (cost > best[end]!) break;
    }
  }
  const ends: number[] = [];
  for (let end = n; end > 0; end = from[end]!) ends.push(end);
  return ends.reverse();
}

/** Sum of absolute deviations from the median of a growing set: two heaps and their sums. */
class MedianDeviation {
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #lows = 0;
  #highs = 0;
  #lowSum = 0;
  #highSum = 0;

  constructor(capacity: number) {
    const size = (capacity >> 1) + 2;
    // Both are min-heaps; the lower half is kept negated.
    this.#low = new Float64Array(size);
    this.#high = new Float64Array(size);
  }

  /** Adds a value; returns the sum of deviations of all so far. */
  add(value: number): number {
    const median = this.#lows === 0 ? value : -this.#low[0]!;
    if (value <= median) {
      push(this.#low, this.#lows++, -value);
      this.#lowSum += value;
    } else {
      push(this.#high, this.#highs++, value);
      this.#highSum += value;
    }
    if (this.#lows > this.#highs + 1) {
      const moved = -pop(this.#low, this.#lows--);
      push(this.#high, this.#highs++, moved);
      this.#lowSum -= moved;
      this.#highSum += moved;
    } else if (this.#highs > this.#lows) {
      const moved = pop(this.#high, this.#highs--);
      push(this.#low, this.#lows++, -moved);
      this.#highSum -= moved;
      this.#lowSum += moved;
    }
    const middle = -this.#low[0]!;
    return middle * (this.#lows - this.#highs) - this.#lowSum + this.#highSum;
  }
}

function push(heap: Float64Array, length: number, value: number): void {
  let at = length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= value) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = value;
}

function pop(heap: Float64Array, length: number): number {
  const top = heap[0]!;
  const last = heap[length - 1]!;
  const size = length - 1;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= last) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
