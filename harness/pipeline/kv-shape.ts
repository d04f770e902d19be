import { HarnessError } from "../domain/errors.ts";
import type { KvShape } from "../domain/generated/context-summary-v1.ts";
import type { ModelRef } from "../domain/language-runtime.ts";
import { readGguf } from "../runtimes/language/gguf.ts";

/** What a GGUF file says of its attention; undefined for a model without a file, or one that does not say. */
export async function kvShapeOf({ path }: ModelRef, bytesPerValue: number): Promise<KvShape | undefined> {
  if (path === undefined) return undefined;
  const metadata = await metadataOf(path);
  const architecture = String(metadata?.get("general.architecture"));
  const read = (key: string): number | undefined => {
    const value = Number(metadata?.get(`${architecture}.${key}`));
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const layers = read("block_count");
  const heads = read("attention.head_count");
  const kvHeads = read("attention.head_count_kv") ?? heads;
  const width = read("embedding_length");
  const headDim =
    read("attention.key_length") ?? (width === undefined || heads === undefined ? undefined : width / heads);
  if (layers === undefined || kvHeads === undefined || headDim === undefined) return undefined;
  return { layers, kv_heads: kvHeads, head_dim: headDim, bytes_per_value: bytesPerValue };
}

/** A file that is no GGUF is the adapter's to refuse; here it only means that nothing can be predicted. */
async function metadataOf(path: string): Promise<ReadonlyMap<string, unknown> | undefined> {
  try {
    return (await readGguf(path)).metadata;
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
