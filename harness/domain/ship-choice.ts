/** What the choice among variants that may ship looks at. */
export interface Merit {
  readonly cellId: string;
  /** Baseline latency over variant latency; undefined where it was not measured. */
  readonly speedup: number | undefined;
  readonly bytes: number | undefined;
  /** Disturbed while it was measured, and not allowed to count: it may pass, but is not recommended. */
  readonly isPolluted?: boolean;
}

/** Speedups within this share of each other count as equal, and the smaller file wins. */
const SPEED_TIE = 0.02;

/** The fastest of several, the smaller of those that are as good as equal; by name where even that is the same. Undefined for none. */
export function fastestSmallest(merits: readonly Merit[]): Merit | undefined {
  const fastest = Math.max(...merits.map((merit) => merit.speedup ?? 0));
  const nearFastest = merits.filter((merit) => (merit.speedup ?? 0) >= fastest * (1 - SPEED_TIE));
  nearFastest.sort((x, y) => (x.bytes ?? Infinity) - (y.bytes ?? Infinity) || (x.cellId < y.cellId ? -1 : 1));
  return nearFastest[0];
}
