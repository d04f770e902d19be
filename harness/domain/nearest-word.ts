/** Longest distance at which a word still counts as a misspelling of another. */
const MAX_DISTANCE = 3;

/**
 * The candidate that `word` most likely misspells: the same word but for case, "_" and "-", or the one at the smallest
 * distance, at most 3 edits and fewer than half of the word's letters; undefined when none is that near.
 */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const bare = bareForm(word);
  const same = candidates.find((candidate) => bareForm(candidate) === bare);
  if (same !== undefined) return same;
  const limit = Math.min(MAX_DISTANCE, Math.ceil(word.length / 2) - 1);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(bare, bareForm(candidate));
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/**
 * Damerau-Levenshtein distance in its optimal string alignment form: insertions, deletions, substitutions and swaps of
 * neighbors, no part edited twice (Boytsov 2011, section 2.1).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

function bareForm(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, "");
}
