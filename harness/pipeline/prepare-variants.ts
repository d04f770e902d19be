import { HarnessError } from "../domain/errors.ts";
import type { VariantLine } from "../domain/generated/journal-v1.ts";
import type { PlannedVariant } from "../domain/generated/plan-v1.ts";
import { onnxVariant } from "./variants/onnx-variant.ts";
import {
  absentVariant,
  failedVariant,
  type PrepareContext,
  type Prepared,
  type PreparedVariant,
  readyLine,
} from "./variants/prepared.ts";
import { sourceOf } from "./variants/source-of.ts";
import { tagVariant } from "./variants/tag-variant.ts";
import { torchVariant } from "./variants/torch-variant.ts";

export type { PreparedVariant } from "./variants/prepared.ts";

/**
 * Makes or loads every variant: quantized (or taken from the cache), copied into the run's `onnx/`, described, and run once on
 * random input. A variant that cannot be made is recorded as failed and the others go on; only a baseline must exist.
 */
export async function prepareVariants(
  context: PrepareContext,
  earlier: readonly VariantLine[],
): Promise<Map<string, PreparedVariant>> {
  const { plan } = context.inputs;
  const prepared = new Map<string, PreparedVariant>();
  for (const [index, variant] of plan.variants.entries()) {
    context.signal.throwIfAborted();
    const known = earlier.find((line) => line.variant_id === variant.variant_id);
    const { line, result, cached } = await prepareOne(context, variant, known);
    if (known === undefined) await context.writer.write(line);
    prepared.set(variant.variant_id, result);
    context.onProgress({ kind: "variant", variantId: variant.variant_id, index, total: plan.variants.length, cached });
    if (result.state !== "ready" && variant.role === "baseline") {
      const code = result.state === "unavailable" ? "RUNTIME_UNAVAILABLE" : "QUANTIZE_FAILED";
      throw new HarnessError(code, `The baseline ${variant.variant_id} cannot run: ${result.failure}`, {
        hint: "Without a baseline nothing can be compared. `quantgate inspect` says what is wrong with a model.",
      });
    }
  }
  return prepared;
}

async function prepareOne(
  context: PrepareContext,
  variant: PlannedVariant,
  known: VariantLine | undefined,
): Promise<Prepared> {
  if (variant.kind === "simulated") return simulatedVariant(variant);
  if (variant.kind === "tag") return tagVariant(context, variant);
  if (known !== undefined && known.state !== "ready")
    return { line: known, result: { state: known.state, failure: known.failure ?? "unknown" }, cached: true };
  const source = sourceOf(context, variant);
  if (source !== undefined && source.state !== "ok")
    return absentVariant(variant.variant_id, source.state, source.reason);
  try {
    if (variant.kind === "pytorch") return await torchVariant(context, variant, known);
    return await onnxVariant(context, variant, known);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof HarnessError) || error.code.startsWith("STORE_")) throw error;
    if (variant.kind === "pytorch" && error.code === "RUNTIME_UNAVAILABLE") {
      return absentVariant(variant.variant_id, "unavailable", `${error.message} ${error.hint}`);
    }
    return failedVariant(variant.variant_id, error.message);
  }
}

function simulatedVariant(variant: PlannedVariant): Prepared {
  const bytes = (variant.simulated as { bytes?: number }).bytes ?? null;
  return {
    line: readyLine(variant.variant_id, { bytes_on_disk: bytes, bytes_packed: bytes }),
    result: { state: "ready", model: undefined, sessionConfig: {} },
    cached: false,
  };
}
