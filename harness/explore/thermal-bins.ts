import { quantileOfSorted } from "../stats/index.ts";

/** The machine under constant load at one moment. Readings that were not there are left out, never 0. */
export interface ThermalSample {
  /** Seconds since the load began. */
  readonly atS: number;
  /** Work a second, in any unit: tokens, items, requests. */
  readonly rate: number;
  readonly temperatureC?: number;
  readonly clockHz?: number;
  /** Whether heat held the clocks down. */
  readonly throttled?: boolean;
}

/** Medians over one stretch of time: independent enough for a slope's interval, and deaf to single samples. */
export interface ThermalBin {
  readonly midS: number;
  readonly rate: number;
  readonly temperatureC: number | undefined;
  readonly clockHz: number | undefined;
  /** Share of the samples that told, in which heat held the clocks down. */
  readonly throttled: number | undefined;
}

/** Cuts samples in time order into stretches of equal length; empty ones are left out. */
export function thermalBins(samples: readonly ThermalSample[], binS: number): ThermalBin[] {
  const bins = new Map<number, ThermalSample[]>();
  for (const sample of samples) {
    const index = Math.floor(sample.atS / binS);
    const bin = bins.get(index);
    if (bin === undefined) bins.set(index, [sample]);
    else bin.push(sample);
  }
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([index, inside]) => ({
      midS: (index + 0.5) * binS,
      rate: medianOf(inside, ({ rate }) => rate) as number,
      temperatureC: medianOf(inside, ({ temperatureC }) => temperatureC),
      clockHz: medianOf(inside, ({ clockHz }) => clockHz),
      throttled: throttledShare(inside),
    }));
}

/** Share of the samples that told, in which heat held the clocks down; undefined where none told. */
export function throttledShare(samples: readonly ThermalSample[]): number | undefined {
  const told = samples.map(({ throttled }) => throttled).filter((flag) => flag !== undefined);
  return told.length === 0 ? undefined : told.filter(Boolean).length / told.length;
}

/** Median of a reading over the samples that have it; undefined where none has. */
export function medianOf<T>(items: readonly T[], pick: (item: T) => number | undefined): number | undefined {
  const values = items.map(pick).filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  return values.length === 0 ? undefined : quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}
