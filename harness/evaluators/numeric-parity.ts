import { highest } from "./classify.ts";

/** How far a candidate's outputs are from a reference's. A diagnostic: the task's metric decides. */
export interface NumericParity {
  readonly rows: number;
  /** Pairs of values, and those of them where both are finite. */
  readonly values: number;
  readonly finitePairs: number;
  /** Absolute errors over the finite pairs, in the outputs' unit. */
  readonly maxAbs: number | undefined;
  readonly meanAbs: number | undefined;
  /** Nearest-rank percentile: the smallest error that at least 99 % do not exceed. */
  readonly p99Abs: number | undefined;
  /** By row, -1..1, over the `cosineRows` rows that are finite in both and zero in neither. */
  readonly cosineMean: number | undefined;
  readonly cosineMin: number | undefined;
  readonly cosineRows: number;
  /** 10·log10(Σ reference² / Σ error²) over the finite pairs, dB. */
  readonly sqnrDb: number | undefined;
  /** Share of rows whose highest value is at the same place (ties: lowest index); a row with NaN in either never agrees. */
  readonly argmaxAgreement: number | undefined;
  readonly agreeingRows: number;
  readonly nan: { readonly reference: number; readonly candidate: number };
  readonly inf: { readonly reference: number; readonly candidate: number };
  /** NaN and infinite values of the candidate. */
  readonly invalid: number;
  /** Why a value above is undefined, by its name. */
  readonly reasons: Readonly<Partial<Record<ParityMeasure, string>>>;
}

export type ParityMeasure = "maxAbs" | "meanAbs" | "p99Abs" | "cosineMean" | "cosineMin" | "sqnrDb" | "argmaxAgreement";

/** Compares two row-major outputs of the same items. RangeError when their lengths differ or are no multiple of `rowSize`. */
export function numericParity(reference: Float32Array, candidate: Float32Array, rowSize: number): NumericParity {
  if (!(Number.isInteger(rowSize) && rowSize >= 1)) throw new RangeError(`rows of ${rowSize} values`);
  if (reference.length !== candidate.length || reference.length % rowSize !== 0) {
    throw new RangeError(`${reference.length} and ${candidate.length} values in rows of ${rowSize}`);
  }
  const rows = reference.length / rowSize;
  const nan = { reference: 0, candidate: 0 };
  const inf = { reference: 0, candidate: 0 };
  const errors = new Float64Array(reference.length);
  let finitePairs = 0;
  let errorSum = 0;
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < reference.length; i++) {
    const a = reference[i] as number;
    const b = candidate[i] as number;
    if (!Number.isFinite(a)) Number.isNaN(a) ? nan.reference++ : inf.reference++;
    if (!Number.isFinite(b)) Number.isNaN(b) ? nan.candidate++ : inf.candidate++;
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
    const error = Math.abs(a - b);
    errors[finitePairs++] = error;
    errorSum += error;
    signal += a * a;
    noise += error * error;
  }
  const sorted = errors.subarray(0, finitePairs).sort();
  const cosine = cosines(reference, candidate, rowSize);
  const agreeing = agreeingRows(reference, candidate, rowSize);
  const noSqnr = whyNoSqnr(signal, noise, finitePairs);
  return {
    rows,
    values: reference.length,
    finitePairs,
    maxAbs: sorted[finitePairs - 1],
    meanAbs: finitePairs > 0 ? errorSum / finitePairs : undefined,
    p99Abs: sorted[Math.ceil((finitePairs * 99) / 100) - 1],
    cosineMean: cosine.rows > 0 ? cosine.sum / cosine.rows : undefined,
    cosineMin: cosine.rows > 0 ? cosine.min : undefined,
    cosineRows: cosine.rows,
    sqnrDb: noSqnr === undefined ? 10 * Math.log10(signal / noise) : undefined,
    argmaxAgreement: rows > 0 ? agreeing / rows : undefined,
    agreeingRows: agreeing,
    nan,
    inf,
    invalid: nan.candidate + inf.candidate,
    reasons: {
      ...(finitePairs > 0 ? {} : { maxAbs: NO_PAIRS, meanAbs: NO_PAIRS, p99Abs: NO_PAIRS }),
      ...(cosine.rows > 0 ? {} : { cosineMean: NO_DIRECTION, cosineMin: NO_DIRECTION }),
      ...(noSqnr === undefined ? {} : { sqnrDb: noSqnr }),
      ...(rows > 0 ? {} : { argmaxAgreement: "there are no outputs to compare" }),
    },
  };
}

const NO_PAIRS = "no pair of values is finite";
const NO_DIRECTION = "no row is finite in both outputs and zero in neither";

function whyNoSqnr(signal: number, noise: number, pairs: number): string | undefined {
  if (pairs === 0) return NO_PAIRS;
  if (noise === 0) return "the outputs are identical, so there is no noise";
  if (signal === 0) return "the reference is zero throughout, so there is no signal";
  return undefined;
}

function cosines(reference: Float32Array, candidate: Float32Array, rowSize: number) {
  let rows = 0;
  let sum = 0;
  let min = Infinity;
  for (let start = 0; start < reference.length; start += rowSize) {
    let dot = 0;
    let aa = 0;
    let bb = 0;
    for (let i = start; i < start + rowSize; i++) {
      const a = reference[i] as number;
      const b = candidate[i] as number;
      dot += a * b;
      aa += a * a;
      bb += b * b;
    }
    // NaN and infinite values make the sums so: such rows, and zero rows, have no direction.
    if (!(aa > 0 && bb > 0 && Number.isFinite(aa + bb))) continue;
    const cosine = Math.max(-1, Math.min(1, dot / Math.sqrt(aa) / Math.sqrt(bb)));
    rows++;
    sum += cosine;
    min = Math.min(min, cosine);
  }
  return { rows, sum, min };
}

function agreeingRows(reference: Float32Array, candidate: Float32Array, rowSize: number): number {
  let agreeing = 0;
  for (let start = 0; start < reference.length; start += rowSize) {
    const place = highest(reference, start, rowSize);
    if (place !== -1 && place === highest(candidate, start, rowSize)) agreeing++;
  }
  return agreeing;
}
