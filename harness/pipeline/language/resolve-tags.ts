import { HarnessError } from "../../domain/errors.ts";
import type { ModelConfig, TagQuantConfig } from "../../domain/generated/config-v1.ts";
import type { PlannedTag } from "../../domain/generated/plan-v1.ts";
import type { LanguageRuntime, ModelIdentity, ModelRef } from "../../domain/language-runtime.ts";
import { quantRank } from "../../domain/quant-ranks.ts";

/** Full precision, where neither weights nor label say what they take. */
const UNKNOWN_RANK = 32;

/** What a quant of a model stands for: `ref` as the adapter takes it, the rest as the plan records it. */
export interface ResolvedTag {
  readonly ref: ModelRef;
  readonly tag: PlannedTag;
  readonly sha256: string | undefined;
  readonly rank: number;
}

/**
 * Asks the provider, or the file, what a quant of a model is. A quant's own tag or file wins, then the model's map, then its template.
 * CONFIG_INVALID for a quant that stands for nothing, or whose weights cannot be verified though they must be.
 */
export async function resolveTag(
  runtime: LanguageRuntime,
  given: { readonly model: ModelConfig; readonly quant: TagQuantConfig },
  options: {
    readonly resolvePath: (path: string) => string;
    readonly allowUnverified: boolean;
    readonly signal: AbortSignal;
  },
): Promise<ResolvedTag> {
  const { model, quant } = given;
  const path = quant.gguf ?? model.files?.[quant.id] ?? fill(model.gguf, model.id, quant.id) ?? null;
  const name = quant.tag ?? model.tags?.[quant.id] ?? fill(model.template, model.id, quant.id);
  if (name === undefined && path === null) {
    throw new HarnessError("CONFIG_INVALID", `The quant ${quant.id} of ${model.id} stands for no model`, {
      hint: 'Give the model a "template" or "gguf" with {quant}, or the quant a "tag" or "gguf".',
    });
  }
  const ref = {
    name: name ?? `${model.id}/${quant.id}`,
    ...(path === null ? {} : { path: options.resolvePath(path) }),
  };
  const identity = await runtime.identify(ref, { signal: options.signal });
  refuseUnverifiable(identity, quant, options.allowUnverified);
  return {
    ref,
    tag: {
      name: ref.name,
      path,
      quantization: identity.quantization ?? null,
      bits_per_weight: identity.bitsPerWeight ?? null,
      bytes: identity.bytes ?? null,
    },
    sha256: identity.digest,
    rank: identity.bitsPerWeight ?? quantRank(quant.id)?.bitsPerWeight ?? UNKNOWN_RANK,
  };
}

/** Why a quant's weights are not what its tag says, as a sentence; undefined where nothing contradicts it. */
export function labelProblem(quantTag: string, identity: Pick<ModelIdentity, "quantization">): string | undefined {
  const claimed = quantRank(quantTag)?.tag;
  const found = identity.quantization === undefined ? undefined : quantRank(identity.quantization)?.tag;
  if (claimed === undefined || found === undefined || claimed === found) return undefined;
  return `the provider says that its weights are ${found}, and the quant is called ${quantTag}`;
}

function refuseUnverifiable({ digest }: ModelIdentity, quant: TagQuantConfig, allowUnverified: boolean): void {
  if (digest === undefined && !allowUnverified) {
    throw new HarnessError(
      "CONFIG_INVALID",
      `The provider gives no digest of ${quant.id}, so nothing proves what ran`,
      {
        hint: 'Set "allow_unverified": true in "language" to run it all the same; its row will say so.',
      },
    );
  }
  if (quant.sha256 !== undefined && quant.sha256 !== digest) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `The weights of ${quant.id} are not the declared ones`, {
      hint: `Their SHA-256 is ${digest ?? "not known"}.`,
    });
  }
}

function fill(template: string | undefined, model: string, quant: string): string | undefined {
  if (template === undefined) return undefined;
  const values: Readonly<Record<string, string>> = {
    model,
    quant,
    quant_lower: quant.toLowerCase(),
    quant_ollama: ollamaSpelling(quant),
  };
  return template.replaceAll(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
}

/** Ollama writes q4_K_M, q8_0 and fp16. */
function ollamaSpelling(quant: string): string {
  const upper = quant.toUpperCase();
  if (upper === "F16" || upper === "FP16") return "fp16";
  return /^I?Q\d/.test(upper) ? upper.replace(/^I?Q/, (start) => start.toLowerCase()) : quant;
}
