/** Smallest and largest real value that a grid should reach. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A uniform integer grid: real = (code - zeroPoint) · scale. */
export interface Grid {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly min: number;
  readonly max: number;
}

/** Kind of an 8-bit grid, or of one of `bits`. */
export interface GridOptions {
  readonly signed: boolean;
  readonly symmetric: boolean;
  readonly bits?: number;
}

/** Smallest and largest code of an integer type, or of `bits` inside it. Symmetric 8-bit codes leave out -128, so that ±max are both exact. */
export function codeRange(bits: number, signed: boolean, symmetric: boolean): { min: number; max: number } {
  if (!signed) return { min: 0, max: 2 ** bits - 1 };
  const max = 2 ** (bits - 1) - 1;
  return { min: symmetric ? -max : -max - 1, max };
}

/** Grid over a range of reals; the range is widened to hold zero, so that padding and Relu stay exact. */
export function gridForRange(low: number, high: number, options: GridOptions): Grid {
  const bits = options.bits ?? 8;
  const { min, max } = codeRange(bits, options.signed, options.symmetric);
  const lo = Math.min(low, 0);
  const hi = Math.max(high, 0);
  if (options.symmetric) {
    const bound = Math.max(-lo, hi);
    // An unsigned symmetric grid has its zero in the middle code.
    const zeroPoint = options.signed ? 0 : 2 ** (bits - 1);
    const steps = options.signed ? max : max - zeroPoint;
    return { scale: float32Scale(bound / steps), zeroPoint, min, max };
  }
  const scale = float32Scale((hi - lo) / (max - min));
  const zeroPoint = Math.min(max, Math.max(min, roundHalfEven(min - lo / scale)));
  return { scale, zeroPoint, min, max };
}

/** Scales are stored as float32; a range of zero width gets scale 1, which keeps every code at the zero point. */
function float32Scale(scale: number): number {
  const stored = Math.fround(scale);
  return stored > 0 && Number.isFinite(stored) ? stored : 1;
}

/** Rounds halves to even, as QuantizeLinear does. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Code of a real number, saturated. */
export function encode(value: number, grid: Grid): number {
  const code = roundHalfEven(value / grid.scale) + grid.zeroPoint;
  return code < grid.min ? grid.min : code > grid.max ? grid.max : code;
}
