import type { ModelProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import type { ItemTensor } from "../domain/item-tensor.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { soleInput } from "./derived-model.ts";
import type { BatchFeed } from "./model-runner.ts";
import { serializeModel } from "./onnx-file.ts";

export interface CalibrationInput {
  readonly items: ItemTensor;
  /** Items to use, in this order. */
  readonly indices: ArrayLike<number>;
}

/** Values of a model to look at while it runs the items. */
export interface CalibrationJob extends CalibrationInput {
  readonly model: ModelProto;
  readonly values: readonly string[];
  readonly session: SessionPort;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Share of the work done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** How `model`, which is made from the job's, is fed. */
export function feedFor(job: CalibrationJob, model: ModelProto): BatchFeed {
  return {
    model: serializeModel(model),
    input: soleInput(job.model),
    items: job.items,
    indices: job.indices,
    session: job.session,
    threads: job.threads,
    signal: job.signal,
  };
}

export function notFinite(value: string): HarnessError {
  return new HarnessError("QUANTIZE_CALIBRATION", `Value '${value}' is NaN or infinite on the calibration items.`, {
    hint: "Check the items for NaN, and the model's preprocessing; such a range cannot be quantized.",
  });
}
