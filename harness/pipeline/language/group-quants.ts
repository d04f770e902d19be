import type { ModelIdentity } from "../../domain/language-runtime.ts";
import { quantRank } from "../../domain/quant-ranks.ts";

/** Quants of one model, from more bits to fewer. */
export interface QuantGroup {
  /** What the names have in common. */
  readonly id: string;
  readonly quants: readonly { readonly tag: string; readonly model: ModelIdentity }[];
}

/** A label at the end of a name: `-q4_K_M`, `.Q8_0`, `@q4_k_m`, `-fp16`. */
const LABEL = /[-_.:@]?((?:i?q\d\w*)|bf16|fp?16|fp?32|mxfp4|nvfp4|int[48]|awq|gptq)$/i;

/** Models whose names differ by their label alone, the group with the most quants first; models without any label are left out. */
export function groupQuants(models: readonly ModelIdentity[]): QuantGroup[] {
  const groups = new Map<string, Map<string, ModelIdentity>>();
  for (const model of models) {
    const tag = quantRank(model.quantization ?? LABEL.exec(stemOf(model.name))?.[1] ?? "")?.tag;
    if (tag === undefined) continue;
    const base = baseOf(model.name);
    const group = groups.get(base) ?? new Map<string, ModelIdentity>();
    groups.set(base, group);
    if (!group.has(tag)) group.set(tag, model);
  }
  return [...groups]
    .map(([id, group]) => ({
      id,
      quants: [...group].map(([tag, model]) => ({ tag, model })).sort((a, b) => bitsOf(b) - bitsOf(a)),
    }))
    .sort((a, b) => b.quants.length - a.quants.length || (a.id < b.id ? -1 : 1));
}

function baseOf(name: string): string {
  const stem = stemOf(name);
  return stem.replace(LABEL, "") || stem;
}

function stemOf(name: string): string {
  return name.replace(/\.gguf$/i, "").replace(/:latest$/, "");
}

function bitsOf({ tag, model }: QuantGroup["quants"][number]): number {
  return model.bitsPerWeight ?? quantRank(tag)?.bitsPerWeight ?? 0;
}
