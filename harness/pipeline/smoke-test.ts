import type { SessionPort, TensorValue } from "../domain/session-port.ts";
import { readBytes } from "../platform/files.ts";
import { inspectModel, type ValueReport } from "../quantize/inspect.ts";
import { rng } from "../stats/rng.ts";

/** Seed of the random input; fixed, so that smoke files of equal models are equal. */
const SEED = 1;

/** What one inference on random input gave. */
export interface SmokeResult {
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly invalid: number }[];
}

/** Runs a model once on seeded random input. Rejects as the session does when it cannot be loaded or run. */
export async function smokeTest(
  session: SessionPort,
  path: string,
  sessionConfig: Readonly<Record<string, string>>,
): Promise<SmokeResult> {
  const model = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
  const open = await session.open(model, { sessionConfig });
  try {
    const feeds: Record<string, TensorValue> = {};
    const inputs = inspectModel(model).inputs;
    for (const input of inputs) feeds[input.name] = randomTensor(input);
    const results = await open.run(feeds);
    const [first] = inputs;
    return {
      input: { name: first?.name ?? "", shape: feeds[first?.name ?? ""]?.dims ?? [] },
      outputs: Object.entries(results).map(([name, { dims, data }]) => ({
        name,
        shape: [...dims],
        invalid: countInvalid(data),
      })),
    };
  } finally {
    await open.close();
  }
}

function randomTensor(input: ValueReport): TensorValue {
  const dims = (input.shape ?? [1]).map((dim) => (typeof dim === "number" && dim > 0 ? dim : 1));
  const size = dims.reduce((product, dim) => product * dim, 1);
  const random = rng(SEED);
  if (input.dtype === "uint8")
    return { dtype: "uint8", dims, data: Uint8Array.from({ length: size }, () => random.below(256)) };
  if (input.dtype === "int64") return { dtype: "int64", dims, data: new BigInt64Array(size) };
  return { dtype: "float32", dims, data: Float32Array.from({ length: size }, () => random.uniform()) };
}

function countInvalid(data: TensorValue["data"]): number {
  let invalid = 0;
  for (const value of data) if (typeof value === "number" && !Number.isFinite(value)) invalid++;
  return invalid;
}
