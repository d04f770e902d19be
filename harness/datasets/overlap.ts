/** One item that is in both sets. */
export interface SharedItem {
  readonly calibration: number;
  /** The first evaluation item with the same content. */
  readonly evaluation: number;
}

/**
 * Calibration items whose content is also in the evaluation set, by content hash, in calibration order. Empty = disjoint.
 * Both must be of one kind of dataset: see `hashes` of a Dataset.
 */
export function overlap(calibrationHashes: readonly string[], evaluationHashes: readonly string[]): SharedItem[] {
  const first = new Map<string, number>();
  evaluationHashes.forEach((hash, index) => {
    if (!first.has(hash)) first.set(hash, index);
  });
  return calibrationHashes.flatMap((hash, calibration) => {
    const evaluation = first.get(hash);
    return evaluation === undefined ? [] : [{ calibration, evaluation }];
  });
}
