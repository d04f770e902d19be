import type { SessionPort } from "../domain/session-port.ts";
import type { CalibrationInput } from "./calibration-job.ts";
import { emitModel } from "./emit-model.ts";
import type { QuantizeManifest } from "./manifest.ts";
import { writeManifest } from "./manifest-writer.ts";
import { graphOf, serializeModel } from "./onnx-file.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";
import { prepareModel } from "./prepared-model.ts";
import type { Recipe } from "./recipe.ts";
import { roundModel } from "./round-model.ts";
import type { RoundRowsPort } from "./row-rounding.ts";

export interface QuantizeProgress {
  readonly stage: "calibrate" | "round" | "write" | "kernels";
  /** Share of the stage that is done, 0 to 1. */
  readonly share: number;
}

export interface QuantizeRequest {
  readonly model: Uint8Array;
  readonly recipe: Recipe;
  /** Needed by recipes that quantize activations; others ignore it. */
  readonly calibration?: CalibrationInput;
  readonly session: SessionPort;
  /** Intra-op threads of the sessions that run calibration items, default 1. */
  readonly threads?: number;
  /** Rounds rows of weights; default on the calling thread. */
  readonly roundRows?: RoundRowsPort;
  /** Hex SHA-256 of bytes. */
  readonly sha256: (bytes: Uint8Array) => string;
  readonly onProgress?: (progress: QuantizeProgress) => void;
  readonly signal?: AbortSignal;
}

export interface QuantizeResult {
  readonly model: Uint8Array;
  readonly manifest: QuantizeManifest;
}

/**
 * Quantizes an ONNX model by a recipe, and says what every layer became and which kernel runs it.
 * `fp32` returns the model's own bytes.
 * @throws HarnessError CONFIG_MODEL_INVALID for a broken model, QUANTIZE_CALIBRATION for unusable items,
 *   QUANTIZE_UNSUPPORTED for what cannot be upgraded; whatever the session throws; and the signal's reason.
 */
export async function quantizeModel(request: QuantizeRequest): Promise<QuantizeResult> {
  const { recipe, session, signal } = request;
  signal?.throwIfAborted();
  const prepared = prepareModel(request.model, recipe);
  let bytes = request.model;
  let emitted: ReturnType<typeof emitModel> | undefined;
  const parts = recipe.weights === null ? undefined : await roundModel(prepared, request);
  if (parts !== undefined) {
    emitted = emitModel(prepared, parts, recipe);
    removeDeadNodes(graphOf(emitted.model));
    bytes = serializeModel(emitted.model);
  }
  request.onProgress?.({ stage: "write", share: 1 });
  signal?.throwIfAborted();
  const optimized = await session.optimize(bytes, { optimizationLevel: "all", sessionConfig: recipe.session });
  const manifest = writeManifest({ prepared, parts, emitted, request, bytes, optimized });
  request.onProgress?.({ stage: "kernels", share: 1 });
  return { model: bytes, manifest };
}
