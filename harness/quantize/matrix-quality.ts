import type { MatrixView } from "./matrix-codes.ts";
import type { TimedRows } from "./time-scales.ts";

/** Signal-to-noise ratio of weights, dB; null where nothing differs or there is no signal. */
export function weightSqnr(original: Float32Array, other: Float32Array): number | null {
  let power = 0;
  let noise = 0;
  for (let i = 0; i < original.length; i++) {
    const value = original[i] as number;
    power += value * value;
    noise += (value - (other[i] as number)) ** 2;
  }
  return power > 0 && noise > 0 ? 10 * Math.log10(power / noise) : null;
}

/** Signal-to-noise ratio of W·x against Ŵ·x over the rows, dB; null where nothing differs or there is no signal. */
export function outputSqnr(
  original: Float32Array,
  other: Float32Array,
  { rows, columns }: Pick<MatrixView, "rows" | "columns">,
  inputs: Pick<TimedRows, "count" | "values">,
): number | null {
  let power = 0;
  let noise = 0;
  for (let n = 0; n < inputs.count; n++) {
    for (let r = 0; r < rows; r++) {
      const exact = dot(original, r * columns, inputs.values, n * columns, columns);
      const error = exact - dot(other, r * columns, inputs.values, n * columns, columns);
      power += exact * exact;
      noise += error * error;
    }
  }
  return power > 0 && noise > 0 ? 10 * Math.log10(power / noise) : null;
}

interface Multiplication {
  /** rows × columns. */
  readonly weights: Float32Array;
  /** count × columns. */
  readonly inputs: Float32Array;
}

/** Mean over the inputs of the cosine between W·x and Ŵ·x̂; inputs without an output on either side count 0, or 1 where both are zero. */
export function meanCosine(
  exact: Multiplication & Pick<MatrixView, "rows" | "columns">,
  other: Multiplication,
  count: number,
): number | null {
  if (count === 0) return null;
  const { rows, columns } = exact;
  let sum = 0;
  for (let n = 0; n < count; n++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let r = 0; r < rows; r++) {
      const a = dot(exact.weights, r * columns, exact.inputs, n * columns, columns);
      const b = dot(other.weights, r * columns, other.inputs, n * columns, columns);
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    sum += aa === 0 && bb === 0 ? 1 : aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa) / Math.sqrt(bb);
  }
  return Math.max(-1, Math.min(1, sum / count));
}

function dot(a: Float32Array, aFrom: number, b: Float32Array, bFrom: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (a[aFrom + k] as number) * (b[bFrom + k] as number);
  return sum;
}
