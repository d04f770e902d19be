/** The layer whose weights lost most. */
export interface WorstLayer {
  readonly name: string;
  /** Signal-to-noise ratio of its weights, dB. */
  readonly sqnr_db: number;
}

/** The layer of least signal-to-noise ratio, the first among equals; null where no layer was rounded. */
export function worstLayer(
  layers: readonly { readonly name: string; readonly weight_sqnr_db: number | null }[],
): WorstLayer | null {
  let worst: WorstLayer | null = null;
  for (const { name, weight_sqnr_db: db } of layers) {
    if (db !== null && (worst === null || db < worst.sqnr_db)) worst = { name, sqnr_db: db };
  }
  return worst;
}
