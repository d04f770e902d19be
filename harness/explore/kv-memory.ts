import type { KvMemory } from "../domain/generated/context-ceiling-v1.ts";
import type { ContextSummary, KvShape } from "../domain/generated/context-summary-v1.ts";
import { theilSen } from "../stats/index.ts";
import { estimateDoc } from "./estimate-doc.ts";

/** Bytes of keys and values for so many tokens: two tensors in each layer. Attention with a sliding window needs less. */
export function kvBytes(shape: KvShape, contextTokens: number): number {
  return 2 * shape.layers * shape.kv_heads * shape.head_dim * shape.bytes_per_value * contextTokens;
}

/** Predicted growth of memory with length, and the growth that was measured over the lengths that were loaded. */
export function kvMemory(summaries: readonly ContextSummary[], level: number): KvMemory {
  const shape = summaries.find(({ kv }) => kv.shape !== null)?.kv.shape ?? undefined;
  const predicted = shape === undefined ? undefined : kvBytes(shape, 1);
  const measured = summaries.filter(({ load }) => load.status === "loaded" && load.memory_bytes !== null);
  const slope =
    measured.length < 2
      ? undefined
      : theilSen(
          measured.map(({ context, load }) => load.context_tokens ?? context),
          measured.map(({ load }) => load.memory_bytes as number),
          { level },
        );
  return {
    predicted_bytes_per_token: predicted ?? null,
    measured_bytes_per_token: slope === undefined ? null : estimateDoc(slope),
    ratio: slope?.value === undefined || predicted === undefined ? null : slope.value / predicted,
  };
}
