/**
 * How often the elements of a value fall where: counts in even bins [(first + i) · width, (first + i + 1) · width). The width is a power
 * of two, so that it follows from the elements alone and not from the order they came in.
 */
export interface ValueCounts {
  /** Elements a bin; exact zeros are not among them. */
  readonly counts: Float64Array;
  /** Number of the first bin, counted from the one that begins at zero. */
  readonly first: number;
  /** 0 where there are no elements but zeros. */
  readonly width: number;
  /** Elements that are exactly zero. */
  readonly zeros: number;
  /** Elements that are NaN or infinite; they are in no bin. */
  readonly notFinite: number;
  /** The smallest element, at most 0. */
  readonly low: number;
  /** The largest element, at least 0. */
  readonly high: number;
}

/** Pairs of bins as one, zero staying a border; `first` is the first bin's number, counted from the one that begins at zero. */
export function mergePairs({ counts, first }: Pick<ValueCounts, "counts" | "first">): {
  readonly counts: Float64Array<ArrayBuffer>;
  readonly first: number;
} {
  const into = first >> 1;
  const merged = new Float64Array(((first + counts.length - 1) >> 1) - into + 1);
  for (let bin = 0; bin < counts.length; bin++) {
    const at = ((first + bin) >> 1) - into;
    merged[at] = (merged[at] as number) + (counts[bin] as number);
  }
  return { counts: merged, first: into };
}
