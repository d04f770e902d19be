import { HarnessError } from "../domain/errors.ts";
import type { Parity } from "../domain/generated/parity-v1.ts";
import { numericParity } from "../evaluators/numeric-parity.ts";

/** One output over all items, a row an item. */
export interface NamedOutput {
  readonly name: string;
  readonly rowSize: number;
  readonly values: Float32Array;
}

/** Outputs of two models for the same items, in order. CONFIG_MODEL_INVALID where they are not as many, or not as large. */
export function compareOutputs(
  reference: readonly NamedOutput[],
  candidate: readonly NamedOutput[],
  ranges: Readonly<Record<string, readonly [number, number]>>,
): Parity["outputs"] {
  const unknown = Object.keys(ranges).find((name) => !candidate.some((output) => output.name === name));
  if (unknown !== undefined) {
    const names = candidate.map(({ name }) => name).join(", ");
    throw new HarnessError("CONFIG_USAGE", `The ONNX model has no output ${unknown}`, {
      hint: `Its outputs: ${names}.`,
    });
  }
  if (reference.length !== candidate.length) {
    throw misfit(`The PyTorch model has ${reference.length} outputs, the ONNX model ${candidate.length}`);
  }
  return candidate.map((own, place) => {
    const other = reference[place] as NamedOutput;
    if (own.rowSize !== other.rowSize) {
      throw misfit(`The output ${own.name} has ${own.rowSize} values an item, and ${other.rowSize} in PyTorch`);
    }
    const found = numericParity(other.values, own.values, own.rowSize);
    return {
      name: own.name,
      reference_name: other.name,
      values: found.values,
      mae: found.meanAbs ?? null,
      max_abs: found.maxAbs ?? null,
      p99_abs: found.p99Abs ?? null,
      argmax_agreement: found.argmaxAgreement ?? null,
      nan: found.nan,
      inf: found.inf,
      range: rangeOf(own.values, ranges[own.name]),
    };
  });
}

/** Mean absolute difference over all outputs; Infinity where one has NaN or Inf and the other not. */
export function meanDifference(x: readonly NamedOutput[], y: readonly NamedOutput[]): number {
  let sum = 0;
  let count = 0;
  for (const [place, { values }] of x.entries()) {
    const other = (y[place] as NamedOutput).values;
    for (let i = 0; i < values.length; i++) {
      const difference = Math.abs((values[i] as number) - (other[i] as number));
      sum += Object.is(values[i], other[i]) ? 0 : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}

function rangeOf(
  values: Float32Array,
  declared: readonly [number, number] | undefined,
): Parity["outputs"][number]["range"] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let outside = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    // NaN lies in no range.
    if (declared !== undefined && !(value >= declared[0] && value <= declared[1])) outside++;
  }
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { low: finite(low), high: finite(high), declared: declared === undefined ? null : [...declared], outside };
}

function misfit(message: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", message, { hint: "Name a model and its own export." });
}
