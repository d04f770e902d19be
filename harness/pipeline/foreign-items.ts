import { readActivationRows } from "../datasets/activation-rows.ts";
import { HarnessError } from "../domain/errors.ts";
import { itemSize } from "../domain/item-tensor.ts";
import { soleInput } from "../quantize/derived-model.ts";
import { parseModel } from "../quantize/onnx-file.ts";
import { rng } from "../stats/rng.ts";
import type { QuantizeItems } from "./quantize-items.ts";

/** Share of the items that only choices are measured on. */
export const TUNING_SHARE = 0.2;

/** Seed of synthetic items where nobody gave one. */
export const SYNTHETIC_SEED = 1;

/** Seeded standard normal items of the model's input shape: enough to run and compare, no evidence about real inputs. */
export function syntheticItems(model: Uint8Array, samples: number, seed = SYNTHETIC_SEED): QuantizeItems {
  const shape = inputShape(model);
  const { name, dtype } = soleInput(parseModel(model));
  if (dtype !== "float32") {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `Input '${name}' takes ids of type ${dtype}, which cannot be made up.`,
      {
        hint: `Give --calibration with rows of token ids: {"layer": "${name}", "values": [ids]}.`,
      },
    );
  }
  const apart = Math.max(1, Math.ceil(samples * TUNING_SHARE));
  const source = rng(seed).derive("synthetic-items");
  const data = Float32Array.from({ length: (samples + apart) * itemSize(shape) }, () => source.normal());
  return splitItems({ count: samples + apart, shape, data }, samples, seed);
}

/** Items from a file of rows whose `layer` is the model's input. */
export async function itemsFromRows(model: Uint8Array, path: string, samples: number): Promise<QuantizeItems> {
  const input = soleInput(parseModel(model));
  const shape = inputShape(model);
  const rows = (await readActivationRows(path)).get(input.name);
  if (rows === undefined || rows.columns !== itemSize(shape)) {
    const found = rows === undefined ? "no rows" : `rows of ${rows.columns} values`;
    throw new HarnessError("CONFIG_DATA_INVALID", `${path} has ${found} for the model's input '${input.name}'.`, {
      hint: `Rows need "layer": "${input.name}" and ${itemSize(shape)} values.`,
    });
  }
  const learning = Math.min(samples, rows.count - Math.max(1, Math.ceil(rows.count * TUNING_SHARE)));
  return splitItems({ count: rows.count, shape, data: rows.values }, learning, 0);
}

function splitItems(items: QuantizeItems["calibration"]["items"], learning: number, seed: number): QuantizeItems {
  const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  const apart = Math.max(1, Math.ceil(items.count * TUNING_SHARE));
  return {
    seed,
    calibration: { items, indices: range(0, learning) },
    tuning: { items, indices: range(items.count - apart, items.count) },
  };
}

/** Shape of one item. @throws HarnessError QUANTIZE_CALIBRATION where the model leaves it open. */
function inputShape(model: Uint8Array): number[] {
  const input = soleInput(parseModel(model));
  const shape = input.shape?.slice(1);
  if (shape === undefined || !shape.every((dim) => typeof dim === "number")) {
    throw new HarnessError("QUANTIZE_CALIBRATION", `The shape of input '${input.name}' is open.`, {
      hint: "Give --config with calibration items, or export the model with a fixed input shape.",
    });
  }
  return shape as number[];
}
