/** Input vectors of a layer with the time step or position each was seen at. */
export interface TimedRows {
  readonly columns: number;
  readonly count: number;
  /** count × columns. */
  readonly values: Float32Array;
  readonly times: Int32Array;
}

/** Symmetric int8 scales of activations: one a group of time steps. */
export interface TimeScales {
  /** First time step of each group but the first, rising; G - 1 of them. */
  readonly bounds: readonly number[];
  /** G scales. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Activations are 8 bits wide. */
const TOP = 127;

/** Shares of the largest value tried as the end of a group's range. */
const SHARES = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3] as const;

/**
 * Scales by time: the steps seen are cut into at most `groups` runs of equal numbers of steps, and each run gets the scale of least
 * squared error over its vectors, every vector counted by its own power (a quiet step matters as much as a loud one).
 */
export function timeScales(rows: TimedRows, groups: number): TimeScales {
  const steps = [...new Set(rows.times.subarray(0, rows.count))].sort((a, b) => a - b);
  const count = Math.max(1, Math.min(groups, steps.length));
  const bounds = Array.from(
    { length: count - 1 },
    (_, g) => steps[Math.ceil(((g + 1) * steps.length) / count)] as number,
  );
  const members: number[][] = Array.from({ length: count }, () => []);
  for (let r = 0; r < rows.count; r++) members[groupOf(rows.times[r] as number, bounds)]?.push(r);
  return { bounds, scales: Float32Array.from(members, (own) => bestScale(rows, own)) };
}

/** Index of a step's group. Steps outside those seen take the nearest. */
export function groupOf(time: number, bounds: readonly number[]): number {
  let group = 0;
  while (group < bounds.length && time >= (bounds[group] as number)) group++;
  return group;
}

function bestScale(rows: TimedRows, members: readonly number[]): number {
  let largest = 0;
  for (const r of members) {
    for (let k = 0; k < rows.columns; k++)
      largest = Math.max(largest, Math.abs(rows.values[r * rows.columns + k] as number));
  }
  // A group without values never meets any; scale 1 keeps its codes at zero.
  if (largest === 0) return 1;
  let best = { scale: 1, noise: Number.POSITIVE_INFINITY };
  for (const share of SHARES) {
    const scale = Math.fround((largest * share) / TOP);
    const noise = members.reduce((sum, r) => sum + rowNoise(rows, r, scale), 0);
    if (noise < best.noise) best = { scale, noise };
  }
  return best.scale;
}

/** Noise of one quantized vector relative to its power; 0 for a zero vector. */
function rowNoise({ columns, values }: TimedRows, row: number, scale: number): number {
  let power = 0;
  let noise = 0;
  for (let k = row * columns; k < (row + 1) * columns; k++) {
    const value = values[k] as number;
    power += value * value;
    noise += (value - roundTo(value, scale)) ** 2;
  }
  return power === 0 ? 0 : noise / power;
}

function roundTo(value: number, scale: number): number {
  const code = Math.round(value / scale);
  return (code > TOP ? TOP : code < -TOP ? -TOP : code) * scale;
}

/** The vectors as a layer with these scales reads them. */
export function quantizeRows(rows: TimedRows, { bounds, scales }: TimeScales): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.count * rows.columns);
  for (let r = 0; r < rows.count; r++) {
    const scale = scales[groupOf(rows.times[r] as number, bounds)] as number;
    for (let k = r * rows.columns; k < (r + 1) * rows.columns; k++) out[k] = roundTo(rows.values[k] as number, scale);
  }
  return out;
}

/** Signal-to-noise ratio of quantized vectors, every vector counted alike, dB; null where there is no noise or nothing to tell. */
export function rowsSqnr(rows: TimedRows, scales: TimeScales): number | null {
  let noise = 0;
  for (let r = 0; r < rows.count; r++) {
    noise += rowNoise(rows, r, scales.scales[groupOf(rows.times[r] as number, scales.bounds)] as number);
  }
  return noise > 0 ? -10 * Math.log10(noise / rows.count) : null;
}
