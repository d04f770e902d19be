import type { TensorValue } from "../domain/session-port.ts";
import { inspectModel, type ValueReport } from "../quantize/inspect.ts";
import { rng } from "../stats/rng.ts";

/** Seed of the random input; fixed, so that equal models are fed equally. */
const SEED = 1;

/** Seeded random input for every input of a model; a free axis becomes 1, a free first axis the batch. */
export function randomFeeds(model: Uint8Array, batchSize = 1): Record<string, TensorValue> {
  return Object.fromEntries(inspectModel(model).inputs.map((input) => [input.name, randomTensor(input, batchSize)]));
}

function randomTensor(input: ValueReport, batchSize: number): TensorValue {
  const dims = (input.shape ?? [1]).map((dim, axis) =>
    typeof dim === "number" && dim > 0 ? dim : axis === 0 ? batchSize : 1,
  );
  const size = dims.reduce((product, dim) => product * dim, 1);
  const random = rng(SEED);
  if (input.dtype === "uint8")
    return { dtype: "uint8", dims, data: Uint8Array.from({ length: size }, () => random.below(256)) };
  if (input.dtype === "int64") return { dtype: "int64", dims, data: new BigInt64Array(size) };
  return { dtype: "float32", dims, data: Float32Array.from({ length: size }, () => random.uniform()) };
}
