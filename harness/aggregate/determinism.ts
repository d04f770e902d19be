import type { TrialLine } from "../domain/generated/journal-v1.ts";

/** Do repeated trials of the same weights on the same items give the same outputs? */
export interface Determinism {
  /** Finished trials, failed ones too. */
  readonly n: number;
  /** Trials whose outputs equal the mode; a failed trial never does: a crash is not determinism. */
  readonly matching: number;
}

/** A trial matches when its outputs on the subset, and on all items where it evaluated all, are the most frequent ones. */
export function determinism(finished: readonly TrialLine[]): Determinism {
  const subsetMode = mode(finished.map((trial) => trial.measured?.subset.outputs_sha256));
  const allMode = mode(
    finished.map(({ evaluates, measured }) =>
      evaluates === "all" ? (measured?.outputs_sha256 ?? undefined) : undefined,
    ),
  );
  const matching = finished.filter(({ measured, evaluates }) => {
    if (measured === null) return false;
    const { subset, outputs_sha256 } = measured;
    return subset.outputs_sha256 === subsetMode && (evaluates !== "all" || outputs_sha256 === allMode);
  });
  return { n: finished.length, matching: matching.length };
}

/** Most frequent value; the earliest of equals. */
function mode(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: string | undefined;
  for (const [value, count] of counts) if (best === undefined || count > (counts.get(best) as number)) best = value;
  return best;
}
